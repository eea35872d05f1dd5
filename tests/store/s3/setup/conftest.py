"""Buckets on a server, for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from etl.cli import main
from tests.support.aws_like import AwsLike
from tests.support.buckets import SetUp
from tests.support.s3_server import use


@pytest.fixture
def aws(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsLike]:
    with AwsLike(moto_s3) as aws:
        use(monkeypatch, aws.url)
        yield aws


@pytest.fixture(params=["moto", "real"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an S3 server with AWS's rules, then of a real one."""
    if request.param == "moto":
        aws: AwsLike = request.getfixturevalue("aws")
        return aws.url
    url: str = request.getfixturevalue("real_s3")
    use(monkeypatch, url)
    return url


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The name of a bucket that is not there yet, set as S3_BUCKET."""
    monkeypatch.chdir(tmp_path)
    name = f"setup-{uuid4().hex}"
    monkeypatch.setenv("S3_BUCKET", name)
    return name


@pytest.fixture
def set_up(capfd: pytest.CaptureFixture[str], as_before: None) -> SetUp:
    """Run `setup` and give what it said."""

    def call(*options: str, status: int = 0) -> str:
        assert main.main(["setup", *options]) == status
        return "".join(capfd.readouterr())

    return call
