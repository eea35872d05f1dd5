"""What several test modules share."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def real_data() -> Path:
    """The folder of real inputs, which carry no licence and are in no repository."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CLOUD_ETL_REAL_DATA", beside))
    if not (folder / "countries-2020-09-07.json.gz").exists():
        pytest.skip(
            "SKIPPED: the real inputs are not here (CLOUD_ETL_REAL_DATA names their folder)"
        )
    return folder
