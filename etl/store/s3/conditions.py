"""Conditional writes, also on S3 servers that don't keep conditions, or keep them their own way.

The probe finds out, before the first conditional write, what this server does. Where it can't be
relied on, the store reads, compares and writes instead. A refusal by a server that passed the probe
is believed only if the object has changed: on Ceph, for example, If-Match fails for ever on a key
that was written while its bucket was versioned.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from etl import log
from etl.errors import StateConflict, StoreError
from etl.store import Head, Upload
from etl.store.s3.errors import explained, status
from etl.store.s3.probe import Put, Verdict, Verdicts, probe
from etl.store.s3.upload import upload_to_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FindHead = Callable[[str], Head | None]


class Conditions:
    """The conditional writes of one client on one folder; `start` is the folder's key prefix."""

    def __init__(self, client: "S3Client", bucket: str, start: str) -> None:
        self._client, self._bucket, self._start = client, bucket, start
        self._known: Verdicts | None = None
        self._lock = Lock()

    def verdicts(self) -> Verdicts:
        """Probe the first time, and return what this server does. Raises StoreError."""
        with self._lock:
            if self._known is None:
                self._known = self.probe()
                if reason := self._known.lacks():
                    self._warn(reason)
            return self._known

    def probe(self) -> Verdicts:
        """Probe the bucket as it is now. Raises StoreError."""
        return probe(self._put, self._delete)

    def write(self, upload: Upload, head: FindHead, if_match: str | None) -> str:
        """Write if the object still has the ETag `if_match`; None: if there is no object yet.

        Returns the new ETag. Raises StateConflict, StoreError. If the server does not keep the
        condition, the ETag is compared before the write; in the moment between, another writer can
        come first.
        """
        verdicts = self.verdicts()
        if (verdicts.if_none_match if if_match is None else verdicts.if_match).kept:
            for write in self._ways(upload, if_match, verdicts.if_match):
                try:
                    return write()
                except StateConflict as exc:
                    if not _is_unchanged(head(upload.key), if_match):
                        raise
                    conflict = exc
            if status(conflict) == 409:  # another writer is at it, and has not finished
                raise StoreError(f"{self._name(upload)} is being written; try again") from conflict
            self._distrust(if_match)
        if not _is_unchanged(head(upload.key), if_match):
            raise StateConflict(
                f"{self._name(upload)} was changed by another process; read it again before writing"
            )
        return self._put(upload)

    def _ways(
        self, upload: Upload, if_match: str | None, verdict: Verdict
    ) -> Iterator[Callable[[], str]]:
        """Return the conditional write twice: with and without quotes, or the same again."""
        put: Put = self._put
        if if_match is None:
            yield from [partial(put, upload, if_none_match=True)] * 2
            return
        forms = (if_match, if_match.strip('"'))
        for form in forms if verdict is Verdict.HONOURS else reversed(forms):
            yield partial(put, upload, if_match=form)

    def _distrust(self, if_match: str | None) -> None:
        """Compare before writing from now on, since nobody wrote, yet the server refused."""
        field = "if_none_match" if if_match is None else "if_match"
        with self._lock:
            if self._known and getattr(self._known, field).kept:
                self._known = replace(self._known, **{field: Verdict.REFUSES})
                header = "If-None-Match" if if_match is None else "If-Match"
                self._warn(f"the server refuses {header} although the condition holds")

    def _warn(self, reason: str) -> None:
        log.warning("store.no_conditional_writes", bucket=self._bucket, reason=reason)

    def _name(self, upload: Upload) -> str:
        return f"s3://{self._bucket}/{self._start}{upload.key}"

    def _put(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        return upload_to_s3(
            self._client,
            self._bucket,
            self._start + upload.key,
            upload,
            if_match=if_match,
            if_none_match=if_none_match,
        )

    def _delete(self, key: str) -> None:
        # if the test object stays, a lifecycle rule removes it
        full = self._start + key
        with suppress(StoreError), explained(self._bucket, full, "s3:DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=full)


def _is_unchanged(found: Head | None, if_match: str | None) -> bool:
    return (found.etag if found else None) == if_match
