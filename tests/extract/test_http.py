"""What a server or a proxy may do to an answer: encodings nobody asked for, and refusals."""

import gzip
import re
import time
import zlib
from collections.abc import Iterator

import pytest
import requests

from etl.alerts.ping import ping
from etl.errors import SourceUnavailable
from etl.extract.answer import TryAgain
from etl.extract.http import get
from tests.support.logged import Logged
from tests.support.web_server import Reply, WebServer, unused_port, web_server

BODY = b"country,date\n" * 5_000
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with web_server() as web:
        yield web


def fetched(url: str) -> bytes:
    with requests.Session() as session, get(url, session, time.monotonic() + 60) as answer:
        return b"".join(answer.pieces)


def refused(url: str, kind: type[Exception] = SourceUnavailable) -> str:
    with pytest.raises(kind) as caught:
        fetched(url)
    assert "hush" not in str(caught.value)
    return str(caught.value)


def encoded(web: WebServer, body: bytes, encoding: str) -> str:
    return web.on("/data.csv", Reply(body, headers={"Content-Encoding": encoding}))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY)[2:-4], "deflate"),  # as some servers understand it
        (gzip.compress(zlib.compress(BODY)), "deflate, gzip"),
        (gzip.compress(BODY, mtime=0), "X-GZIP"),
        (gzip.compress(gzip.compress(BODY, mtime=0)), "gzip"),
        (BODY, "identity"),
        (BODY, "aws-chunked"),
        (BODY, "utf-8"),
    ],
    ids=["deflate", "raw deflate", "both", "X-GZIP", "twice", "identity", "chunked", "utf-8"],
)
def test_an_encoding_that_nobody_asked_for_is_undone(
    web: WebServer, body: bytes, encoding: str
) -> None:
    got = fetched(encoded(web, body, encoding))
    assert got in (BODY, gzip.compress(BODY, mtime=0))  # fetch unpacks a file that is a gzip itself


def test_an_encoding_that_can_not_be_undone_is_named(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the library decodes these two where their packages are installed
    monkeypatch.setattr("urllib3.response.BaseHTTPResponse.CONTENT_DECODERS", ["gzip", "deflate"])
    for encoding in ("br", "zstd", "compress"):
        url = encoded(web, b"\x1b\x00", f"gzip, {encoding}")
        assert refused(url).startswith(f"{url}: sent as Content-Encoding {encoding}, which was not")


def test_an_encoding_that_is_not_the_bodys_is_no_reason_to_try_again(web: WebServer) -> None:
    url = encoded(web, BODY, "deflate")
    assert refused(url) == f"{url}: its Content-Encoding is wrong"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_out_of_reach_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    use_proxy(monkeypatch, f"http://me:hush@127.0.0.1:{unused_port()}")
    message = refused(f"{scheme}://example.org/data.csv", TryAgain)
    assert re.fullmatch(
        rf"the proxy can't be used \(.*refused\); check {scheme.upper()}_PROXY or ALL_PROXY",
        message,
    )


@pytest.mark.parametrize("proxy", ["http://:hush@", "gopher://me:hush@host:1", "http://h:99999"])
def test_a_proxy_that_is_no_url_is_named_too(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    use_proxy(monkeypatch, proxy)
    message = refused("http://example.org/data.csv")
    assert message.startswith(
        "http://example.org/data.csv: this URL, or the one it redirects to, can't be"
    )
    assert message.endswith("; check HTTP_PROXY or ALL_PROXY")


def test_without_a_proxy_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use_proxy(monkeypatch, "http://me:hush@host:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "PROXY" not in refused(f"http://127.0.0.1:{unused_port()}/data.csv", TryAgain)


def test_a_proxy_that_wants_a_password_is_named(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://example.org/data.csv"
    use_proxy(monkeypatch, web.on(url, Reply(status=407)).removesuffix(url))
    assert refused(url).endswith("a user and a password; check HTTP_PROXY or ALL_PROXY")


def test_a_missing_ca_bundle_is_one_line_and_stops_no_ping(
    monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    message = refused("https://127.0.0.1:1/data.csv")
    assert "CA certificate bundle, invalid path: /nowhere/ca.pem; check REQUESTS_CA" in message
    ping("https://127.0.0.1:1/hush", "success")
    assert logged.lines("alert.ping_failed")
    assert "hush" not in logged.text


def test_a_certificate_that_nobody_trusts_and_a_server_without_tls_are_named(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with web_server(tls=True) as untrusted:
        message = refused(untrusted.on("/data.csv", Reply(b"x")), TryAgain)
        assert re.fullmatch(
            r"its certificate is not trusted \(.+\); check REQUESTS_CA_BUNDLE", message
        )
        assert untrusted.requests == []
    plain = web.on("/data.csv", Reply(b"x")).replace("http:", "https:")
    assert "no TLS connection (WRONG_VERSION_NUMBER); is it http" in refused(plain, TryAgain)


def use_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    for name in PROXIES:
        monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.setenv(name, url)
