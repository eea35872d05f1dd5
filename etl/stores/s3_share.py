"""Ways to let somebody without credentials read one object: a signed link, or an ACL."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from etl.stores.s3 import S3Store
from etl.stores.s3_errors import explained


@dataclass(frozen=True)
class Link:
    """Whoever has the URL can read the object until it expires."""

    url: str = field(repr=False)
    expires_at: datetime


def presign(store: S3Store, key: str, lasts: timedelta) -> Link:
    """Sign a GET; nothing is sent. Raises StoreError where there are no credentials."""
    full = store.full_key(key)
    seconds = int(lasts.total_seconds())
    with explained(store.bucket, full, "s3:GetObject"):
        url = store.client.generate_presigned_url(
            "get_object", Params={"Bucket": store.bucket, "Key": full}, ExpiresIn=seconds
        )
    return Link(url, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds))


@dataclass(frozen=True)
class Temporary:
    """The credentials end by themselves, and every link with them; None: nobody says when."""

    until: datetime | None


def temporary(store: S3Store) -> Temporary | None:
    """None: the credentials last. Asked after the first call, they are those that signed it."""
    # boto3 itself asks so: there is no public way
    credentials = store.client._get_credentials()  # type: ignore[attr-defined]
    if credentials is None or not credentials.get_frozen_credentials().token:
        return None
    return Temporary(getattr(credentials, "_expiry_time", None))


def set_public(store: S3Store, key: str, public: bool) -> str:
    """Let everybody read an object, or nobody but the owner; its plain URL. Raises StoreError."""
    full = store.full_key(key)
    with explained(store.bucket, full, "s3:PutObjectAcl"):
        store.client.put_object_acl(
            Bucket=store.bucket, Key=full, ACL="public-read" if public else "private"
        )
    return urlsplit(presign(store, key, timedelta(minutes=1)).url)._replace(query="").geturl()
