"""The change that takes another one back, as data. Pure."""

import json
from collections.abc import Callable
from typing import Any

from etl.store.s3.setup import BucketChange, BucketState, Rule

# By the call that sets a setting: the field of BucketState that has what it was before, how boto3
# wants that, and the call that removes it.
REMOVING: dict[str, tuple[str, Callable[[Any], Rule], str]] = {
    "put_bucket_encryption": (
        "encryption",
        lambda rules: {"ServerSideEncryptionConfiguration": {"Rules": rules}},
        "delete_bucket_encryption",
    ),
    "put_bucket_lifecycle_configuration": (
        "lifecycle",
        lambda found: {"LifecycleConfiguration": {"Rules": found.get("Rules", [])}},
        "delete_bucket_lifecycle",
    ),
    "put_bucket_cors": (
        "cors",
        lambda rules: {"CORSConfiguration": {"CORSRules": rules}},
        "delete_bucket_cors",
    ),
    "put_bucket_policy": (
        "policy",
        lambda found: {"Policy": json.dumps(found)},
        "delete_bucket_policy",
    ),
    "put_bucket_website": (
        "website",
        lambda found: {"WebsiteConfiguration": found},
        "delete_bucket_website",
    ),
}


def gentler(change: BucketChange) -> BucketChange | None:
    """Return a weaker form of the change to try first: the blocks without BlockPublicAcls.

    Ceph refuses all uploads once public ACLs are blocked, since it takes boto3's for ACLs.
    """
    wanted: Rule = change.arguments.get("PublicAccessBlockConfiguration", {})
    if not wanted.get("BlockPublicAcls"):
        return None
    left = {"PublicAccessBlockConfiguration": wanted | {"BlockPublicAcls": False}}
    return BucketChange(change.call, change.action, left, f"{change.sentence}, except by ACLs")


def undoing(found: BucketState, change: BucketChange) -> BucketChange:
    """Return the change that restores `found`; versioning can only be suspended."""
    sentence = f"undo: {change.sentence}"
    if change.call == "put_bucket_versioning":
        left: Rule = {"VersioningConfiguration": {"Status": "Suspended"}}
        return BucketChange(change.call, change.action, left, sentence)
    if change.call == "put_public_access_block":
        names = change.arguments["PublicAccessBlockConfiguration"]
        left = {name: found.block.get(name, False) for name in names}
        arguments = {"PublicAccessBlockConfiguration": left}
        return BucketChange(change.call, change.action, arguments, sentence)
    field, given, delete = REMOVING[change.call]
    if before := getattr(found, field):
        return BucketChange(change.call, change.action, given(before), sentence)
    return BucketChange(delete, change.action, {}, sentence)
