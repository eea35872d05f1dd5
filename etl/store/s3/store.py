"""A folder in an S3 bucket. boto3 itself finds credentials, region and endpoint."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from etl.errors import ConfigError, StoreError
from etl.store import Entry, Head, Stored, Upload, content_type, valid_key, valid_prefix
from etl.store.files import PIECE_BYTES, save
from etl.store.s3 import deleting
from etl.store.s3.client import CONFIG, endpoint_fault
from etl.store.s3.conditions import Conditions
from etl.store.s3.errors import ARN, RAISED, explain, explained, status
from etl.store.s3.signed_links import S3Signer, bucket_region
from etl.store.s3.upload import strong, upload_to_s3

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ListObjectsV2OutputTypeDef

UNKNOWN_CALL = (405, 501)  # a server's status for a call that it does not support
MISSING = ("NoSuchKey", "NotFound", "404")


class S3Store:
    """The keys of a bucket that begin with `folder/`; all of them if the folder is empty."""

    def __init__(self, client: "S3Client", bucket: str, folder: str = "") -> None:
        self.client = client
        self.bucket = bucket
        self.folder = folder.strip("/")
        self.address = f"s3://{bucket}/{self.folder}".rstrip("/")
        self._start = f"{self.folder}/" if self.folder else ""
        self.conditions = Conditions(client, bucket, self._start)

    @classmethod
    def connect(cls, bucket: str, folder: str = "", config: Config = CONFIG) -> Self:
        """Create the client. Raises StoreError or ConfigError if the AWS settings can't be used.

        Nothing is sent yet: wrong credentials show at the first call.
        """
        try:
            client = boto3.session.Session().client("s3", config=config)
        except RAISED as exc:  # ValueError: an endpoint that is no URL
            raise explain(exc, bucket=bucket, key=None, action="s3") from exc
        if fault := endpoint_fault(bucket, client.meta.endpoint_url):
            raise ConfigError(fault)
        return cls(client, bucket, folder)

    def full_key(self, key: str) -> str:
        """Return the key with the folder, as the bucket has it."""
        return self._start + valid_key(key)

    def read(self, key: str) -> Stored | None:
        full = self.full_key(key)
        with explained(self.bucket, full, "s3:GetObject"):
            if (found := self._get(full)) is None:
                return None
            with closing(found["Body"]) as body:
                return Stored(body.read(), strong(found["ETag"]))

    def download(self, key: str, path: Path) -> bool:
        full = self.full_key(key)
        with explained(self.bucket, full, "s3:GetObject"):
            found = self._get(full)
        if found:
            with closing(found["Body"]) as body:
                save(self._stream(body, full), path)
        return found is not None

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        full = self.full_key(upload.key)
        if if_match is None and not if_none_match:
            return upload_to_s3(self.client, self.bucket, full, upload)
        return self.conditions.write(upload, self.head, if_match)

    def copy(
        self, source: str, target: str, *, cache_control: str, sha256: str | None = None
    ) -> None:
        start, end = self.full_key(source), self.full_key(target)
        if sha256 is None:
            if (head := self.head(source)) is None:
                raise StoreError(f"{self.address}/{source} does not exist, so it can't be copied")
            sha256 = head.sha256
        needed = f"s3:PutObject on {ARN}{self.bucket}/{end} and s3:GetObject"
        try:
            with explained(self.bucket, start, needed):
                self.client.copy_object(
                    Bucket=self.bucket,
                    Key=end,
                    CopySource={"Bucket": self.bucket, "Key": start},
                    MetadataDirective="REPLACE",
                    ContentType=content_type(source),
                    CacheControl=cache_control,
                    Metadata={"sha256": sha256} if sha256 else {},
                )
        except StoreError as exc:
            if status(exc) not in UNKNOWN_CALL:
                raise
            self._copy_through_here(source, target, cache_control)

    def head(self, key: str) -> Head | None:
        """Describe an object. None also if the bucket is missing: a HEAD's 404 looks the same."""
        full = self.full_key(key)
        with explained(self.bucket, full, "s3:GetObject"):
            try:
                found = self.client.head_object(Bucket=self.bucket, Key=full)
            except ClientError as exc:
                if exc.response["Error"]["Code"] in MISSING:
                    return None
                raise
            return Head(
                key,
                found["ContentLength"],
                found["LastModified"].astimezone(UTC),
                strong(found["ETag"]),
                found["Metadata"].get("sha256"),
                found.get("ContentType", ""),
                found.get("CacheControl"),
                {name: value for name, value in found["Metadata"].items() if name != "sha256"},
            )

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        found = self._listed(self._start + valid_prefix(prefix))
        # S3 sorts by key, but SeaweedFS and S3's directory buckets list folder by folder
        yield from sorted(found, key=attrgetter("key")) if in_order else found

    def folders(self, prefix: str) -> Iterator[str]:
        start = self._start + valid_prefix(prefix)
        with explained(self.bucket, None, "s3:ListBucket"):
            for page in self._pages(start, Delimiter="/"):
                for folder in page.get("CommonPrefixes", ()):
                    yield folder["Prefix"].removeprefix(start).removesuffix("/")

    def delete(self, key: str) -> None:
        full = self.full_key(key)
        with explained(self.bucket, full, "s3:DeleteObject"):
            self.client.delete_object(Bucket=self.bucket, Key=full)

    def delete_all(self, keys: Iterable[str]) -> None:
        deleting.delete_all(self.client, self.bucket, map(self.full_key, keys))

    def signer(self) -> S3Signer:
        with explained(self.bucket, None, "s3:ListBucket"):
            region = bucket_region(self.client, self.bucket)
        return S3Signer(self.client, self.bucket, self._start, region)

    def set_acl(self, key: str, *, public: bool) -> None:
        """Let everybody read an object, or only its owner. Raises StoreError."""
        full = self.full_key(key)
        with explained(self.bucket, full, "s3:PutObjectAcl"):
            self.client.put_object_acl(
                Bucket=self.bucket, Key=full, ACL="public-read" if public else "private"
            )

    def keeps_conditions(self) -> bool:
        return self.conditions.verdicts().kept

    def unfinished(self) -> Iterator[Entry]:
        """Return nothing: S3 shows only whole objects, and a lifecycle rule removes parts."""
        return iter(())

    def discard(self, entry: Entry) -> None:
        self.delete(entry.key)

    def remove_empty(self, folder: str) -> None:
        """Do nothing: S3 has no folders."""

    def _listed(self, start: str) -> Iterator[Entry]:
        with explained(self.bucket, None, "s3:ListBucket"):
            pages = self._pages(start)
            for item in (item for page in pages for item in page.get("Contents", ())):
                key = item["Key"].removeprefix(self._start)
                if key and not key.endswith("/"):  # skip the "folders" that the AWS console makes
                    yield Entry(key, item["Size"], item["LastModified"].astimezone(UTC))

    def _pages(self, start: str, **more: Any) -> "Iterator[ListObjectsV2OutputTypeDef]":
        lister = self.client.get_paginator("list_objects_v2")
        return iter(lister.paginate(Bucket=self.bucket, Prefix=start, **more))

    def _copy_through_here(self, source: str, target: str, cache_control: str) -> None:
        """Read and upload, for a server without CopyObject: slower, but the run is published."""
        with TemporaryDirectory(prefix="cloud-etl-") as folder:
            path = Path(folder) / "copied"
            if not self.download(source, path):
                raise StoreError(f"{self.address}/{source} does not exist, so it can't be copied")
            self.write(Upload(target, path, cache_control))

    def _get(self, full: str) -> "GetObjectOutputTypeDef | None":
        try:
            return self.client.get_object(Bucket=self.bucket, Key=full)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in MISSING:
                return None
            raise

    def _stream(self, body: "StreamingBody", full: str) -> Iterator[bytes]:
        with explained(self.bucket, full, "s3:GetObject"):
            yield from body.iter_chunks(PIECE_BYTES)
