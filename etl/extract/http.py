"""One HTTP GET: a body in pieces, or the reason why there is none.

Every network failure becomes TryAgain if another try may succeed, else SourceUnavailable.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidHeader, InvalidProxyURL
from requests.utils import get_environ_proxies
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import BaseHTTPResponse

from etl.errors import SourceUnavailable, one_line
from etl.extract.answer import (
    NONE_GIVEN,
    Answer,
    NotModified,
    Received,
    TryAgain,
    Validators,
    shown,
    unheard,
)
from etl.extract.gunzip import unpacked
from etl.extract.hops import Refused, following, short

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
PIECE = 1 << 18
LATE = "not finished in time"
PASSING = (408, 425, 429)  # the request came too slowly, too early, too often
USER_AGENT = "cloud-etl/0.1 (a daily data worker)"

GZIP = frozenset({"gzip", "x-gzip"})
# IANA's other codings that change the bytes. Any other name, such as aws-chunked, is an accident.
CODINGS = frozenset({"br", "compress", "x-compress", "dcb", "dcz", "deflate", "exi", "zstd"})


@contextmanager
def get(
    url: str,
    session: requests.Session,
    deadline: float,
    known: Validators = NONE_GIVEN,
    received: Received = unheard,
) -> Iterator[Answer]:
    """Open a URL.

    Raises NotModified if the document is the one that `known` describes; TryAgain;
    SourceUnavailable. `deadline` (time.monotonic's) is for redirects, headers and body together: a
    byte now and then never exceeds the time-outs, which are for each read.
    """
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    conditions = {name: value for name, value in asked.items() if value}
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **conditions}
    try:
        with _opened(session, url, deadline, headers) as response:
            if conditions and response.status_code == 304:
                raise NotModified
            _refuse_status(response, url)
            given = response.headers
            validators = Validators(short(given, "ETag"), short(given, "Last-Modified"))
            yield Answer(_body(response, deadline, received), validators, _announced(given))
    except Refused as exc:
        raise SourceUnavailable(f"{shown(url)}: {exc}") from exc
    except EOFError as exc:
        raise TryAgain(str(exc)) from exc
    except requests.exceptions.ProxyError as exc:
        raise TryAgain(f"the proxy can't be used ({_reason(exc)}){_proxy_step(url)}") from exc
    except (requests.ConnectionError, requests.Timeout) as exc:
        if time.monotonic() > deadline:
            raise TryAgain(LATE) from exc
        raise TryAgain(f"{_reason(exc)}{_proxy_step(url)}") from exc
    except (requests.RequestException, HTTPError, ValueError) as exc:
        raise SourceUnavailable(f"{shown(url)}: {_reason(exc)}{_proxy_step(url)}") from exc


@contextmanager
def _opened(
    session: requests.Session, url: str, deadline: float, headers: Mapping[str, str]
) -> Iterator[requests.Response]:
    """Send the request. Beside its own errors, requests raises OSError for a CA bundle."""
    options = {"headers": headers, "timeout": (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)}
    with ExitStack() as stack:
        try:
            response = stack.enter_context(following(session, url, deadline, options))
        except TypeError as exc:  # a proxy with a password and no host
            raise InvalidProxyURL(str(exc)) from exc
        except requests.RequestException:
            raise
        except OSError as exc:
            step = "check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE"
            raise SourceUnavailable(f"{shown(url)}: {one_line(str(exc), 200)}; {step}") from exc
        yield response


def _proxy_step(url: str) -> str:
    """Return what to check, if the request goes through a proxy that the environment names."""
    try:
        proxied = bool(get_environ_proxies(url, no_proxy=None))
    except ValueError:  # the URL itself can't be used
        return ""
    return f"; check {urlsplit(url).scheme.upper()}_PROXY or ALL_PROXY" if proxied else ""


def _refuse_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status in PASSING or status >= 500:
        pause_s = _retry_after(response.headers.get("Retry-After"))
        asked = "" if pause_s is None else f" (Retry-After: {pause_s:.0f} s)"
        raise TryAgain(f"HTTP status {status}{asked}", pause_s)
    if status != 200:
        step = "; is SOURCE_URL or COUNTRIES_URL right?" if status in (404, 410) else ""
        if status == 407:
            step = f"; the proxy requires a user and a password{_proxy_step(url)}"
        raise SourceUnavailable(f"{shown(url)}: HTTP status {status}{step}")


def _announced(headers: Mapping[str, str]) -> bool:
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    gzipped = "gzip" in headers.get("Content-Encoding", "").lower()
    return chunked or gzipped or "Content-Length" in headers


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


def _body(response: requests.Response, deadline: float, received: Received) -> Iterator[bytes]:
    """Return the body in pieces, with each Content-Encoding undone. Raises SourceUnavailable."""
    named = response.headers.get("Content-Encoding", "").lower().split(",")
    encodings = {name.strip() for name in named} & (CODINGS | GZIP)
    if unknown := encodings - set(BaseHTTPResponse.CONTENT_DECODERS):
        raise SourceUnavailable(
            f"{shown(response.url)}: sent as Content-Encoding {', '.join(sorted(unknown))}, which "
            "was not asked for and can't be decoded here; find an address that sends it unencoded"
        )
    if encodings - GZIP:
        return _pieces(response, deadline, received, decode=True)
    pieces = _pieces(response, deadline, received)
    # urllib3 would accept a gzip that ends too early
    return unpacked(pieces) if encodings else pieces


def _pieces(
    response: requests.Response, deadline: float, received: Received, *, decode: bool = False
) -> Iterator[bytes]:
    """Yield the body as sent, or decoded. urllib3 raises if it ends before its Content-Length."""
    length = response.headers.get("Content-Length", "")
    size = int(length) if length.isdecimal() else None
    try:
        while True:
            piece = response.raw.read1(PIECE, decode_content=decode)
            if time.monotonic() > deadline:  # closes the connection, which looks like an end
                raise TryAgain(LATE)
            if not piece:
                break
            received(response.raw.tell(), size)
            yield piece
    except DecodeError as exc:
        raise SourceUnavailable(f"{shown(response.url)}: its Content-Encoding is wrong") from exc
    except (HTTPError, OSError) as exc:
        if time.monotonic() > deadline:
            raise TryAgain(LATE) from exc
        raise TryAgain(f"the transfer was interrupted ({_reason(exc)})") from exc


def _reason(exc: BaseException) -> str:
    """Return the innermost cause, without the addresses and URLs that libraries add to it."""
    if isinstance(exc, requests.Timeout):
        return "no answer in time"
    # these messages quote the URL, which may contain a secret
    if isinstance(exc, ValueError) and not isinstance(exc, InvalidHeader):
        return "this URL, or the one it redirects to, can't be used"
    inner = exc
    while nested := _nested(inner):
        inner = nested
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message}); check REQUESTS_CA_BUNDLE"
    if isinstance(inner, ssl.SSLError):
        return f"no TLS connection ({inner.reason}); is it http instead of https?"
    return one_line(str(inner).rpartition(": ")[2], 200) or type(inner).__name__


def _nested(exc: BaseException) -> BaseException | None:
    wrapped = (getattr(exc, "reason", None), *exc.args)
    return next((inner for inner in wrapped if isinstance(inner, BaseException)), None)
