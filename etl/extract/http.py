"""One HTTP GET: a body in pieces, or the reason why there is none.

Every network failure becomes TryAgain if another try may succeed, else SourceUnavailable.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from requests.exceptions import InvalidHeader
from urllib3.exceptions import HTTPError

from etl.errors import SourceUnavailable
from etl.extract.gunzip import unpacked

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
PIECE = 1 << 18
USER_AGENT = "cloud-etl/0.1 (a daily data worker)"

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:]*)(:\d*)?")


@dataclass(frozen=True)
class Validators:
    """The response headers that identify a version of a document."""

    etag: str | None = None
    last_modified: str | None = None


NONE_GIVEN = Validators()


@dataclass(frozen=True)
class Answer:
    """A response: its body in pieces, with the Content-Encoding undone, and its validators."""

    pieces: Iterator[bytes]
    validators: Validators


class NotModified(Exception):
    """The document is still the one that the validators describe (HTTP 304)."""


class TryAgain(Exception):
    """Another try may succeed. `pause_s` is how long the server asked to wait (Retry-After)."""

    def __init__(self, why: str, pause_s: float | None = None) -> None:
        super().__init__(why)
        self.pause_s = pause_s


@contextmanager
def get(
    url: str, session: requests.Session, deadline: float, known: Validators = NONE_GIVEN
) -> Iterator[Answer]:
    """Open a URL.

    Raises NotModified if the document is the one that `known` describes; TryAgain;
    SourceUnavailable. `deadline`, on time.monotonic's clock, is for the whole body: a server that
    sends a byte now and then never exceeds the time-outs, which are for each read.
    """
    validators = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    conditions = {name: value for name, value in validators.items() if value}
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **conditions}
    timeouts = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    try:
        with session.get(url, headers=headers, stream=True, timeout=timeouts) as response:
            if conditions and response.status_code == 304:
                raise NotModified
            _refuse_status(response, url)
            given = response.headers
            yield Answer(
                _body(response, deadline), Validators(given.get("ETag"), given.get("Last-Modified"))
            )
    except EOFError as exc:
        raise TryAgain(str(exc)) from exc
    except (requests.ConnectionError, requests.Timeout) as exc:
        raise TryAgain(_reason(exc)) from exc
    except (requests.RequestException, HTTPError, ValueError) as exc:
        raise SourceUnavailable(f"{shown(url)}: {_reason(exc)}") from exc


def shown(url: str) -> str:
    """Return a URL without the parts that may be secret: user, password, query."""
    if "://" not in url:
        return url
    scheme, rest = url.split("://", 1)
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    host = host.rpartition("@")[2]
    # if this is no host and port, an unescaped / or ? in a password has split it
    return f"{scheme}://{host}{slash}{path}" if _HOST.fullmatch(host) else f"{scheme}://..."


def _refuse_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        pause_s = _retry_after(response.headers.get("Retry-After"))
        asked = "" if pause_s is None else f" (Retry-After: {pause_s:.0f} s)"
        raise TryAgain(f"HTTP status {status}{asked}", pause_s)
    if status != 200:
        step = "; is SOURCE_URL or COUNTRIES_URL right?" if status in (404, 410) else ""
        raise SourceUnavailable(f"{shown(url)}: HTTP status {status}{step}")


def _retry_after(value: str | None) -> float | None:
    """Return the seconds from a Retry-After, a number or a date; None if it is not readable."""
    if not value:
        return None
    with suppress(ValueError, OverflowError):
        if value.isdigit():
            return float(value)
        when = parsedate_to_datetime(value)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max((when - datetime.now(UTC)).total_seconds(), 0)
    return None


def _body(response: requests.Response, deadline: float) -> Iterator[bytes]:
    pieces = _pieces(response, deadline)
    encoding = response.headers.get("Content-Encoding", "").lower()
    # urllib3 would accept a gzip that ends too early
    return unpacked(pieces) if "gzip" in encoding else pieces


def _pieces(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """Yield the body as sent. urllib3 raises if it ends before its Content-Length."""
    try:
        while piece := response.raw.read1(PIECE, decode_content=False):
            if time.monotonic() > deadline:
                raise TryAgain("not finished in time")
            yield piece
    except (HTTPError, OSError) as exc:
        raise TryAgain(f"the transfer broke off ({_reason(exc)})") from exc


def _reason(exc: BaseException) -> str:
    """Return the innermost cause, without the addresses and URLs that libraries add to it."""
    if isinstance(exc, requests.Timeout):
        return "no answer in time"
    # these messages quote the URL, which may contain a secret
    if isinstance(exc, ValueError) and not isinstance(exc, InvalidHeader):
        return "this, or where it redirects to, is no URL that can be used"
    inner = exc
    while nested := _nested(inner):
        inner = nested
    return (str(inner).rpartition(": ")[2] or type(inner).__name__)[:200]


def _nested(exc: BaseException) -> BaseException | None:
    wrapped = (getattr(exc, "reason", None), *exc.args)
    return next((inner for inner in wrapped if isinstance(inner, BaseException)), None)
