"""Fetching, over a real wire on loopback: what is whole arrives, and nothing else does."""

import gc
import gzip
import hashlib
import resource
import signal
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from etl.errors import EtlError, SourceChanged, SourceUnavailable
from etl.extract import fetch as extract
from etl.extract import http
from etl.extract.answer import Validators, shown
from etl.extract.fetch import Fetched, Limits, fetch, fetch_if_changed
from tests.support.web_server import (
    Reply,
    Request,
    WebServer,
    gzip_bomb,
    gzipped,
    unused_port,
    web_server,
)

BODY = b'[{"country": {"key": "spain", "name": "Espa\xc3\xb1a"}, "dates": {}}]' * 20_000
PACKED = gzip.compress(BODY, mtime=0)
MB = 10**6


class Fetching:
    """Calls fetch; the pauses between tries are written down, not slept."""

    def __init__(self, folder: Path) -> None:
        self.to = folder / "work" / "stats.json"
        self.to.parent.mkdir()
        self.pauses: list[float] = []

    def if_changed(self, url: str | Path, known: Validators) -> Fetched | None:
        sleep = self.pauses.append
        return fetch_if_changed(str(url), self.to, Limits(10 * MB), known, sleep=sleep)

    def __call__(
        self, url: str | Path, *, max_bytes: int = 10 * MB, timeout_s: float = 60
    ) -> Fetched:
        sleep = self.pauses.append
        return fetch(str(url), self.to, Limits(max_bytes, timeout_s), sleep=sleep)

    def fails(self, error: type[EtlError], url: str | Path, **limits: Any) -> str:
        """The message of a failure, which leaves nothing behind."""
        with pytest.raises(error) as caught:
            self(url, **limits)
        assert list(self.to.parent.iterdir()) == []
        return str(caught.value)


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path)


@pytest.fixture(scope="module")
def running() -> Iterator[WebServer]:
    with pytest.MonkeyPatch.context() as patch, web_server() as web:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield web


@pytest.fixture
def web(running: WebServer) -> WebServer:
    running.requests.clear()
    return running


def assert_whole(fetched: Fetched, body: bytes = BODY) -> None:
    assert fetched.path.read_bytes() == body
    assert (fetched.size, fetched.sha256) == (len(body), hashlib.sha256(body).hexdigest())


# ---- the ways a document can come


@pytest.mark.parametrize(
    "packed",
    [BODY, PACKED, gzip.compress(BODY[:999]) + gzip.compress(BODY[999:])],
    ids=["plain", "gzip", "gzip of two members"],
)
def test_a_path_is_read_and_unpacked(fetching: Fetching, tmp_path: Path, packed: bytes) -> None:
    source = tmp_path / "stats.json.gz"
    source.write_bytes(packed)
    assert_whole(fetching(source))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(BODY),
        Reply(BODY, chunk=7_000),
        Reply(BODY, length=-1),
        Reply(PACKED),
        Reply(PACKED, chunk=1),
        Reply(gzip.compress(BODY[:999]) + gzip.compress(BODY[999:])),
        gzipped(BODY),
        Reply(PACKED, headers={"Content-Encoding": "gzip"}, chunk=100),
        gzipped(PACKED),
        Reply(BODY, headers={"Content-Encoding": "gzip"}),
    ],
    ids=[
        "plain",
        "chunked",
        "until the connection ends",
        "a .gz file",
        "a .gz file in chunks of a byte",
        "a .gz file of two members",
        "Content-Encoding",
        "Content-Encoding, chunked",
        "a .gz file packed once more by the server",
        "said to be packed, and isn't",
    ],
)
def test_a_url_is_read_and_unpacked(fetching: Fetching, web: WebServer, reply: Reply) -> None:
    assert_whole(fetching(web.on("/stats.json", reply)))
    assert fetching.pauses == []


def test_an_empty_body_is_an_empty_file(fetching: Fetching, web: WebServer) -> None:
    assert_whole(fetching(web.on("/empty", Reply())), b"")


def test_a_validator_that_is_too_long_for_the_history_is_not_kept(
    web: WebServer, tmp_path: Path
) -> None:
    headers = {"ETag": f'"{"e" * 60_000}"', "Last-Modified": "x" * 1000}
    fetched = fetch(web.on("/long", Reply(BODY, headers=headers)), tmp_path / "a", Limits(10 * MB))
    assert fetched.validators == Validators()


