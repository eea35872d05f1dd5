"""Stores for the tests of this room: in memory, a directory, a folder of a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.s3_server import s3_server
from tests.support.stores import new_bucket, new_folder


@pytest.fixture(scope="module")
def moto_bucket() -> Iterator[S3Store]:
    with s3_server() as url, new_bucket(url) as store:
        yield store


@pytest.fixture(scope="module")
def real_bucket(real_s3: str) -> Iterator[S3Store]:
    with new_bucket(real_s3) as store:
        yield store


@pytest.fixture
def s3(moto_bucket: S3Store) -> S3Store:
    return new_folder(moto_bucket)


@pytest.fixture
def real(real_bucket: S3Store) -> S3Store:
    return new_folder(real_bucket)


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "published")


@pytest.fixture(params=["memory", "directory", "s3", "real"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    made: Store = request.getfixturevalue(request.param)
    return made
