"""The folder of published files, as one small protocol: Store.

`memory.MemoryStore`, `directory.DirectoryStore` and `s3.store.S3Store` implement it;
tests/store/test_stores.py runs the same tests on all three. layout.py lists what the folder holds.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from etl.errors import StoreError
from etl.store.keys import content_type, valid_key, valid_prefix
from etl.store.signing import Signer

__all__ = [
    "FOR_EVER",
    "REVALIDATE",
    "Entry",
    "Head",
    "Store",
    "Stored",
    "Upload",
    "content_type",
    "valid_key",
    "valid_prefix",
]

FOR_EVER = "public, max-age=31536000, immutable"  # for objects that never change
REVALIDATE = "no-cache"  # for all others: browsers ask each time whether their copy is current


@dataclass(frozen=True)
class Upload:
    """One object to write. `key` is relative to the folder; a Path is streamed.

    `metadata`: a person's own names and values, which only S3 keeps. `digest`: the body's SHA-256,
    if it has been computed already.
    """

    key: str
    body: bytes | Path = field(repr=False)
    cache_control: str = REVALIDATE
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    digest: str = field(default="", compare=False)

    @property
    def content_type(self) -> str:
        return content_type(self.key)

    @cached_property
    def sha256(self) -> str:
        if self.digest:
            return self.digest
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def size(self) -> int:
        with self.open() as file:
            return file.seek(0, io.SEEK_END)

    def open(self) -> io.BytesIO | io.BufferedReader:
        """Open the body at its start; the caller closes it. Raises StoreError."""
        if isinstance(self.body, bytes):
            return io.BytesIO(self.body)
        try:
            return self.body.open("rb")
        except OSError as exc:
            raise StoreError(f"can't read {self.body} to store it: {exc.strerror}") from exc


@dataclass(frozen=True)
class Stored:
    """An object's bytes, and the etag that a conditional write takes."""

    body: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True)
class Entry:
    """What a listing says about an object; `modified` is aware and UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Head(Entry):
    """An object's metadata, without its bytes. None: the store does not keep that field.

    `metadata` is as in Upload.
    """

    etag: str
    sha256: str | None
    content_type: str
    cache_control: str | None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


class Store(Protocol):
    """A folder of objects. Every method raises ValueError for a bad key, StoreError if it fails."""

    address: str  # for people: "s3://bucket/folder", or the directory's path

    def read(self, key: str) -> Stored | None:
        """Read an object; None: there is no such object."""

    def download(self, key: str, path: Path) -> bool:
        """Stream an object into a local file. False: there is no such object, and no file."""

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Write the whole object or nothing, and return its etag.

        `if_match`: write only if the object still has that etag. `if_none_match`: write only if
        there is no such object. Raises StateConflict if the condition does not hold.
        """

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        """Copy within the store; the bytes do not pass through this machine.

        Passing the source's `sha256`, if it is known, saves a request.
        """

    def head(self, key: str) -> Head | None:
        """Describe an object; None: there is no such object."""

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        """List the objects whose keys begin with `prefix`, in ascending order.

        With `in_order=False` they are yielded as the server lists them, without waiting for all.
        """

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders directly in `prefix`, such as `runs/`, in any order.

        Nothing that lies in these folders is listed, so this is quick however much they hold.
        """

    def delete(self, key: str) -> None:
        """Delete an object; no error if there is none."""

    def delete_all(self, keys: Iterable[str]) -> None:
        """Delete objects, many with each request where the server can do that."""

    def signer(self) -> Signer | None:
        """Return the signer of links; None: the store has no server to sign them for."""

    def keeps_conditions(self) -> bool:
        """Say whether the server itself checks `if_match` and `if_none_match`."""

    def unfinished(self) -> Iterator[Entry]:
        """List files that are still being written, or whose writer was killed."""

    def discard(self, entry: Entry) -> None:
        """Remove an entry of `unfinished`."""

    def remove_empty(self, folder: str) -> None:
        """Remove a folder if it holds no object. Nobody may be writing into it meanwhile."""
