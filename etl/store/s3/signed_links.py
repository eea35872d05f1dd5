"""Ways to let somebody without credentials read one object, by a signed link or an ACL, or write
some, by a signed form."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from etl.store.s3.account import addressing
from etl.store.s3.errors import explained
from etl.store.s3.store import CONFIG, S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Link:
    """Whoever has the URL can read the object until it expires."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Post:
    """Whoever has the fields can write objects whose keys begin as `key` does before its blank."""

    url: str
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Temporary:
    """The credentials end by themselves, and every link with them; None: nobody says when."""

    until: datetime | None


class Signer:
    """Signs links with the store's credentials as they are now. Raises StoreError."""

    def __init__(self, store: S3Store) -> None:
        self._store = store
        with explained(store.bucket, None, "s3:ListBucket"):
            # boto3 itself asks so: there is no public way
            credentials = store.client._get_credentials()  # type: ignore[attr-defined]
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()
            style = addressing(store.bucket, store.client.meta.endpoint_url)
            # the store's client follows a bucket to its region, but would not sign a link for it
            self._client: S3Client = boto3.client(
                "s3",
                config=CONFIG.merge(Config(s3={"addressing_style": style})),
                region_name=_region(store),
                aws_access_key_id=frozen.access_key,
                aws_secret_access_key=frozen.secret_key,
                aws_session_token=frozen.token,
            )
        until = getattr(credentials, "_expiry_time", None)
        self.temporary = Temporary(until) if frozen.token else None

    def link(self, key: str, lasts: timedelta) -> Link:
        """Nothing is sent, so whether there is such an object is not known."""
        bucket, full = self._store.bucket, self._store.full_key(key)
        seconds = int(lasts.total_seconds())
        url = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": full}, ExpiresIn=seconds
        )
        return Link(url, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds))

    def post(self, folder: str, media_type: str, most_bytes: int, lasts: timedelta) -> Post:
        """A form that writes into `folder` alone; `media_type` may be the start of one: image/."""
        media = {"Content-Type": media_type}
        starts = media_type.endswith("/")
        made = self._client.generate_presigned_post(
            self._store.bucket,
            self._store.full_key(f"{folder}${{filename}}"),
            Fields=media,
            Conditions=[
                ["starts-with", "$Content-Type", media_type] if starts else media,
                ["content-length-range", 1, most_bytes],
            ],
            ExpiresIn=int(lasts.total_seconds()),
        )
        return Post(made["url"], made["fields"])

    def address(self, key: str) -> str:
        """Its plain URL, for what everybody can read."""
        return urlsplit(self.link(key, timedelta(minutes=1)).url)._replace(query="").geturl()


def _region(store: S3Store) -> str:
    """Where the bucket is, if the server tells, be it in refusing; else the client's region."""
    try:
        headers = store.client.head_bucket(Bucket=store.bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as exc:
        headers = exc.response["ResponseMetadata"]["HTTPHeaders"]
    return headers.get("x-amz-bucket-region") or store.client.meta.region_name


def set_acl(store: S3Store, key: str, *, public: bool) -> None:
    """Let everybody read an object, or nobody but the owner. Raises StoreError."""
    full = store.full_key(key)
    with explained(store.bucket, full, "s3:PutObjectAcl"):
        store.client.put_object_acl(
            Bucket=store.bucket, Key=full, ACL="public-read" if public else "private"
        )
