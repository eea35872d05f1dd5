"""Buckets as data: arbitrary ones, and what a plan's calls make of them."""

import json
from collections.abc import Callable
from dataclasses import replace

from etl.store.s3.setup import BucketChange, BucketState, BucketWish, plan

SetUp = Callable[..., str]  # runs `setup` with options, and returns its output
WISH = BucketWish("news", "data/covid")
BARE = BucketState(True, "eu-west-1")


def made(found: BucketState, changes: list[BucketChange]) -> BucketState:
    """Return the bucket's state after S3 has made the changes."""
    found = replace(found, exists=True)
    for change in changes:
        given = change.arguments
        match change.call:
            case "put_public_access_block":
                found = replace(found, block=given["PublicAccessBlockConfiguration"])
            case "put_bucket_encryption":
                rules = given["ServerSideEncryptionConfiguration"]["Rules"]
                found = replace(found, encryption=rules)
            case "put_bucket_versioning":
                found = replace(found, versioning=given["VersioningConfiguration"]["Status"])
            case "put_bucket_lifecycle_configuration":
                rules = given["LifecycleConfiguration"]["Rules"]
                found = replace(found, lifecycle=found.lifecycle | {"Rules": rules})
            case "put_bucket_cors":
                found = replace(found, cors=given["CORSConfiguration"]["CORSRules"])
            case "put_bucket_policy":
                found = replace(found, policy=json.loads(given["Policy"]))
            case "put_bucket_website":
                found = replace(found, website=given["WebsiteConfiguration"])
            case _:
                assert change.call == "create_bucket"
    return found


def calls(found: BucketState, wish: BucketWish = WISH) -> list[str]:
    return [change.call for change in plan.plan_changes(found, wish)]
