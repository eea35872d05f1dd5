"""URL or path -> an unpacked file on this machine.

The body is written to disk piece by piece and is never in memory as a whole. A gzip (a `.gz` file,
or one that the server sends) is unpacked on the way.
"""

import hashlib
import random
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from etl.errors import MachineError, SourceChanged, SourceUnavailable, lacks_room
from etl.extract.answer import (
    NONE_GIVEN,
    NotModified,
    Received,
    TryAgain,
    Validators,
    shown,
    unheard,
)
from etl.extract.gunzip import unpacked

TRIES = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
TIMEOUT_S = 600.0  # unless FETCH_TIMEOUT_MINUTES is set
PIECE = 1 << 18


class Limits(Struct, frozen=True):
    """The limits of a download: `max_bytes` unpacked, and `timeout_s` for all tries together.

    `sets` says what sets the first, for the message.
    """

    max_bytes: int
    timeout_s: float = TIMEOUT_S
    sets: str = "MAX_SOURCE_MB allows"


class Fetched(Struct, frozen=True):
    """A fetched document, unpacked, on disk. `sha256` and `size` are of the unpacked bytes.

    `kept_as` is its key in raw/ if it was archived before. Unless its end was `announced`, by a
    length, chunks or a gzip, the transfer may have been cut.
    """

    path: Path
    url: str
    size: int
    sha256: str
    validators: Validators = NONE_GIVEN
    kept_as: str | None = None
    announced: bool = True


def fetch(
    url: str,
    to: Path,
    limits: Limits,
    *,
    sleep: Callable[[float], None] = time.sleep,
    received: Received = unheard,
) -> Fetched:
    """Copy a URL or a path to the file `to`, which exists only when the document is complete.

    Raises SourceUnavailable (no answer, an error status or a broken transfer, after TRIES tries or
    `timeout_s`), SourceChanged (larger than `max_bytes` when unpacked, or a gzip that can't be
    unpacked), and MachineError if the disk is full.
    """
    return _fetch(url, to, limits, NONE_GIVEN, sleep, received)


def fetch_if_changed(
    url: str,
    to: Path,
    limits: Limits,
    known: Validators,
    *,
    sleep: Callable[[float], None] = time.sleep,
    received: Received = unheard,
) -> Fetched | None:
    """Like `fetch`, but return None if the server's document is the one that `known` describes."""
    try:
        return _fetch(url, to, limits, known, sleep, received)
    except NotModified:
        return None


def _fetch(
    url: str,
    to: Path,
    limits: Limits,
    known: Validators,
    sleep: Callable[[float], None],
    received: Received,
) -> Fetched:
    if "://" not in url:
        try:
            return _save(_read_path(Path(url)), to, url, limits)
        except EOFError as exc:
            raise SourceUnavailable(f"{url}: {exc}") from exc
    if not url.lower().startswith(("http://", "https://")):
        raise SourceUnavailable(f"{shown(url)}: only http://, https:// and paths can be read")
    import requests  # an archive's documents are files, for which this is not needed

    from etl.extract.http import get

    deadline = time.monotonic() + limits.timeout_s
    with requests.Session() as session:
        attempt = 1
        while True:
            try:
                with get(url, session, deadline, known, received) as answer:
                    saved = _save(answer.pieces, to, url, limits, answer.validators)
                    return replace(saved, announced=answer.announced)
            except TryAgain as exc:
                pause_s = _pause(attempt, exc.pause_s)
                too_late = pause_s > LONGEST_PAUSE_S or time.monotonic() + pause_s > deadline
                if attempt == TRIES or too_late:
                    why = (
                        f"{shown(url)}: {exc}, after {attempt} {'try' if attempt == 1 else 'tries'}"
                    )
                    raise SourceUnavailable(why) from exc.__cause__
                sleep(pause_s)
                attempt += 1


def _pause(attempt: int, asked_s: float | None) -> float:
    """Return 1, 2, 4, 8 s with jitter, or the server's Retry-After if that is longer."""
    own = FIRST_PAUSE_S * (1 << (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311  jitter
    return max(own, asked_s or 0)


def _read_path(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as exc:
        raise SourceUnavailable(f"{path}: {exc.strerror}") from exc


def _save(
    pieces: Iterator[bytes],
    to: Path,
    url: str,
    limits: Limits,
    validators: Validators = NONE_GIVEN,
) -> Fetched:
    digest = hashlib.sha256()
    size = 0
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            for piece in unpacked(pieces):
                size += len(piece)
                if size > limits.max_bytes:
                    most = f"{limits.sets} ({limits.max_bytes / 1e6:g} MB)"
                    raise SourceChanged(f"{shown(url)}: larger than {most}")
                digest.update(piece)
                file.write(piece)
        part.replace(to)
    except zlib.error as exc:
        raise SourceChanged(f"{shown(url)}: a gzip that can't be unpacked ({exc})") from exc
    except OSError as exc:
        why = lacks_room(exc)
        if not why:
            raise
        raise MachineError(why if exc.filename else f"{part}: {why}") from exc
    finally:
        part.unlink(missing_ok=True)
    return Fetched(to, url, size, digest.hexdigest(), validators)
