"""Is the bucket there, and where? What it answers before anything is done with it."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from etl.bucket import Wish
from etl.errors import StoreError
from etl.stores.s3 import CONFIG, S3Store
from etl.stores.s3_account import addressing
from etl.stores.s3_errors import explained


@dataclass(frozen=True)
class Greeting:
    """What a bucket answers at first: `error` where it lets us do nothing at all.

    `date` is the server's clock, `server` its name.
    """

    exists: bool
    region: str
    date: datetime | None = None
    server: str = ""
    error: StoreError | None = None


def greet(store: S3Store) -> Greeting:
    """Ask for the bucket; where that is denied, for the folder, which the worker may list."""
    seen = Greeting(True, store.client.meta.region_name)
    try:
        with explained(store.bucket, None, "s3:ListBucket"):
            try:
                answer: Any = store.client.head_bucket(Bucket=store.bucket)
            except ClientError as exc:
                seen = _told(seen, exc.response)
                if exc.response["Error"]["Code"] == "404":
                    return replace(seen, exists=False)
                folder = f"{store.folder}/".lstrip("/")
                answer = store.client.list_objects_v2(Bucket=store.bucket, Prefix=folder, MaxKeys=1)
    except StoreError as exc:
        return replace(_told(seen, getattr(exc.__cause__, "response", {})), error=exc)
    return _told(seen, answer)


def public_address(store: S3Store, wish: Wish, region: str, key: str) -> str:
    """An object's plain URL, as a stranger opens it."""
    style = addressing(wish.bucket, store.client.meta.endpoint_url)
    config = CONFIG.merge(Config(signature_version=UNSIGNED, s3={"addressing_style": style}))
    with explained(wish.bucket, None, "s3:GetObject"):
        stranger = boto3.session.Session().client("s3", region_name=region, config=config)
    where = {"Bucket": wish.bucket, "Key": wish.start + key}
    return stranger.generate_presigned_url("get_object", Params=where)


def _told(seen: Greeting, answer: Any) -> Greeting:
    """What an answer says besides, a refusal too."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    date = headers.get("date")
    return replace(
        seen,
        region=headers.get("x-amz-bucket-region") or seen.region,
        date=parsedate_to_datetime(date) if date else seen.date,
        server=headers.get("server", seen.server),
    )
