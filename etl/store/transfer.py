"""Fetch an object to a file or to standard output, verified by its SHA-256."""

import shutil
import sys
import tempfile
from pathlib import Path

from etl.errors import StoreError
from etl.store import Head, Store
from etl.store.files import sha256_of
from etl.worker.scratch import scratch

TRIES = 3


def fetch(store: Store, key: str, path: Path, *, replace: bool) -> Head:
    """Download an object to a path. Raises StoreError, and leaves an existing file unchanged."""
    if not replace and path.exists():
        raise StoreError(f"{path} already exists; choose another name, or use --force")
    try:
        with tempfile.TemporaryDirectory(prefix=".get-", dir=path.parent) as folder:
            part = Path(folder) / "object"
            head = _download(store, key, part)
            part.replace(path)
    except OSError as exc:
        raise StoreError(f"can't write {path}: {exc.strerror}; choose another place") from exc
    return head


def fetch_to_stdout(store: Store, key: str) -> None:
    """Write an object to standard output after it was verified as a whole. Raises StoreError."""
    with scratch() as folder:
        part = Path(folder) / "object"
        _download(store, key, part)
        with part.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def require(store: Store, key: str) -> Head:
    """Describe an object. Raises StoreError if there is none."""
    head = store.head(key)
    if head is None:
        folder = f"{key}/"
        if next(iter(store.list(folder)), None):
            what = f"is a folder; its objects: python app.py ls {folder}"
        else:
            what = "does not exist; those that do: python app.py ls"
        raise StoreError(f"{store.address}/{key} {what}")
    return head


def sha256_at(store: Store, key: str) -> str | None:
    """Return an object's SHA-256, by a download; None: no such object. Raises StoreError."""
    with scratch() as folder:
        part = Path(folder) / "object"
        return sha256_of(part) if store.download(key, part) else None


def _download(store: Store, key: str, part: Path) -> Head:
    """Download, and compare with the store's digest, if it keeps one."""
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
                "python app.py doctor checks all files"
            )
    # each try failed because a new version was written during the download
    raise StoreError(f"{store.address}/{key} is being written at this moment; try again")
