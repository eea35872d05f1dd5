"""An S3 server with AWS's rules, for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.aws_like import AwsLike
from tests.support.doctor import new_bucket
from tests.support.s3_server import use


@pytest.fixture
def aws(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsLike]:
    with AwsLike(moto_s3) as aws:
        use(monkeypatch, aws.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_s3)
        yield aws


@pytest.fixture(params=["memory", "directory", "moto", "real"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "directory":
        return DirectoryStore(tmp_path / "out")
    if request.param == "real":
        use(monkeypatch, request.getfixturevalue("real_s3"))
    else:
        request.getfixturevalue("aws")
    return new_bucket()
