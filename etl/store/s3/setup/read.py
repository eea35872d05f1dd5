"""Read a bucket's setup, as far as the server knows its parts."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from etl.errors import StoreError
from etl.store.s3.bucket import greet
from etl.store.s3.client import on_aws
from etl.store.s3.errors import Refusal, explained
from etl.store.s3.setup import BucketState, Rule
from etl.store.s3.setup.plan import WORDS
from etl.store.s3.store import S3Store

NOT_SET = {
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchCORSConfiguration",
    "NoSuchBucketPolicy",
    "NoSuchWebsiteConfiguration",
}
OTHER_REASONS = {
    *("OperationAborted", "SlowDown", "RequestTimeout", "NoSuchBucket", "ExpiredToken"),
    *("InvalidToken", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
}
# boto3's call, the IAM action it needs, and what to take from the response
Read = tuple[str, str, Callable[[Rule], Any]]

SETTINGS: dict[str, Read] = {
    "block": (
        "get_public_access_block",
        "s3:GetBucketPublicAccessBlock",
        lambda answer: answer.get("PublicAccessBlockConfiguration", {}),
    ),
    "encryption": (
        "get_bucket_encryption",
        "s3:GetEncryptionConfiguration",
        lambda answer: answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", []),
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
    "cors": (
        "get_bucket_cors",
        "s3:GetBucketCORS",
        lambda answer: answer.get("CORSRules", []),
    ),
    "policy": (
        "get_bucket_policy",
        "s3:GetBucketPolicy",
        lambda answer: json.loads(answer.get("Policy") or "{}"),
    ),
}
WEBSITE: Read = ("get_bucket_website", "s3:GetBucketWebsite", lambda answer: answer)


def read_setup(store: S3Store, *, website: bool) -> BucketState:
    """Read the bucket's setup; its website only with `website`. Raises StoreError."""
    seen = greet(store)
    if seen.error:
        raise seen.error
    if website and seen.server.startswith("SeaweedFS"):  # it would create or delete a bucket
        raise StoreError(
            f"{store.bucket}: this server does not support websites; leave out --website"
        )
    if not seen.exists:
        return BucketState(False, seen.region)
    found: dict[str, Any] = {}
    unknown = set()
    for name, read in (SETTINGS | ({"website": WEBSITE} if website else {})).items():
        try:
            if (value := read_setting(store, *read)) is not None:
                found[name] = value
        except StoreError as exc:
            if not is_unsupported(store, exc):
                raise StoreError(f"reading the bucket's {WORDS[name]}: {exc}") from exc
            unknown.add(name)
        except ValueError:  # a policy that is no JSON
            unknown.add(name)
    return BucketState(True, seen.region, unknown=frozenset(unknown), **found)


def is_unsupported(store: S3Store, exc: StoreError) -> bool:
    """Say whether a server answered that it does not know a step, whatever its code.

    Not if it denied the step, is busy, or the credentials, region or bucket are wrong.
    """
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return False
    refusal = Refusal.of(cause)
    if refusal.code in OTHER_REASONS or refusal.status in (401, 403, 429):
        return False
    if refusal.status == 500:  # AWS means it when it says so
        return not on_aws(store.client.meta.endpoint_url)
    return 400 <= refusal.status < 500 or refusal.status == 501


def read_setting(store: S3Store, call: str, action: str, take: Callable[[Rule], Any]) -> Any:
    """Read one setting; None: it is not set."""
    with explained(store.bucket, None, action):
        try:
            answer = dict(getattr(store.client, call)(Bucket=store.bucket))
        except ClientError as exc:
            if exc.response["Error"]["Code"] in NOT_SET:
                return None
            raise
    answer.pop("ResponseMetadata", None)
    return take(answer)
