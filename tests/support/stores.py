"""Stores for tests: a filled one, and one that fails or calls a hook at any change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from etl.store import Entry, Head, Store, Stored, Upload
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from etl.store.signing import Signer
from tests.support.s3_server import use


class Broken(Exception):
    """Raised where the process is supposed to die."""


class Wrapped:
    """A store that calls `at(n, operation, key)` before its n-th change, `after` after it."""

    def __init__(
        self,
        store: Store,
        before: Callable[[int, str, str], None] = lambda n, operation, key: None,
        after: Callable[[int, str, str], None] = lambda n, operation, key: None,
    ) -> None:
        self._store, self._before, self._after = store, before, after
        self.address = store.address
        self.changes = 0

    def _do(self, operation: str, key: str, change: Callable[[], Any]) -> Any:
        self.changes += 1
        n = self.changes
        self._before(n, operation, key)
        result = change()
        self._after(n, operation, key)
        return result

    def read(self, key: str) -> Stored | None:
        return self._store.read(key)

    def download(self, key: str, path: Path) -> bool:
        return self._store.download(key, path)

    def head(self, key: str) -> Head | None:
        return self._store.head(key)

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        return self._store.list(prefix, in_order=in_order)

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        def change() -> str:
            return self._store.write(upload, if_match=if_match, if_none_match=if_none_match)

        etag: str = self._do("write", upload.key, change)
        return etag

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        def change() -> None:
            self._store.copy(source, target, cache_control=cache_control, sha256=sha256)

        self._do("copy", target, change)

    def signer(self) -> Signer | None:
        return self._store.signer()

    def keeps_conditions(self) -> bool:
        return self._store.keeps_conditions()

    def unfinished(self) -> Iterator[Entry]:
        return self._store.unfinished()

    def discard(self, entry: Entry) -> None:
        self._do("discard", entry.key, lambda: self._store.discard(entry))

    def remove_empty(self, folder: str) -> None:
        self._store.remove_empty(folder)

    def folders(self, prefix: str) -> Iterator[str]:
        return self._store.folders(prefix)

    def delete_all(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.delete(key)

    def delete(self, key: str) -> None:
        self._do("delete", key, lambda: self._store.delete(key))


def store_with(objects: Mapping[str, bytes]) -> MemoryStore:
    store = MemoryStore()
    for key, body in objects.items():
        store.write(Upload(key, body))
    return store


def once(operation: str, key: str, do: Callable[[], object]) -> Callable[[int, str, str], None]:
    """Return a hook that calls `do` at the first such operation on this key."""
    done: list[bool] = []

    def hooked(n: int, met_operation: str, met_key: str) -> None:
        if (met_operation, met_key) == (operation, key) and not done:
            done.append(True)
            do()

    return hooked


@contextmanager
def new_bucket(url: str) -> Iterator[S3Store]:
    with pytest.MonkeyPatch.context() as patch:
        use(patch, url)
        store = S3Store.connect(f"contract-{uuid4().hex}")
        store.client.create_bucket(Bucket=store.bucket)
        yield store
        store.client.close()


def new_folder(bucket: S3Store) -> S3Store:
    return S3Store(bucket.client, bucket.bucket, f"folder-{uuid4().hex}")


def keys(store: Store, prefix: str = "") -> list[str]:
    return [entry.key for entry in store.list(prefix)]


def body(store: Store, key: str) -> bytes:
    stored = store.read(key)
    assert stored is not None
    return stored.body
