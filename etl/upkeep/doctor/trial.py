"""Try each permission that the worker needs on a test object."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress

from etl.errors import EtlError, StateConflict, StoreError
from etl.store import REVALIDATE, Store, Upload
from etl.store.layout import TRIAL
from etl.upkeep.doctor.finding import Finding

BODY, OTHER = b"a test by: python app.py doctor\n", b"the test, written again\n"
NO_SUCH_ETAG = '"00000000000000000000000000000000"'
POLICY = "python app.py setup --policy prints the permissions that the worker needs"


def trial(store: Store) -> Iterator[Finding]:
    """Yield a finding for each operation: upload, read, list, copy, conditional write, delete.

    The test objects are removed in any case.
    """
    key = f"{TRIAL}{secrets.token_hex(8)}"
    tries: dict[str, Callable[[Store, str], None]] = {
        "upload": _upload,
        "read": _read,
        "list": _list,
        "copy": _copy,
        "write conditionally": _write_on_condition,
        "delete": _delete,
    }
    try:
        for name, attempt in tries.items():
            try:
                attempt(store, key)
            except StoreError as exc:
                yield Finding("failed", f"{name}: {exc}", POLICY)
                if name == "upload":
                    break  # the others would have nothing to work on
            else:
                yield Finding("ok", f"can {name} in {store.address}")
    finally:
        for made in (key, _twin(key)):
            with suppress(EtlError):
                store.delete(made)


def _upload(store: Store, key: str) -> None:
    store.write(Upload(key, BODY))


def _read(store: Store, key: str) -> None:
    _expect(store, key, BODY)


def _list(store: Store, key: str) -> None:
    if [head.key for head in store.list(key)] != [key]:
        raise StoreError(f"{store.address}/{key} was written, but is not listed")
    # without the permission to list, S3 answers 403 instead of 404 for a missing key
    if store.head(f"{key}-missing") is not None:
        raise StoreError(f"{store.address}/{key}-missing was never written, but exists")


def _copy(store: Store, key: str) -> None:
    store.copy(key, _twin(key), cache_control=REVALIDATE)
    _expect(store, _twin(key), BODY)


def _write_on_condition(store: Store, key: str) -> None:
    stored = store.read(key)
    try:
        store.write(Upload(key, OTHER), if_match=NO_SUCH_ETAG)
    except StateConflict:
        store.write(Upload(key, OTHER), if_match=stored.etag if stored else None)
        _expect(store, key, OTHER)
        return
    raise StoreError(f"{store.address}/{key} was overwritten in spite of the condition")


def _delete(store: Store, key: str) -> None:
    for made in (key, _twin(key)):
        store.delete(made)
        _expect(store, made, None)


def _expect(store: Store, key: str, body: bytes | None) -> None:
    stored = store.read(key)
    if (stored.body if stored else None) != body:
        raise StoreError(f"{store.address}/{key} is not what was just written")


def _twin(key: str) -> str:
    return f"{key}-copy"
