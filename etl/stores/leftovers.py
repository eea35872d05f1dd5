"""What lies about in a directory store: files of writers that were killed, and empty folders."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from etl.errors import StoreError
from etl.stores import Entry
from etl.stores.directory import DirectoryStore, modified

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.tmp")


def unfinished(store: DirectoryStore) -> Iterator[Entry]:
    """What a writer has not finished yet, or never will."""
    for path in store.root.rglob(".*.tmp"):
        with suppress(FileNotFoundError):  # finished since
            found = path.stat()
            if _UNFINISHED.fullmatch(path.name):
                key = path.relative_to(store.root).as_posix()
                yield Entry(key, found.st_size, modified(found))


def delete(store: DirectoryStore, key: str) -> None:
    """Raises StoreError."""
    try:
        (store.root / key).unlink(missing_ok=True)
    except OSError as exc:
        raise StoreError(f"can't delete {store.root / key}: {exc.strerror}; do it by hand") from exc


def remove_empty(store: DirectoryStore, folder: str) -> None:
    """A folder and those in it, where no file is left; nobody may be writing there."""
    for path, _, _ in os.walk(store.root / folder, topdown=False):
        with suppress(OSError):  # not empty
            Path(path).rmdir()
