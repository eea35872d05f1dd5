"""Read the doctor's findings in tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.store import S3Store
from etl.upkeep.doctor.finding import Finding

NOW = datetime(2021, 3, 1, 12, 0, tzinfo=UTC)
CANARIES = {
    "AWS_ACCESS_KEY_ID": "CANARY1KEYID",
    "AWS_SECRET_ACCESS_KEY": "CANARY2SECRET",
    "AWS_SESSION_TOKEN": "CANARY3SESSION",
}


def told(findings: Iterator[Finding]) -> str:
    return "\n".join(f"{f.level}: {f.what} -> {f.step}" for f in findings)


def troubles(findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level != "ok"]


def new_bucket() -> S3Store:
    store = S3Store.connect(f"checkup-{uuid4().hex}", "data/covid")
    store.client.create_bucket(Bucket=store.bucket)
    return store


def granted(bucket: str, *actions: str) -> dict[str, Any]:
    """Return the worker's policy, reduced to these actions."""
    objects, listing = worker_policy(BucketWish(bucket, "data/covid"))["Statement"]
    listed = [action for action in actions if action == "s3:ListBucket"]
    others = [action for action in actions if action != "s3:ListBucket"]
    return {"Statement": [objects | {"Action": others}, listing | {"Action": listed}]}
