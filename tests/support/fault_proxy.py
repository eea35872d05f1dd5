"""An HTTP proxy on loopback between boto3 and an S3 server that injects faults.

    with FaultProxy(upstream) as proxy:
        proxy.fail("reset after", at=7)            # the 7th request from now, once
        proxy.fail("500", at=7, lasting=True)      # the 7th and every one after it

Every answer closes its connection, so each request has one of its own.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

FAULTS = (
    "refused",  # the connection is reset before anything is read
    "reset before",  # the request is read, but does not reach the server
    "reset after",  # the server acts, the answer is lost: the client can't know whether it acted
    "late",  # the server acts, the answer does not come before the client gives up
    "cut",  # the server acts, the answer breaks off in the middle
    "500",
    "503",
    "403",
    "412",
    "409",
)
CODES = {
    "500": "InternalError",
    "503": "SlowDown",
    "403": "AccessDenied",
    "412": "PreconditionFailed",
    "409": "ConditionalRequestConflict",
}
LONGEST_S = 60.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class FaultProxy:
    """Counts requests from 1 and fails the chosen ones; `seen` lists each as `METHOD key`."""

    def __init__(self, upstream: str, *, handler: type["Handler"] | None = None) -> None:
        self.upstream = urlsplit(upstream)
        self.seen: list[str] = []
        self.failed: list[str] = []
        self._lock = threading.Condition()
        self._under_way = 0
        self.reset()
        bound = type("Bound", (handler or Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), bound)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reset(self) -> None:
        """Remove all faults, and count the next request as number 1."""
        with self._lock:
            self._fault, self._at, self._lasting = "", 0, False
            self._hook: Callable[[], None] | None = None
            self._hook_when = "before"
            self.seen.clear()
            self.failed.clear()

    def fail(self, fault: str, *, at: int, lasting: bool = False) -> None:
        assert fault in FAULTS
        self.reset()
        with self._lock:
            self._fault, self._at, self._lasting = fault, at, lasting

    def call(self, hook: Callable[[], None], *, at: int, when: str) -> None:
        """Call `hook` at a request, `before` the server sees it or `after` it has acted."""
        assert when in ("before", "after")
        self.reset()
        with self._lock:
            self._hook, self._at, self._hook_when = hook, at, when

    def wait_until_idle(self) -> None:
        """Wait for requests whose client gave up: the server may still be acting on them."""
        with self._lock:
            assert self._lock.wait_for(lambda: self._under_way == 0, LONGEST_S)

    @contextmanager
    def handling(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._lock.notify_all()

    def next_fault(self, line: str) -> tuple[str, Callable[[], None] | None]:
        with self._lock:
            self.seen.append(line)
            number = len(self.seen)
            due = number >= self._at if self._lasting else number == self._at
            if not due:
                return "", None
            if self._fault:
                self.failed.append(line)
            return self._fault, self._hook


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: these tests make clients disconnect on purpose."""


class Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        with self.proxy.handling():
            self._handle(self.proxy)

    def _handle(self, proxy: FaultProxy) -> None:
        fault, hook = proxy.next_fault(f"{self.command} {self.path}")
        if fault == "refused":
            self._reset()
            return
        body = self._read_body()
        if fault == "reset before":
            self._reset()
            return
        if fault in CODES:
            self._refuse(int(fault), CODES[fault])
            return
        if hook and proxy._hook_when == "before":
            hook()
        status, headers, answer = self._forward(body)
        if hook and proxy._hook_when == "after":
            hook()
        if fault == "reset after":
            self._reset()
            return
        if fault == "late":
            self.connection.settimeout(LONGEST_S)
            self.connection.recv(1)  # returns when the client closes the connection
        self._answer(status, headers, answer, cut=fault == "cut")

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815  http.server's names

    def _read_body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(str(self.proxy.upstream.netloc), timeout=30)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in HOP_BY_HOP | {"expect", "content-length"}
        }
        # `Host` stays the client's: it is part of what was signed
        headers["Content-Length"] = str(len(body))
        try:
            upstream.request(self.command, self.path, body=body or None, headers=headers)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool
    ) -> None:
        self.close_connection = True
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        length = next((v for n, v in headers if n.lower() == "content-length"), str(len(body)))
        if cut and not body:
            length = "100"  # an answer without a body breaks off too
        self.send_header("Content-Length", length)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._reset()

    def _refuse(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>it fails</Message></Error>".encode()
        self._answer(status, [("Content-Type", "application/xml")], body, cut=False)

    def _reset(self) -> None:
        """End the connection with RST instead of FIN."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.wfile = _Nowhere()  # type: ignore[assignment]
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Nowhere:
    closed = True

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
