"""One object to a file of this machine or to standard output, whole and right or not at all."""

import shutil
import sys
import tempfile
from pathlib import Path

from etl.errors import StoreError
from etl.store import Head, Store
from etl.store.files import sha256_of

TRIES = 3


def fetch(store: Store, key: str, path: Path, *, replace: bool) -> Head:
    """Download to a path. Raises StoreError; then what was there is as it was."""
    if not replace and path.exists():
        raise StoreError(f"{path} exists already; choose another name, or say --force")
    try:
        with tempfile.TemporaryDirectory(prefix=".get-", dir=path.parent) as folder:
            part = Path(folder) / "object"
            head = _download(store, key, part)
            part.replace(path)
    except OSError as exc:
        raise StoreError(f"can't write {path}: {exc.strerror}; choose another place") from exc
    return head


def fetch_to_stdout(store: Store, key: str) -> None:
    """Its bytes on standard output, once they are all here and right. Raises StoreError."""
    with tempfile.TemporaryDirectory(prefix="cloud-etl-") as folder:
        part = Path(folder) / "object"
        _download(store, key, part)
        with part.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def require(store: Store, key: str) -> Head:
    """Raises StoreError where there is no such object."""
    head = store.head(key)
    if head is None:
        raise StoreError(f"{store.address}/{key} does not exist; python app.py ls shows what does")
    return head


def sha256_at(store: Store, key: str) -> str | None:
    """Of an object's bytes as they are now; None where there is none. Raises StoreError."""
    with tempfile.TemporaryDirectory(prefix="cloud-etl-") as folder:
        part = Path(folder) / "object"
        return sha256_of(part) if store.download(key, part) else None


def _download(store: Store, key: str, part: Path) -> Head:
    """Against the digest that the store keeps, where it keeps one."""
    head = require(store, key)
    for _ in range(TRIES):
        if not store.download(key, part):
            break
        digest = sha256_of(part)
        if head.sha256 in (None, digest):
            return head
        before, head = head, require(store, key)
        if head.etag == before.etag:
            raise StoreError(
                f"{store.address}/{key} is damaged: its SHA-256 is {digest}, not {head.sha256}; "
                "python app.py doctor says what else is"
            )
    # a new version came while the old one was on its way
    raise StoreError(f"{store.address}/{key} is being written at this moment; try again")
