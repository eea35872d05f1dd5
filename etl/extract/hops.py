"""A GET that follows redirects within bounds, and whose connections end at a deadline.

requests would read the body of each redirect, follow it to any address, and wait for headers for as
long as a byte arrives now and then.
"""

import ipaddress
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from etl.errors import SourceUnavailable

MOST_HOPS = 5
MOST_HEADER_BYTES = 64_000
MOST_KEPT = 500  # characters of a header


class Refused(SourceUnavailable):
    """A redirect to somewhere that it must not lead to, or headers that are too long."""


@contextmanager
def following(
    session: requests.Session, url: str, deadline: float, options: Mapping[str, Any]
) -> Iterator[requests.Response]:
    """GET a URL, and yield the first response that is no redirect; its body is not read yet.

    At most MOST_HOPS redirects are followed, to http and https only. One from a public address to a
    private one is refused. After `deadline` (time.monotonic) every connection is closed, so that
    reading from it fails. Raises Refused, and what requests raises.
    """
    bounds = _Bounds()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(bounds))
    # requests reads the body of whatever it takes for a redirect, so let it see none
    session.get_redirect_target = _no_target  # type: ignore[method-assign]
    timer = Timer(max(deadline - time.monotonic(), 0), bounds.close)
    timer.daemon = True
    timer.start()
    try:
        for hop in range(MOST_HOPS + 1):
            bounds.only_public = hop > 0 and not bounds.began_private
            if _is_proxied(url):  # the proxy connects, so only the name can be looked at
                bounds.judge(private=_names_private(url))
            with session.get(url, stream=True, allow_redirects=False, **options) as response:
                _refuse_long_headers(response)
                target = requests.Session.get_redirect_target(session, response)
                if target is None:
                    yield response
                    return
                url = urljoin(url, target)
            if urlsplit(url).scheme.lower() not in ("http", "https"):
                raise Refused("it redirects to an address that is neither http nor https")
        raise Refused(f"it redirects more than {MOST_HOPS} times")
    finally:
        timer.cancel()


def short(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header, or None if it is too long to be kept in every record of the history."""
    value = headers.get(name)
    return value if value and len(value) <= MOST_KEPT else None


def is_private(address: str) -> bool:
    """Say whether an IP address is private, loopback, link-local or otherwise not public."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return not (mapped or ip).is_global or ip.is_multicast


class _Bounds:
    """The open connections of one GET, and where they may lead."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.only_public = False
        self.began_private = False
        self.is_over = False

    def opened(self, connected: socket.socket, *, proxied: bool) -> None:
        """Take note of a connection. Raises Refused if it leads to a private address."""
        self.sockets.append(connected)
        if self.is_over:
            self.close()
        if not proxied:
            self.judge(private=is_private(connected.getpeername()[0]))

    def judge(self, *, private: bool) -> None:
        """Take note of where a hop leads. Raises Refused."""
        if private and self.only_public:
            raise Refused(
                "it redirects to a private address, which is refused; if you want that, set the "
                "private address directly"
            )
        self.began_private |= private

    def close(self) -> None:
        """End all connections, also those that another thread waits for."""
        self.is_over = True
        for connected in self.sockets:
            with suppress(OSError):
                # not SSLSocket's own, which would pull the TLS state away from the reader
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    def __init__(self, bounds: _Bounds) -> None:
        self._pools = {
            "http": _watched(HTTPConnectionPool, bounds),
            "https": _watched(HTTPSConnectionPool, bounds),
        }
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _no_target(resp: requests.Response) -> str | None:
    return None


def _watched(pool: type[HTTPConnectionPool], bounds: _Bounds) -> type[HTTPConnectionPool]:
    """Return a kind of pool whose connections tell `bounds` when they are open."""

    def connect(self: Any) -> None:
        base.connect(self)
        try:
            bounds.opened(self.sock, proxied=bool(self.proxy))
        except Refused:
            self.close()
            raise

    base: Any = pool.ConnectionCls
    watched = type("Watched", (base,), {"connect": connect})
    return type(pool.__name__, (pool,), {"ConnectionCls": watched})


def _is_proxied(url: str) -> bool:
    return bool(get_environ_proxies(url, no_proxy=None))


def _names_private(url: str) -> bool:
    """Whether a URL's host is itself a private address; a proxy may know other names."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return is_private(host)
    return host == "localhost" or host.endswith(".localhost")


def _refuse_long_headers(response: requests.Response) -> None:
    size = sum(len(name) + len(value) for name, value in response.headers.items())
    if size > MOST_HEADER_BYTES:
        raise Refused(f"its headers are longer than {MOST_HEADER_BYTES // 1000} kB")
