"""A store in memory, for tests and dry runs."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from etl.errors import StateConflict, StoreError
from etl.store import Entry, Head, Stored, Upload, valid_key, valid_prefix
from etl.store.files import save


class MemoryStore:
    """Objects in a dictionary; one lock makes each call atomic, the etag is the SHA-256."""

    address = "memory"

    def __init__(self) -> None:
        self._objects: dict[str, tuple[Head, bytes]] = {}
        self._lock = Lock()

    def read(self, key: str) -> Stored | None:
        found = self._find(key)
        return Stored(found[1], found[0].etag) if found else None

    def download(self, key: str, path: Path) -> bool:
        if found := self._find(key):
            save([found[1]], path)
        return found is not None

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        key = valid_key(upload.key)
        with upload.open() as file:
            body = file.read()
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            found = self._objects.get(key)
            changed = if_match is not None and (found is None or found[0].etag != if_match)
            if changed or (if_none_match and found):
                raise StateConflict(f"{key} was changed by another process; read it again")
            head = Head(
                key,
                len(body),
                datetime.now(UTC),
                digest,
                digest,
                upload.content_type,
                upload.cache_control,
            )
            self._objects[key] = (head, body)
        return digest

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        valid_key(target)
        with self._lock:
            found = self._objects.get(valid_key(source))
            if found is None:
                raise StoreError(f"{source} does not exist, so it can't be copied to {target}")
            head, body = found
            now = datetime.now(UTC)
            copied = replace(head, key=target, modified=now, cache_control=cache_control)
            self._objects[target] = (copied, body)

    def head(self, key: str) -> Head | None:
        found = self._find(key)
        return found[0] if found else None

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        valid_prefix(prefix)
        with self._lock:
            heads = [head for key, (head, _) in self._objects.items() if key.startswith(prefix)]
        yield from sorted(heads, key=lambda head: head.key)

    def folders(self, prefix: str) -> Iterator[str]:
        rest = (entry.key.removeprefix(prefix) for entry in self.list(prefix))
        yield from dict.fromkeys(key.split("/")[0] for key in rest if "/" in key)

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(valid_key(key), None)

    def delete_all(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.delete(key)

    def signer(self) -> None:
        return None

    def keeps_conditions(self) -> bool:
        return True

    def unfinished(self) -> Iterator[Entry]:
        return iter(())

    def discard(self, entry: Entry) -> None:
        self.delete(entry.key)

    def remove_empty(self, folder: str) -> None:
        """Do nothing: there are no folders."""

    def _find(self, key: str) -> tuple[Head, bytes] | None:
        with self._lock:
            return self._objects.get(valid_key(key))
