"""Stores for the tests of this room: in memory, a directory, a folder of a bucket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.s3_kinds import KINDS, OtherServer
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


@pytest.fixture(scope="module")
def ceph_bucket(real_ceph: str) -> Iterator[S3Store]:
    with new_bucket(real_ceph) as store:
        yield store


@pytest.fixture(scope="module")
def versioned_ceph_bucket(real_ceph: str) -> Iterator[S3Store]:
    with new_bucket(real_ceph) as store:
        store.client.put_bucket_versioning(
            Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        yield store


@pytest.fixture(scope="module")
def bucket_of_kind() -> Iterator[Callable[[str], S3Store]]:
    """Make a bucket on a server with one manner of `s3_kinds.KINDS`."""
    with ExitStack() as held:
        url = held.enter_context(s3_server())

        @cache
        def make(kind: str) -> S3Store:
            server = held.enter_context(OtherServer(url, kind))
            return held.enter_context(new_bucket(server.url))

        yield make


@pytest.fixture
def ceph(ceph_bucket: S3Store) -> S3Store:
    return new_folder(ceph_bucket)


@pytest.fixture
def versioned_ceph(versioned_ceph_bucket: S3Store) -> S3Store:
    return new_folder(versioned_ceph_bucket)


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "published")


KEEPING = ["memory", "directory", "s3", "real", "ceph"]
OTHERS = ["versioned_ceph", "wants no quotes", "ignores", "refuses", "weak ETags", "bare ETags"]
OTHERS += ["no copy"]


@pytest.fixture(params=KEEPING)
def keeping(request: pytest.FixtureRequest) -> Store:
    """Return a store that keeps conditions."""
    return made(request)


@pytest.fixture(params=KEEPING + OTHERS)
def store(request: pytest.FixtureRequest) -> Store:
    return made(request)


def made(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param in KINDS:
        return new_folder(request.getfixturevalue("bucket_of_kind")(request.param))
    store: Store = request.getfixturevalue(request.param)
    return store
