"""Find out by trial what an S3 server makes of If-Match and If-None-Match.

Ceph refuses If-Match in a versioned bucket even if it holds, and in others unless the ETag has no
quotes. Some servers ignore the headers, some don't know them (Swift: 501). So each is tried twice:
on a condition that holds and on one that does not.
"""

import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.layout import TRIAL
from etl.store.s3.errors import status

NO_SUCH_ETAG = '"00000000000000000000000000000000"'
UNKNOWN_HEADER = (400, 405, 501)  # what servers answer to a condition that they don't know


class Verdict(StrEnum):
    """What a server makes of one kind of condition."""

    HONOURS = "honours"
    UNQUOTED = "wants the ETag without quotes in"
    IGNORES = "ignores"
    REFUSES = "always refuses"

    @property
    def kept(self) -> bool:
        return self in (Verdict.HONOURS, Verdict.UNQUOTED)


class Verdicts(Struct, frozen=True):
    """What a server makes of both conditions in one bucket, as it is now."""

    if_match: Verdict
    if_none_match: Verdict

    @property
    def kept(self) -> bool:
        return self.if_match.kept and self.if_none_match.kept

    def lacks(self) -> str:
        """Describe what is not kept; empty if both are: "the server ignores If-Match"."""
        each = {"If-Match": self.if_match, "If-None-Match": self.if_none_match}
        said = [f"{verdict} {header}" for header, verdict in each.items() if not verdict.kept]
        return f"the server {' and '.join(said)}" if said else ""


class Put(Protocol):
    """Write an object, perhaps on condition, and return its ETag."""

    def __call__(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str: ...


def probe(put: Put, delete: Callable[[str], None]) -> Verdicts:
    """Try both conditions on an object of their own, which is removed in any case.

    Raises StoreError if even a plain write is refused, or if the server is busy.
    """
    key = f"{TRIAL}{secrets.token_hex(8)}"  # of its own, since two workers may probe at once
    trial = _Trial(put, key)
    try:
        return trial.verdicts()
    finally:
        if trial.wrote:
            delete(key)


class _Trial:
    def __init__(self, put: Put, key: str) -> None:
        self._put, self._key = put, key
        self.wrote = 0

    def verdicts(self) -> Verdicts:
        etag = self._accepted(if_none_match=True)
        if etag is None:
            if_none_match, etag = Verdict.REFUSES, self._write()
        elif again := self._accepted(if_none_match=True):
            if_none_match, etag = Verdict.IGNORES, again
        else:
            if_none_match = Verdict.HONOURS
        return Verdicts(self._if_match(etag), if_none_match)

    def _if_match(self, etag: str) -> Verdict:
        for verdict in (Verdict.HONOURS, Verdict.UNQUOTED):
            bare = verdict is Verdict.UNQUOTED
            if self._accepted(if_match=etag.strip('"') if bare else etag) is None:
                continue
            wrong = NO_SUCH_ETAG.strip('"') if bare else NO_SUCH_ETAG
            return verdict if self._accepted(if_match=wrong) is None else Verdict.IGNORES
        return Verdict.REFUSES

    def _accepted(self, *, if_match: str | None = None, if_none_match: bool = False) -> str | None:
        """Write on condition; None: the server refused."""
        try:
            return self._write(if_match=if_match, if_none_match=if_none_match)
        except StateConflict:
            return None
        except StoreError as exc:
            if status(exc) not in UNKNOWN_HEADER:
                raise
            return None

    def _write(self, *, if_match: str | None = None, if_none_match: bool = False) -> str:
        body = f"{self.wrote}".encode()  # always another, for another ETag
        etag = self._put(Upload(self._key, body), if_match=if_match, if_none_match=if_none_match)
        self.wrote += 1
        return etag
