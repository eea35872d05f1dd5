"""The bucket itself: how it is set up, and the changes of a plan, made one by one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from etl.bucket import Change, Found, Rule, Wish
from etl.errors import StoreError
from etl.stores import Upload
from etl.stores.s3 import CONFIG, S3Store
from etl.stores.s3_account import on_aws
from etl.stores.s3_errors import explained, status

UNKNOWN = (405, 501)  # what servers answer that don't know a call
NOT_SET = {
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchCORSConfiguration",
    "NoSuchBucketPolicy",
    "NoSuchWebsiteConfiguration",
}
TRIAL = "_doctor-encryption"
Read = tuple[str, str, Callable[[Rule], Any]]  # the call, the action it takes, and what to take

SETTINGS: dict[str, Read] = {
    "block": (
        "get_public_access_block",
        "s3:GetBucketPublicAccessBlock",
        lambda answer: answer["PublicAccessBlockConfiguration"],
    ),
    "encryption": (
        "get_bucket_encryption",
        "s3:GetEncryptionConfiguration",
        lambda answer: answer["ServerSideEncryptionConfiguration"]["Rules"],
    ),
    "versioning": (
        "get_bucket_versioning",
        "s3:GetBucketVersioning",
        lambda answer: answer.get("Status", ""),
    ),
    "lifecycle": (
        "get_bucket_lifecycle_configuration",
        "s3:GetLifecycleConfiguration",
        lambda answer: answer,
    ),
    "cors": ("get_bucket_cors", "s3:GetBucketCORS", lambda answer: answer["CORSRules"]),
    "policy": (
        "get_bucket_policy",
        "s3:GetBucketPolicy",
        lambda answer: json.loads(answer["Policy"]),
    ),
}
WEBSITE: Read = ("get_bucket_website", "s3:GetBucketWebsite", lambda answer: answer)


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


def look(store: S3Store, *, website: bool) -> Found:
    """How the bucket is set up. Raises StoreError. The website is looked at only if asked for."""
    seen = greet(store)
    if seen.error:
        raise seen.error
    if website and seen.server.startswith("SeaweedFS"):  # which would make or delete a bucket
        raise StoreError(f"{store.bucket}: this server serves no websites; leave --website out")
    if not seen.exists:
        return Found(False, seen.region)
    found: dict[str, Any] = {}
    unknown = set()
    for name, read in (SETTINGS | ({"website": WEBSITE} if website else {})).items():
        try:
            if (value := _setting(store, *read)) is not None:
                found[name] = value
        except StoreError as exc:
            if status(exc) not in UNKNOWN:
                raise
            unknown.add(name)
    return Found(True, seen.region, unknown=frozenset(unknown), **found)


def apply(store: S3Store, change: Change) -> bool:
    """Make one change. False: this server can't, and all is as it was. Raises StoreError."""
    try:
        with explained(store.bucket, None, change.action):
            getattr(store.client, change.call)(Bucket=store.bucket, **change.arguments)
    except StoreError as exc:
        if status(exc) not in UNKNOWN:
            raise
        return False
    if change.call == "put_bucket_encryption" and not _encrypts(store):
        with explained(store.bucket, None, change.action):
            store.client.delete_bucket_encryption(Bucket=store.bucket)
        return False
    return True


def public_address(store: S3Store, wish: Wish, region: str, key: str) -> str:
    """An object's plain URL, as a stranger opens it."""
    aws = on_aws(store.client.meta.endpoint_url)
    # by default boto3 gives the world's address, which for some hours only redirects to a region's;
    # a certificate covers no further dots
    style: Literal["virtual", "auto"] = "virtual" if aws and "." not in wish.bucket else "auto"
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


def _setting(store: S3Store, call: str, action: str, take: Callable[[Rule], Any]) -> Any:
    """None: not set."""
    with explained(store.bucket, None, action):
        try:
            answer = dict(getattr(store.client, call)(Bucket=store.bucket))
        except ClientError as exc:
            if exc.response["Error"]["Code"] in NOT_SET:
                return None
            raise
    del answer["ResponseMetadata"]
    return take(answer)


def _encrypts(store: S3Store) -> bool:
    """Whether the server can do what it took on: SeaweedFS without a key refuses all uploads."""
    try:
        store.write(Upload(TRIAL, b""))
        store.delete(TRIAL)
    except StoreError as exc:
        return status(exc) < 500
    return True
