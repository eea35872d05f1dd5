"""A local directory as the store. Rename, fsync and a lock give the guarantees that S3 gives."""

import errno
import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from etl.errors import StateConflict, StoreError
from etl.store import Entry, Head, Stored, Upload, content_type, valid_key, valid_prefix
from etl.store.files import pieces, save, sync, write_durably

UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.tmp")
NO_SUCH_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
NEXT_STEP = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space, or set OUTPUT_DIR elsewhere"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it writable or set OUTPUT_DIR"),
    **dict.fromkeys(
        (errno.ENOTDIR, errno.EEXIST, errno.EISDIR),
        "another file or folder is in its place: move it away",
    ),
}


class DirectoryStore:
    """A directory, created by the first write; the etag is the SHA-256 of the bytes.

    Names that begin with a dot are the store's own (its lock, unfinished files) and never listed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)

    def read(self, key: str) -> Stored | None:
        with self._open(key) as file:
            body = file.read() if file else None
        return None if body is None else Stored(body, hashlib.sha256(body).hexdigest())

    def download(self, key: str, path: Path) -> bool:
        with self._open(key) as file:
            if file:
                save(pieces(file), path)
            return file is not None

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        with upload.open() as source:
            return self._put(upload.key, source, if_match, if_none_match)

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        with self._open(source) as file:
            if file is None:
                raise StoreError(f"{self.root / source} does not exist, so it can't be copied")
            self._put(target, file)

    def head(self, key: str) -> Head | None:
        with self._open(key) as file:
            if file is None:
                return None
            digest, found = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno())
        return Head(key, found.st_size, modified(found), digest, digest, content_type(key), None)

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        parent, _, begins = valid_prefix(prefix).rpartition("/")
        start, keys = self._path(parent), []
        with self._explained(prefix):
            for folder, folders, names in os.walk(start, onerror=_unless_missing):
                if Path(folder) == start:  # the walk goes into those that are left here
                    folders[:] = [name for name in folders if name.startswith(begins)]
                keys += [(Path(folder) / name).relative_to(self.root).as_posix() for name in names]
        for key in sorted(key for key in keys if key.startswith(prefix)):
            yield from filter(None, [self._entry(key)])  # None: hidden, or deleted in the meantime

    def folders(self, prefix: str) -> Iterator[str]:
        start = self._path(valid_prefix(prefix))
        with self._explained(prefix), suppress(*NO_SUCH_FILE), os.scandir(start) as found:
            # a link may lead back, or out of the directory
            real = (one for one in found if one.is_dir(follow_symlinks=False))
            yield from (one.name for one in real if not _hidden(one.name))

    def delete(self, key: str) -> None:
        path = self._visible(key)
        with self._explained(key):
            if path.is_file():
                with self._locked(fcntl.LOCK_SH):
                    path.unlink(missing_ok=True)

    def delete_all(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.delete(key)

    def signer(self) -> None:
        return None

    def keeps_conditions(self) -> bool:
        return True

    def unfinished(self) -> Iterator[Entry]:
        for path in self.root.rglob(".*.tmp"):
            with suppress(FileNotFoundError):  # it was finished in the meantime
                found = path.lstat()
                if stat.S_ISREG(found.st_mode) and UNFINISHED.fullmatch(path.name):
                    key = path.relative_to(self.root).as_posix()
                    yield Entry(key, found.st_size, modified(found))

    def discard(self, entry: Entry) -> None:
        path = self.root / entry.key
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise StoreError(f"can't delete {path}: {exc.strerror}; do it by hand") from exc

    def remove_empty(self, folder: str) -> None:
        for path, _, _ in os.walk(self.root / folder, topdown=False):
            with suppress(OSError):  # not empty
                Path(path).rmdir()

    def _entry(self, key: str) -> Entry | None:
        with self._explained(key):
            try:
                found = (self.root / key).stat()
            except OSError as exc:
                if exc.errno in (errno.ENOENT, errno.ELOOP):
                    return None
                raise
            if stat.S_ISREG(found.st_mode) and not _hidden(key):
                return Entry(key, found.st_size, modified(found))
        return None

    def _put(
        self, key: str, source: BinaryIO, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        path = self._visible(key)
        conditional = if_match is not None or if_none_match
        with self._explained(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{uuid4().hex}.tmp")
            try:
                digest = write_durably(source, unfinished)
                with self._locked(fcntl.LOCK_EX if conditional else fcntl.LOCK_SH):
                    found = self.head(key) if conditional else None
                    if conditional and (found.etag if found else None) != if_match:
                        raise StateConflict(f"{path} was changed by another process; read it again")
                    os.replace(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
            sync(path.parent)
        return digest

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        # The kernel drops the lock when the file is closed or the process is killed, so nothing
        # stays locked. Plain writes share it, so that none comes between a check and its rename.
        with (self.root / ".lock").open("ab") as lock:
            fcntl.flock(lock, kind)
            yield

    @contextmanager
    def _open(self, key: str) -> Iterator[BufferedReader | None]:
        path, file = self._path(valid_key(key)), None
        with self._explained(key), ExitStack() as stack:
            with suppress(*NO_SUCH_FILE):
                file = None if _hidden(key) else stack.enter_context(_opened(path))
                if file and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    file = None
            yield file

    def _path(self, key: str) -> Path:
        with self._explained(key):
            if self.root.exists() and not self.root.is_dir():
                raise StoreError(f"{self.root} is not a directory; move it away, or set OUTPUT_DIR")
        return self.root / key

    def _visible(self, key: str) -> Path:
        if _hidden(valid_key(key)):
            raise ValueError(f"key {key!r} has a name that begins with a dot")
        return self._path(key)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            advice = NEXT_STEP.get(exc.errno or 0, "check that path, or set OUTPUT_DIR")
            raise StoreError(f"{self.root / key}: {exc.strerror or exc}; {advice}") from exc


def _opened(path: Path) -> BufferedReader:
    """Open a file to read; a FIFO too, without waiting for its writer."""
    return open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")


def _hidden(key: str) -> bool:
    return any(segment.startswith(".") for segment in key.split("/"))


def modified(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)


def _unless_missing(exc: OSError) -> None:
    if not isinstance(exc, NO_SUCH_FILE):
        raise exc
