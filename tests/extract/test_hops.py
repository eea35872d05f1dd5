"""Redirects and headers of a download: how many, where to, how long."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.errors import SourceUnavailable
from etl.extract import hops
from etl.extract.fetch import Limits, fetch
from etl.extract.hops import is_private
from tests.support.web_server import Reply, WebServer, web_server

Get = Callable[[str], bytes]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    with web_server() as server:
        yield server


@pytest.fixture
def get(tmp_path: Path) -> Get:
    """Fetch a URL within a second."""

    def fetched(url: str) -> bytes:
        to = tmp_path / "to"
        fetch(url, to, Limits(10**6, timeout_s=1), sleep=lambda seconds: None)
        return to.read_bytes()

    return fetched


def to(target: str, **over: object) -> Reply:
    return Reply(status=302, headers={"Location": target}, **over)  # type: ignore[arg-type]


def chain(web: WebServer, hops: int) -> str:
    """Return the first of so many redirects, the last of which leads to the document."""
    web.on("/0", Reply(b"[]"))
    for n in range(1, hops + 1):
        web.on(f"/{n}", to(f"/{n - 1}"))
    return f"{web.url}/{hops}"


def test_five_redirects_are_followed_and_no_sixth(web: WebServer, get: Get) -> None:
    assert get(chain(web, 5)) == b"[]"
    with pytest.raises(SourceUnavailable, match="more than 5 times"):
        get(chain(web, 6))


@pytest.mark.parametrize(
    "body",
    [Reply(b"x", status=302, hold=True, cut=0, length=10**9), Reply(b"x" * 1000, drip_s=0.1)],
    ids=["endless", "slow"],
)
def test_the_body_of_a_redirect_is_not_read(web: WebServer, get: Get, body: Reply) -> None:
    url = web.on("/from", Reply(**{**vars(body), "status": 302, "headers": {"Location": "/to"}}))
    web.on("/to", Reply(b"[]"))
    began = time.monotonic()
    assert get(url) == b"[]"
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "x:y"])
def test_a_redirect_leads_to_http_only(web: WebServer, get: Get, target: str) -> None:
    with pytest.raises(SourceUnavailable, match="neither http nor https"):
        get(web.on("/from", to(target)))


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-A: a"])
def test_headers_that_do_not_end_meet_the_time_limit(
    web: WebServer, get: Get, start: bytes
) -> None:
    url = web.on("/slow", Reply(raw=start, hold=True))
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="not finished in time"):
        get(url)
    assert time.monotonic() - began < 3


def test_headers_have_a_limit(web: WebServer, get: Get) -> None:
    headers = {f"X-{n}": "a" * 8000 for n in range(9)}
    with pytest.raises(SourceUnavailable, match="headers are longer than 64 kB"):
        get(web.on("/many", Reply(b"[]", headers=headers)))


def test_a_redirect_from_a_public_to_a_private_address_is_refused(
    web: WebServer, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = web.on("/inside", Reply(b"secret"))
    url = web.on("/from", to(inside))
    assert get(url) == b"secret"  # the configured address is private itself
    web.requests.clear()
    judged = iter([False, True])  # as if the first hop were public
    monkeypatch.setattr(hops, "is_private", lambda address: next(judged))
    with pytest.raises(SourceUnavailable, match="redirects to a private address"):
        get(url)
    assert [request.path for request in web.requests] == ["/from"]  # nothing was sent inside


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),  # noqa: S104  no binding
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd00:ec2::254", True),
        ("::ffff:169.254.169.254", True),
        ("224.0.0.1", True),
        ("93.184.216.34", False),
        ("2606:4700::1111", False),
        ("::ffff:93.184.216.34", False),
    ],
)
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(address) == private
