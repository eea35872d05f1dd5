"""What the tests of this room share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.archive.cluster import open_engine
from etl.archive.engine import Engine


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Engine]:
    pytest.importorskip("distributed", reason="SKIPPED: pip install -r requirements/scale.txt")
    with open_engine(None, 2) as found:
        yield found


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Return an empty folder for versions to import."""
    folder = tmp_path / "versions"
    folder.mkdir()
    return folder
