"""Read a bucket's setup, and make the changes of a plan one by one."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from etl.errors import StoreError
from etl.store import Upload
from etl.store.layout import TRIAL
from etl.store.s3.bucket import greet
from etl.store.s3.errors import explained, status
from etl.store.s3.setup import BucketChange, BucketState, Rule
from etl.store.s3.store import S3Store

UNKNOWN = (405, 501)  # a server's status for a call that it does not support
NOT_SET = {
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchCORSConfiguration",
    "NoSuchBucketPolicy",
    "NoSuchWebsiteConfiguration",
}
ENCRYPTED = f"{TRIAL}encryption"
# boto3's call, the IAM action it needs, and what to take from the response
Read = tuple[str, str, Callable[[Rule], Any]]

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


def read_setup(store: S3Store, *, website: bool) -> BucketState:
    """Read the bucket's setup; its website only with `website`. Raises StoreError."""
    seen = greet(store)
    if seen.error:
        raise seen.error
    if website and seen.server.startswith("SeaweedFS"):  # it would create or delete a bucket
        raise StoreError(f"{store.bucket}: this server serves no websites; leave --website out")
    if not seen.exists:
        return BucketState(False, seen.region)
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
    return BucketState(True, seen.region, unknown=frozenset(unknown), **found)


def apply_change(store: S3Store, change: BucketChange) -> bool:
    """Make one change. False: this server can't, and nothing was changed. Raises StoreError."""
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


def _setting(store: S3Store, call: str, action: str, take: Callable[[Rule], Any]) -> Any:
    """Read one setting; None: it is not set."""
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
    """Say whether uploads still work. SeaweedFS without a key would refuse all of them."""
    try:
        store.write(Upload(ENCRYPTED, b""))
        store.delete(ENCRYPTED)
    except StoreError as exc:
        return status(exc) < 500
    return True
