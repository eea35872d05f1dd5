"""Conditional writes, also on S3 servers other than AWS's.

AWS answers 412 if If-Match does not hold. Some servers don't know the header (501, Swift), some
ignore it, and some want the ETag without its quotes (Ceph). A write that must fail shows, once
before the first conditional write, whether this server checks conditions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from etl import log
from etl.errors import StateConflict, StoreError
from etl.store import Head, Upload
from etl.store.layout import PROBE
from etl.store.s3.errors import explained, status
from etl.store.s3.upload import upload_to_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_SUCH_ETAG = '"00000000000000000000000000000000"'


class Conditions:
    """The conditional writes of one client on one folder; `start` is the folder's key prefix."""

    def __init__(self, client: "S3Client", bucket: str, start: str) -> None:
        self._client, self._bucket, self._start = client, bucket, start
        self._kept: bool | None = None
        self._unquoted = False

    def write(
        self, upload: Upload, head: Callable[[str], Head | None], if_match: str | None
    ) -> str:
        """Write if the object still has the ETag `if_match`; None: if there is no object yet.

        Returns the new ETag. Raises StateConflict, StoreError. If the server ignores conditions,
        the ETag is compared before the write; in the moment between, another writer can come first.
        """
        if not self.kept():
            found = head(upload.key)
            if (found.etag if found else None) != if_match:
                raise StateConflict(
                    f"s3://{self._bucket}/{self._start}{upload.key} was written by somebody else "
                    "in between; read it again before writing"
                )
            return self._put(upload)
        if if_match is None:
            return self._put(upload, if_none_match=True)
        etag = if_match.strip('"') if self._unquoted else if_match
        try:
            return self._put(upload, if_match=etag)
        except StateConflict:
            found = None if self._unquoted else head(upload.key)
            if found is None or found.etag != if_match:
                raise
            # the ETag is right, yet the write was refused: this server wants it without quotes
            written = self._put(upload, if_match=if_match.strip('"'))
            self._unquoted = True
            return written

    def kept(self) -> bool:
        """Say whether this server checks conditions. Raises StoreError."""
        if self._kept is None:
            self._kept = self._probe()
        return self._kept

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

    def _probe(self) -> bool:
        try:
            self._put(Upload(PROBE, b""), if_match=NO_SUCH_ETAG)
        except StateConflict:
            return True
        except StoreError as exc:
            if status(exc) != 501:
                raise
            reason = "the server does not know If-Match"
        else:
            with explained(self._bucket, self._start + PROBE, "s3:DeleteObject"):
                self._client.delete_object(Bucket=self._bucket, Key=self._start + PROBE)
            reason = "the server passes over If-Match"
        log.warning("store.no_conditional_writes", bucket=self._bucket, reason=reason)
        return False
