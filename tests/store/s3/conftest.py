"""S3 on the wire, for the tests of this room."""

from collections.abc import Iterator

import pytest
from botocore.config import Config

from etl.store.s3.store import S3Store
from tests.support.s3_server import (
    answering,
    s3_error,
    s3_server,
    use,
)
from tests.support.scripted_s3 import ONE_TRY, Connect, Scripted


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Make a store the way the worker does, but without second tries."""
    stores = []

    def make(endpoint: str | None, config: Config = ONE_TRY) -> S3Store:
        use(monkeypatch, endpoint)
        stores.append(S3Store.connect("bucket", "covid", config))
        return stores[-1]

    yield make
    for store in stores:
        store.client.close()


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    with (
        pytest.MonkeyPatch.context() as patch,
        answering(lambda answer: made.reply(answer)) as endpoint,
    ):
        use(patch, endpoint)
        store = S3Store.connect("bucket", "covid", ONE_TRY)
        made = Scripted(store, s3_error(500, "InternalError"))
        yield made
        made.store.client.close()
