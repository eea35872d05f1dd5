"""Write local files whole or not at all, and compute their digests."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from etl.errors import StoreError

PIECE_BYTES = 1 << 20


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Read a file to its end, at most a megabyte at a time."""
    return iter(partial(file.read, PIECE_BYTES), b"")


def save(content: Iterable[bytes], path: Path) -> None:
    """Write a local file; if that fails, an older file stays unchanged. Raises StoreError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(content)
        os.replace(part, path)
    except BaseException as exc:
        with suppress(OSError):
            part.unlink()
        if isinstance(exc, OSError):
            raise StoreError(f"can't write {path}: {exc.strerror}; choose another place") from exc
        raise


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(source: BinaryIO, path: Path) -> str:
    """Write a new file, flush it to the disk, and return the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces(source):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def sync(folder: Path) -> None:
    """Flush a directory, so that new names in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
