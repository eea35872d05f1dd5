"""Where the published files live, behind one small protocol.

Three stores keep it: `memory.MemoryStore`, `directory.DirectoryStore` and `s3.S3Store`; one suite,
tests/store/test_stores.py, holds all three to the same promises.
"""

import hashlib
import io
from collections.abc import Iterator
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

FOR_EVER = "public, max-age=31536000, immutable"  # of what is never changed afterwards
REVALIDATE = "no-cache"  # of what is: a reader asks each time whether it still is the same


@dataclass(frozen=True)
class Upload:
    """One object to write; `key` is relative to the folder, a Path is streamed."""

    key: str
    body: bytes | Path = field(repr=False)
    cache_control: str = REVALIDATE

    @property
    def content_type(self) -> str:
        return content_type(self.key)

    @cached_property
    def sha256(self) -> str:
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def size(self) -> int:
        with self.open() as file:
            return file.seek(0, io.SEEK_END)

    def open(self) -> io.BytesIO | io.BufferedReader:
        """The body from its start; the caller closes it."""
        if isinstance(self.body, bytes):
            return io.BytesIO(self.body)
        try:
            return self.body.open("rb")
        except OSError as exc:
            raise StoreError(f"can't read {self.body} to store it: {exc.strerror}") from exc


@dataclass(frozen=True)
class Stored:
    """An object's bytes, and the etag that a conditional write names."""

    body: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True)
class Entry:
    """What a listing tells of an object; `modified` is aware and UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Head(Entry):
    """All that is known of an object without its bytes; None: the store does not keep it."""

    etag: str
    sha256: str | None
    content_type: str
    cache_control: str | None


class Store(Protocol):
    """A folder of objects. Every method raises ValueError for a bad key, StoreError on failure."""

    address: str  # for people: "s3://bucket/folder", or the directory's path

    def read(self, key: str) -> Stored | None:
        """None: there is no such object."""

    def download(self, key: str, path: Path) -> bool:
        """Stream an object to a local file. False: no such object, and no file is made."""

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Write the whole object or nothing, and return its etag.

        `if_match` wants the object to have that etag still, `if_none_match` wants none to be there;
        StateConflict is raised, and nothing written, where it is otherwise.
        """

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        """Copy within the store, without a way through this machine; `sha256` saves a look-up."""

    def head(self, key: str) -> Head | None:
        """None: there is no such object."""

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        """Every object whose key starts so, ascending.

        With `in_order=False` they come as they are found, however many there are, none waiting for
        the last one.
        """

    def delete(self, key: str) -> None:
        """No error where there is no such object."""

    def signer(self) -> Signer | None:
        """None: no server is there for which a link could be signed."""

    def keeps_conditions(self) -> bool:
        """Say whether `if_match` and `if_none_match` hold whoever else is writing."""

    def unfinished(self) -> Iterator[Entry]:
        """What writers have not finished yet, or never will; `list` does not show it."""

    def discard(self, entry: Entry) -> None:
        """Remove what `unfinished` gave."""

    def remove_empty(self, folder: str) -> None:
        """Remove a folder in which no object is left; nobody may be writing there."""
