"""What several test modules share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import s3_server
from sns_server import Sns, sns_server


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


@pytest.fixture(scope="session")
def real_s3() -> str:
    """The URL of a real S3 server that knows the tests' credentials."""
    url = os.environ.get("TEST_S3_ENDPOINT")
    if not url:
        pytest.skip(
            "SKIPPED: no real S3 server is here; "
            "export TEST_S3_ENDPOINT=$(tools/s3-server start) and test again"
        )
    return url


@pytest.fixture(scope="session")
def sns_for_all() -> Iterator[Sns]:
    with sns_server() as sns:
        yield sns


@pytest.fixture
def sns(sns_for_all: Sns, monkeypatch: pytest.MonkeyPatch) -> Sns:
    """SNS, SQS, STS and S3, empty but for the topic `news` and the bucket `news`."""
    sns_for_all.begin(monkeypatch)
    return sns_for_all


@pytest.fixture(scope="module", params=["moto", "real"])
def s3_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an S3 server: moto's, then a real one where there is one."""
    if request.param == "real":
        yield request.getfixturevalue("real_s3")
    else:
        with s3_server() as url:
            yield url