def test_redirects_are_followed(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/old", Reply(status=302, headers={"Location": "/new"}))
    web.on("/new", Reply(BODY, headers={"ETag": '"new"'}))
    fetched = fetching(url)
    assert_whole(fetched)
    assert (fetched.url, fetched.validators.etag) == (url, '"new"')


def test_the_server_is_told_who_asks_and_that_gzip_is_welcome(
    fetching: Fetching, web: WebServer
) -> None:
    fetching(web.on("/stats.json", Reply(BODY)))
    asked = web.requests[0].headers
    assert asked["User-Agent"].startswith("cloud-etl/")
    assert asked["Accept-Encoding"] == "gzip"
    assert asked["If-None-Match"] is asked["If-Modified-Since"] is None


# ---- the version that is known already


LAST_MODIFIED = "Tue, 16 Feb 2021 05:00:00 GMT"


def unless_known(request: Request) -> Reply:
    if request.headers["If-None-Match"] == 'W/"7"':
        return Reply(status=304, length=-1)
    return Reply(BODY, headers={"ETag": 'W/"7"', "Last-Modified": LAST_MODIFIED})


def test_what_is_known_is_not_fetched_again(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/stats.json", unless_known)
    fetched = fetching(url)
    assert fetched.validators == Validators('W/"7"', LAST_MODIFIED)
    fetched.path.unlink()
    assert fetching.if_changed(url, fetched.validators) is None
    assert web.requests[-1].headers["If-Modified-Since"] == LAST_MODIFIED
    assert not fetching.to.exists()
    assert fetching.if_changed(url, Validators(etag='"6"')) is not None


def test_a_last_modified_alone_is_sent_too(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/stats.json", Reply(status=304, length=-1))
    assert fetching.if_changed(url, Validators(last_modified=LAST_MODIFIED)) is None
    assert web.requests[0].headers["If-Modified-Since"] == LAST_MODIFIED


def test_a_304_that_nobody_asked_for_is_no_document(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/stats.json", Reply(status=304, length=-1))
    assert fetching.fails(SourceUnavailable, url) == f"{url}: HTTP status 304"


# ---- failures that no other try would mend


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (404, "; is SOURCE_URL or COUNTRIES_URL right?"),
        (410, "; is SOURCE_URL or COUNTRIES_URL right?"),
        (401, ""),
        (403, ""),
        (204, ""),
        (206, ""),
    ],
)
def test_a_status_that_will_stay_is_not_tried_again(
    fetching: Fetching, web: WebServer, status: int, step: str
) -> None:
    url = web.on("/stats.json", Reply(b"<html>no</html>", status, length=-1))
    assert fetching.fails(SourceUnavailable, url) == f"{url}: HTTP status {status}{step}"
    assert (len(web.requests), fetching.pauses) == (1, [])


def test_a_content_length_that_contradicts_itself_is_named(
    fetching: Fetching, web: WebServer
) -> None:
    url = web.on("/stats.json", Reply(b"[]", length=-1, headers={"Content-Length": "3, 4"}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # urllib3 forgets this answer's socket
        message = fetching.fails(SourceUnavailable, url)
        gc.collect()
    assert message == f"{url}: Content-Length contained multiple unmatching values (3, 4)"


def test_redirects_without_end_are_given_up(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/round", Reply(status=302, headers={"Location": "/round"}))
    assert "it redirects more than 5 times" in fetching.fails(SourceUnavailable, url)
    assert fetching.pauses == []


def test_other_schemes_are_refused(fetching: Fetching) -> None:
    message = fetching.fails(SourceUnavailable, "ftp://user:hush@example.org/stats.json?hush")
    assert message == "ftp://example.org/stats.json: only http://, https:// and paths can be read"


def test_a_path_that_is_not_there_is_named(fetching: Fetching, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    message = fetching.fails(SourceUnavailable, missing)
    assert message == f"{missing}: No such file or directory"
    assert fetching.fails(SourceUnavailable, tmp_path) == f"{tmp_path}: Is a directory"


# ---- failures that another try may mend


def assert_growing(pauses: list[float]) -> None:
    """Pauses of 1, 2, 4, 8 s, each with up to half of it taken off."""
    assert len(pauses) == extract.TRIES - 1
    for n, pause_s in enumerate(pauses):
        assert 2**n / 2 <= pause_s <= 2**n


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_five_times_with_growing_pauses(
    fetching: Fetching, web: WebServer, status: int
) -> None:
    url = web.on("/stats.json", Reply(b"later", status))
    message = fetching.fails(SourceUnavailable, url)
    assert message == f"{url}: HTTP status {status}, after 5 tries"
    assert len(web.requests) == 5
    assert_growing(fetching.pauses)


def test_a_connection_refused_is_tried_five_times(fetching: Fetching) -> None:
    url = f"http://127.0.0.1:{unused_port()}/stats.json"
    message = fetching.fails(SourceUnavailable, url)
    assert message == f"{url}: [Errno 111] Connection refused, after 5 tries"
    assert_growing(fetching.pauses)


BROKEN = {
    "shorter than its Content-Length": (
        Reply(BODY, cut=5_000),
        "the transfer was interrupted "
        f"(IncompleteRead(5000 bytes read, {len(BODY) - 5000} more expected",
    ),
    "a chunked body that is cut": (
        Reply(BODY, chunk=1_000, cut=5_000),
        "the transfer was interrupted (IncompleteRead(",
    ),
    "a packed body that is cut": (
        Reply(PACKED, headers={"Content-Encoding": "gzip"}, cut=len(PACKED) // 2),
        "the transfer was interrupted (IncompleteRead(",
    ),
    "a packed body of unknown length that is cut": (
        Reply(PACKED, headers={"Content-Encoding": "gzip"}, length=-1, cut=len(PACKED) // 2),
        "a gzip that ends too early",
    ),
    "a .gz file of unknown length that is cut": (
        Reply(PACKED, length=-1, cut=len(PACKED) - 1),
        "a gzip that ends too early",
    ),
    "a reset before any answer": (Reply(reset=True), "[Errno 104] Connection reset by peer"),
    "a reset in the middle": (
        Reply(BODY, cut=100, reset=True),
        "the transfer was interrupted (",
    ),
    "closed without an answer": (
        Reply(raw=b""),
        "Remote end closed connection without response",
    ),
    "no HTTP at all": (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "SSH-2.0-OpenSSH_9.2"),
    "silence": (Reply(hold=True), "no answer in time"),
    "silence in the middle": (
        Reply(BODY, cut=100, hold=True),
        "the transfer was interrupted (Read timed out.)",
    ),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_transfer_is_tried_again_until_it_is_whole_or_five_have_failed(
    fetching: Fetching,
    web: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    broken: Reply,
    why: str,
) -> None:
    if broken.hold:
        monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.2)
    url = web.on("/stats.json", broken)
    message = fetching.fails(SourceUnavailable, url)
    assert message.startswith(f"{url}: {why}")
    assert message.endswith(", after 5 tries")
    assert_growing(fetching.pauses)
    web.on("/stats.json", broken, Reply(BODY))
    assert_whole(fetching(url))


# ---- Retry-After


def in_seconds(seconds: int) -> str:
    """A date of HTTP's form, without its zone."""
    when = datetime.now(UTC) + timedelta(seconds=seconds)
    return format_datetime(when, usegmt=True).removesuffix(" GMT")


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("30", 30, 30),
        ("{soon} GMT", 20, 50),
        ("{soon} -0000", 20, 50),
        ("{soon}", 20, 50),
        ("0", 0.5, 1),
        ("Tue, 16 Feb 2021 05:00:00 GMT", 0.5, 1),
        ("soon", 0.5, 1),
        ("-3", 0.5, 1),
        ("²", 0.5, 1),
        ("", 0.5, 1),
    ],
    ids=[
        "seconds",
        "a date",
        "a date whose zone is not known",
        "a date without a zone",
        "no seconds",
        "a date gone by",
        "no number",
        "a negative number",
        "no digit of ASCII",
        "nothing",
    ],
)
def test_a_retry_after_is_honoured_where_it_is_longer(
    fetching: Fetching, web: WebServer, value: str, least: float, most: float
) -> None:
    busy = Reply(status=503, headers={"Retry-After": value.format(soon=in_seconds(50))})
    assert_whole(fetching(web.on("/stats.json", busy, Reply(BODY))))
    (pause_s,) = fetching.pauses
    assert least <= pause_s <= most


@pytest.mark.parametrize("value", ["61", "3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_beyond_the_limit_gives_up_at_once(
    fetching: Fetching, web: WebServer, value: str
) -> None:
    url = web.on("/stats.json", Reply(status=429, headers={"Retry-After": value}))
    message = fetching.fails(SourceUnavailable, url)
    assert message.startswith(f"{url}: HTTP status 429 (Retry-After: ")
    assert message.endswith(" s), after 1 try")
    assert (len(web.requests), fetching.pauses) == (1, [])


# ---- limits


def test_a_server_that_sends_a_byte_now_and_then_meets_the_time_limit(
    fetching: Fetching, web: WebServer
) -> None:
    url = web.on("/stats.json", Reply(BODY, drip_s=0.01))
    started = time.monotonic()
    message = fetching.fails(SourceUnavailable, url, timeout_s=0.2)
    assert message == f"{url}: not finished in time, after 1 try"
    assert time.monotonic() - started < 5
    assert fetching.pauses == []


def test_the_time_limit_holds_for_all_tries_together(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/stats.json", Reply(status=503, headers={"Retry-After": "2"}))
    assert "after 1 try" in fetching.fails(SourceUnavailable, url, timeout_s=1.5)


def test_a_document_of_exactly_the_limit_is_taken_and_a_byte_more_is_not(
    fetching: Fetching, web: WebServer
) -> None:
    url = web.on("/stats.json", gzipped(BODY))
    assert_whole(fetching(url, max_bytes=len(BODY)))
    fetching.to.unlink()
    message = fetching.fails(SourceChanged, url, max_bytes=len(BODY) - 1)
    limit = f"{(len(BODY) - 1) / 1e6:g} MB"
    assert message == f"{url}: larger than MAX_SOURCE_MB allows ({limit})"
    assert fetching.pauses == []


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip_bomb(1000 << 20)


@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}], ids=["file", "encoding"])
def test_a_gzip_bomb_is_stopped_soon_and_in_little_memory(
    fetching: Fetching, web: WebServer, bomb: bytes, encoding: dict[str, str]
) -> None:
    assert len(bomb) < 2 * MB
    url = web.on("/stats.json", Reply(bomb, headers=encoding))
    tracemalloc.start()
    try:
        started = time.monotonic()
        message = fetching.fails(SourceChanged, url, max_bytes=100 * MB)
        assert time.monotonic() - started < 5
        assert tracemalloc.get_traced_memory()[1] < 10 * MB
    finally:
        tracemalloc.stop()
    assert message == f"{url}: larger than MAX_SOURCE_MB allows (100 MB)"


def test_a_bomb_inside_a_bomb_is_stopped_too(
    fetching: Fetching, web: WebServer, bomb: bytes
) -> None:
    url = web.on("/stats.json", gzipped(gzip.compress(bomb)))
    assert fetching(url).size == len(bomb)  # two layers are unpacked, of a server and of a file
    fetching.to.unlink()
    url = web.on("/stats.json", gzipped(bomb))
    assert "larger than" in fetching.fails(SourceChanged, url)


def test_a_large_document_is_never_held_in_memory(fetching: Fetching, web: WebServer) -> None:
    url = web.on("/stats.json", Reply(gzip_bomb(200 << 20)))
    tracemalloc.start()
    try:
        assert fetching(url, max_bytes=300 * MB).size == 200 << 20
        assert tracemalloc.get_traced_memory()[1] < 10 * MB
    finally:
        tracemalloc.stop()


# ---- gzips that are none


@pytest.mark.parametrize(
    "damaged",
    [
        PACKED[:100] + bytes([PACKED[100] ^ 255]) + PACKED[101:],
        PACKED[:-8] + bytes(8),
        PACKED + b"garbage",
        b"\x1f\x8bno gzip at all",
    ],
    ids=["a byte flipped", "a wrong check sum", "garbage behind it", "two bytes of it"],
)
@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}], ids=["file", "encoding"])
def test_a_gzip_that_cannot_be_unpacked_is_not_tried_again(
    fetching: Fetching, web: WebServer, damaged: bytes, encoding: dict[str, str]
) -> None:
    url = web.on("/stats.json", Reply(damaged, headers=encoding))
    message = fetching.fails(SourceChanged, url)
    assert message.startswith(f"{url}: a gzip that can't be unpacked (Error -3 while decompressing")
    assert len(web.requests) == 1


def test_a_gzip_on_disk_that_ends_too_early_is_noticed(fetching: Fetching, tmp_path: Path) -> None:
    source = tmp_path / "stats.json.gz"
    source.write_bytes(PACKED[:-1])
    message = fetching.fails(SourceUnavailable, source)
    assert message == f"{source}: a gzip that ends too early"


# ---- what was there before


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(BODY, cut=99), SourceUnavailable),
        (Reply(gzip_bomb(20 << 20)), SourceChanged),
        (Reply(PACKED[:-8] + bytes(8)), SourceChanged),
    ],
    ids=["cut", "too large", "damaged"],
)
def test_a_failure_leaves_the_file_of_before_alone(
    fetching: Fetching, web: WebServer, reply: Reply, error: type[EtlError]
) -> None:
    fetching.to.write_bytes(b"of before")
    with pytest.raises(error):
        fetching(web.on("/stats.json", reply))
    assert [path.name for path in fetching.to.parent.iterdir()] == ["stats.json"]
    assert fetching.to.read_bytes() == b"of before"


