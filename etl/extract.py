"""URL or path -> a plain file on this machine.

The body goes to disk piece by piece and is never held in memory. A gzip inside (a `.gz` file, or a
server that sends one) is unpacked on the way.
"""

import hashlib
import random
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from etl.errors import SourceChanged, SourceUnavailable

TRIES = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
DOWNLOAD_LIMIT_S = 900.0
PIECE = 1 << 18
USER_AGENT = "cloud-etl/0.1 (a daily data worker)"


@dataclass(frozen=True)
class Validators:
    """What a server gave to recognise a version of a document by."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A document as received, unpacked, on disk. `sha256` and `size` are of these bytes."""

    path: Path
    url: str
    size: int
    sha256: str
    validators: Validators = Validators()


class _TryAgain(Exception):
    def __init__(self, why: str, pause_s: float | None = None) -> None:
        super().__init__(why)
        self.pause_s = pause_s


def fetch(
    url: str,
    to: Path,
    *,
    max_bytes: int,
    known: Validators | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched | None:
    """Bring a URL or a path to the file `to`; None if it is what `known` describes (HTTP 304).

    Raises SourceUnavailable (no answer, an error status, a broken transfer, after five tries) and
    SourceChanged (more than `max_bytes` once unpacked, or a gzip that can't be unpacked).
    """
    if "://" not in url:
        return _save(_read_path(Path(url)), to, url, max_bytes)
    if not url.lower().startswith(("http://", "https://")):
        raise SourceUnavailable(f"{shown(url)}: only http://, https:// and paths can be read")
    with requests.Session() as session:
        for attempt in range(1, TRIES + 1):
            try:
                return _get(url, to, max_bytes, session, known)
            except _TryAgain as exc:
                pause_s = _pause(attempt, exc.pause_s)
                if attempt == TRIES or pause_s > LONGEST_PAUSE_S:
                    why = f"{shown(url)}: {exc}, at try {attempt}"
                    raise SourceUnavailable(why) from exc.__cause__
                sleep(pause_s)
    raise AssertionError("unreachable")


def shown(url: str) -> str:
    """A URL without what may be secret in it: user, password, query."""
    if "://" not in url:
        return url
    scheme, rest = url.split("://", 1)
    rest = rest.split("?", 1)[0].split("#", 1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _pause(attempt: int, asked_s: float | None) -> float:
    """1, 2, 4, 8 s with jitter, or what the server asked for (Retry-After) if that is longer."""
    own = FIRST_PAUSE_S * (1 << (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311  jitter
    return max(own, asked_s or 0)


def _get(
    url: str, to: Path, max_bytes: int, session: requests.Session, known: Validators | None
) -> Fetched | None:
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    try:
        with session.get(
            url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        ) as response:
            _refuse_status(response, url)
            if response.status_code == 304:
                return None
            validators = Validators(
                response.headers.get("ETag"), response.headers.get("Last-Modified")
            )
            return _save(_body(response), to, url, max_bytes, validators)
    except (requests.ConnectionError, requests.Timeout) as exc:
        raise _TryAgain(_reason(exc)) from exc
    except requests.RequestException as exc:
        raise SourceUnavailable(f"{shown(url)}: {_reason(exc)}") from exc


def _refuse_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        raise _TryAgain(f"HTTP status {status}", _retry_after(response.headers.get("Retry-After")))
    if status not in (200, 304):
        step = "; is SOURCE_URL or COUNTRIES_URL right?" if status in (404, 410) else ""
        raise SourceUnavailable(f"{shown(url)}: HTTP status {status}{step}")


def _retry_after(value: str | None) -> float | None:
    """Seconds, from either of the header's two forms; None if there is none that is readable."""
    if not value:
        return None
    with suppress(ValueError):
        if value.isdigit():
            return float(value)
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    return None


def _body(response: requests.Response) -> Iterator[bytes]:
    """The body's pieces. urllib3 itself notices one that ends before its Content-Length."""
    deadline = time.monotonic() + DOWNLOAD_LIMIT_S
    try:
        for piece in response.raw.stream(PIECE, decode_content=True):
            if time.monotonic() > deadline:
                raise _TryAgain(f"not finished after {DOWNLOAD_LIMIT_S:.0f} s")
            yield piece
    except (HTTPError, OSError) as exc:
        raise _TryAgain(f"the transfer broke off ({_reason(exc)})") from exc


def _reason(exc: BaseException) -> str:
    """One short cause, without the addresses and object names that libraries wrap around it."""
    if isinstance(exc, requests.Timeout):
        return "no answer in time"
    inner: BaseException = exc
    while inner.args and isinstance(inner.args[0], BaseException):
        inner = inner.args[0]
    inner = getattr(inner, "reason", None) or inner
    return (str(inner).rpartition(": ")[2] or type(exc).__name__)[:200]


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
    max_bytes: int,
    validators: Validators = Validators(),
) -> Fetched:
    digest = hashlib.sha256()
    size = 0
    with to.open("wb") as file:
        for piece in _unpacked(pieces, url):
            size += len(piece)
            if size > max_bytes:
                limit = f"{max_bytes / 1e6:g} MB"
                raise SourceChanged(f"{shown(url)}: larger than MAX_SOURCE_MB allows ({limit})")
            digest.update(piece)
            file.write(piece)
    return Fetched(to, url, size, digest.hexdigest(), validators)


def _unpacked(pieces: Iterator[bytes], url: str) -> Iterator[bytes]:
    """The same pieces; a gzip is recognised by its first two bytes and unpacked in small steps."""
    first = next(pieces, b"")
    if not first.startswith(b"\x1f\x8b"):
        yield first
        yield from pieces
        return
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in chain([first], pieces):
            rest = piece
            while rest:
                if unpacker.eof:  # a gzip may hold several members, one after the other
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(rest, PIECE)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error as exc:
        raise SourceChanged(f"{shown(url)}: a gzip that can't be unpacked ({exc})") from exc
    if not unpacker.eof:
        raise SourceUnavailable(f"{shown(url)}: a gzip that ends too early")
