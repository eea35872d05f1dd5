"""A web server on loopback that answers as a test wants, and records the requests.

    with web_server() as web:
        url = web.on("/stats.json", Reply(status=503), Reply(b"[]"))
        ...                                    # the first request gets 503, all others `[]`
        assert web.requests[0].headers["User-Agent"]

A route's replies are sent in turn, and the last one is repeated. A reply may be a function of the
request. Nothing here sleeps: threads that wait end with the server.
"""

import gzip
import os
import socket
import ssl
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread


@dataclass(frozen=True)
class Reply:
    """An answer, sent whole by default."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """What Content-Length claims; -1: there is none, and the body ends with the connection."""
    chunk: int | None = None
    """Transfer-Encoding: chunked, so many bytes a chunk."""
    cut: int | None = None
    """So many bytes of the body are sent, and no more."""
    reset: bool = False
    """The connection ends with a TCP reset, at the cut or instead of any answer."""
    hold: bool = False
    """Nothing more comes and the connection stays open, from the cut on or from the start."""
    drip_s: float = 0
    """The body comes byte by byte, with such pauses."""
    raw: bytes | None = None
    """Sent in place of everything, the status line too."""


@dataclass(frozen=True)
class Request:
    """What a client asked for; `path` includes the query."""

    path: str
    headers: Message


Script = Reply | Callable[[Request], Reply]


class WebServer:
    """The server. Routes may be changed while it runs; other paths are answered with 404."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.stopping = Event()
        self._routes: dict[str, list[Script]] = {}
        self._lock = Lock()

    def on(self, path: str, *scripts: Script) -> str:
        """Set the answers of a path, and return its URL."""
        with self._lock:
            self._routes[path] = list(scripts)
        return self.url + path

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            scripts = self._routes.get(request.path.partition("?")[0], [Reply(status=404)])
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script if isinstance(script, Reply) else script(request)


@contextmanager
def web_server(*, tls: bool = False) -> Iterator[WebServer]:
    """Start a server on a free port of 127.0.0.1; no threads or sockets are left at the end.

    With `tls` its certificate is one that nobody trusts.
    """

    class Handler(_Handler):
        @property
        def web(self) -> WebServer:
            return web

    with _Server(("127.0.0.1", 0), Handler) as server:
        web = WebServer(f"http{'s' * tls}://127.0.0.1:{server.server_address[1]}")
        if tls:
            import moto  # slow to import; it has a certificate for tests

            own = Path(moto.__file__).parent / "moto_proxy"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own / "ca.crt", own / "ca.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            web.stopping.set()
            server.shutdown()
            thread.join()


def unused_port() -> int:
    """Return a port of 127.0.0.1 that refuses connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def gzipped(body: bytes, **headers: str) -> Reply:
    """Return a reply whose body is sent gzipped, as for a client that accepts that."""
    return Reply(gzip.compress(body, mtime=0), headers={"Content-Encoding": "gzip", **headers})


def gzip_bomb(size: int) -> bytes:
    """Return a valid gzip of `size` zeros (whole MiB), a thousandth of that long."""
    block = bytes(1 << 20)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(size // len(block)):
        crc = zlib.crc32(block, crc)
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return header + packed * (size // len(block)) + b"\x03\x00" + struct.pack("<II", crc, size)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing the server waits for them


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def web(self) -> WebServer:
        raise NotImplementedError

    def do_GET(self) -> None:
        self.close_connection = True
        reply = self.web.answer(Request(self.path, self.headers))
        with suppress(ConnectionError):  # a client may leave when it has seen enough
            if reply.raw is not None:
                self.wfile.write(reply.raw)
            elif reply.cut is not None or not (reply.hold or reply.reset):
                self._send(reply)
            if reply.hold:
                self.web.stopping.wait()
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.chunk:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.length is None or reply.length >= 0:
            length = len(reply.body) if reply.length is None else reply.length
            self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        if reply.chunk:
            for start in range(0, len(body), reply.chunk):
                piece = body[start : start + reply.chunk]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if reply.cut is None:
                self.wfile.write(b"0\r\n\r\n")
        elif reply.drip_s:
            for start in range(len(body)):
                self.wfile.write(body[start : start + 1])
                if self.web.stopping.wait(reply.drip_s):
                    return
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass
