"""What a GET is given and brings, and a URL as messages show it. Nothing here loads requests.

A document of the archive is a file, and requests would take 5 MB in every worker.
"""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:]*)(:\d*)?")


class Validators(Struct, frozen=True):
    """The response headers that identify a version of a document."""

    etag: str | None = None
    last_modified: str | None = None


NONE_GIVEN = Validators()

# called with the bytes that have arrived so far, and how many the server announced
Received = Callable[[int, int | None], None]


def unheard(done: int, of: int | None) -> None:
    """Do nothing: the progress of this download is not shown."""


class Answer(Struct, frozen=True):
    """A response: its body in pieces, with the Content-Encoding undone, and its validators.

    `announced`: a length, chunks or a gzip show where the body ends.
    """

    pieces: Iterator[bytes]
    validators: Validators
    announced: bool


class NotModified(Exception):
    """The document is still the one that the validators describe (HTTP 304)."""


class TryAgain(Exception):
    """Another try may succeed. `pause_s` is how long the server asked to wait (Retry-After)."""

    def __init__(self, why: str, pause_s: float | None = None) -> None:
        super().__init__(why)
        self.pause_s = pause_s


def shown(url: str) -> str:
    """Return a URL without the parts that may be secret: user, password, query."""
    if "://" not in url:
        return url
    scheme, rest = url.split("://", 1)
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    host = host.rpartition("@")[2]
    # if this is no host and port, an unescaped / or ? in a password has split it
    return f"{scheme}://{host}{slash}{path}" if _HOST.fullmatch(host) else f"{scheme}://..."
