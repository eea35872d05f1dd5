"""S3 over HTTP on this machine: moto's server, and servers that answer as a test wants."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest

ACCESS_KEY = "test"
SECRET_KEY = "a-secret-that-nobody-may-see"  # noqa: S105 - made up


def use(monkeypatch: pytest.MonkeyPatch, endpoint: str | None) -> None:
    """Point boto3 at an endpoint with made-up credentials, and hide this machine's own.

    Without an endpoint there are no credentials either.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


App = Callable[..., Iterable[bytes]]


@contextmanager
def s3_server(around: Callable[[App], App] = lambda app: app) -> Iterator[str]:
    """Start moto's server on a free port and yield its URL; `around` may wrap the app."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # slow to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    listening = server._server
    assert listening is not None
    app: Any = listening.app
    app.get_backend_for_host = cache(
        app.get_backend_for_host
    )  # otherwise it lists folders for each request
    listening.app = around(_conditions_one_at_a_time(app))
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        listening.server_close()


def _conditions_one_at_a_time(app: App) -> App:
    """Serialise requests: S3's conditional writes are atomic, moto's check and write are not."""
    lock = Lock()

    def locked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"}.isdisjoint(environ):
            return app(environ, start_response)
        with lock:
            return app(environ, start_response)

    return locked


class Answer(BaseHTTPRequestHandler):
    """One request at a loopback server; `reply` sends a whole answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each body is sent 40 ms after its headers

    def reply(self, status: int, body: str = "", **headers: str) -> None:
        unread = int(self.headers.get("Content-Length") or 0)
        while unread:
            unread -= len(self.rfile.read(min(unread, 1_000_000)))
        content = b"" if self.command == "HEAD" else body.encode()
        self.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def answering(reply: Callable[[Answer], None]) -> Iterator[str]:
    """Start a server that answers every request with `reply`, and yield its URL."""

    class Handler(Answer):
        def answer(self) -> None:
            reply(self)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - http.server's names

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def s3_error(status: int, code: str, fields: str = "", **headers: str) -> Callable[[Answer], None]:
    """Return a reply in the form of S3's errors; `fields`: more XML."""
    body = f"<Error><Code>{code}</Code><Message>it says so</Message>{fields}</Error>"
    return lambda answer: answer.reply(status, body, **headers)
