"""An HTTP response, head and body, as `extract/fetch.py` reads it from a server on loopback."""

import os
import socket
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from unittest.mock import patch

from dev.fuzz.promise import Target, refused, require
from etl.errors import SourceChanged, SourceUnavailable
from etl.extract.fetch import Limits, fetch

URL = "http://source.example/stats.json"
MOST_BYTES = 1 << 20
LIMIT_S = 20.0
BODY = b"0123456789" * 5

RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
    b'ETag: "abc"\r\nLast-Modified: Fri, 20 Nov 2020 06:00:00 GMT\r\n\r\n' + BODY,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b; Path=/\r\n\r\n"
    b"5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\nTrailer: x\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /elsewhere?x=1#y\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 503 Slow Down\r\nRetry-After: Fri, 20 Nov 2020 06:00:00 GMT\r\n\r\nlater",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip, identity\r\n"
    b"Connection: close\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
)


class _Server:
    """Answers every connection with `response`, and closes it. It is the proxy of every request, so
    that no damaged redirect leaves this machine."""

    def __init__(self) -> None:
        self.response = b""
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(LIMIT_S)
            connection.recv(1 << 16)
            connection.sendall(self.response)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass


@cache
def _server() -> _Server:
    return _Server()


def _read(data: bytes, folder: Path) -> bool:
    server = _server()
    server.response = data
    to = folder / "fetched"
    proxies = {"HTTP_PROXY": server.url, "HTTPS_PROXY": server.url, "NO_PROXY": ""}
    proxies |= {name.lower(): value for name, value in proxies.items()}
    try:
        with patch.dict(os.environ, proxies):
            limits = Limits(MOST_BYTES, LIMIT_S)
            fetched = fetch(URL, to, limits, sleep=lambda seconds: None)
    except (SourceChanged, SourceUnavailable) as exc:
        return refused(exc)
    require(fetched.size <= MOST_BYTES, "more than the limit was fetched")
    return True


TARGET = Target(RESPONSES, _read)