# ---- secrets


def to_elsewhere(location: str) -> Callable[[WebServer], Reply]:
    return lambda web: Reply(status=302, headers={"Location": location.format(url=web.url)})


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(status=500),
        Reply(BODY, cut=9),
        Reply(gzip_bomb(20 << 20)),
        Reply(b"\x1f\x8bnone"),
        Reply(reset=True),
        to_elsewhere("{url}/missing?token=hush"),
        to_elsewhere("ftp://user:hush@127.0.0.1/?token=hush"),
        to_elsewhere("http://user:hush@[bad/?token=hush"),
        to_elsewhere(f"http://user:hush@127.0.0.1:{unused_port()}/?token=hush"),
        to_elsewhere("http://" + "a" * 64 + "/?token=hush"),
    ],
)
def test_no_message_tells_a_secret_of_the_url(
    fetching: Fetching, web: WebServer, reply: Reply | Callable[[WebServer], Reply]
) -> None:
    url = web.on("/stats.json", reply if isinstance(reply, Reply) else reply(web))
    secret = url.replace("http://", "http://user:hush@") + "?token=hush#hush"
    message = fetching.fails(EtlError, secret)
    assert message.startswith(f"{url}: ")
    assert "hush" not in message
    assert "user" not in message


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hush@127.0.0.1:port/x?token=hush",
        "http://user:hush@127.0.0.1:99999/x?token=hush",
        "http://user:hush@[bad/x?token=hush",
        "http://user:pass/hush@127.0.0.1/x",
        "http://user:pass?hush@127.0.0.1/x",
        "http://user:pass#hush@127.0.0.1/x",
        "http://user:hush€@127.0.0.1/x",
        "http://:hush@/x",
        "http://a..b/x?token=hush",
        "http://\0/x?token=hush",
        f"http://user:hush@{'a' * 64}/x?token=hush",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_telling_its_secret(
    fetching: Fetching, url: str
) -> None:
    message = fetching.fails(SourceUnavailable, url)
    assert "can't be used" in message
    assert "hush" not in message
    assert fetching.pauses == []


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("https://example.org/a/stats.json", "https://example.org/a/stats.json"),
        ("https://u:p@example.org:8443/a?token=t#f", "https://example.org:8443/a"),
        ("https://u:p@ss@example.org", "https://example.org"),
        ("https://example.org?token=t/x", "https://example.org"),
        ("https://example.org/@user/x", "https://example.org/@user/x"),
        ("http://u:p@[::1]:80/x", "http://[::1]:80/x"),
        ("https://u:half/of@example.org/x", "https://..."),
        ("a/path/stats.json.gz", "a/path/stats.json.gz"),
    ],
)
def test_a_url_is_shown_without_user_password_and_query(url: str, without: str) -> None:
    assert shown(url) == without


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(b"[]" * 100_000)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(EtlError, match="free some space on this machine"):
            fetch(str(source), tmp_path / "to", Limits(10**9))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not (tmp_path / "to").exists()
