"""A bucket as a whole: does it answer, its region and address; list and delete buckets."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from etl.errors import SourceUnavailable, StoreError
from etl.extract.answer import TryAgain
from etl.extract.http import get
from etl.store.s3.client import CONFIG, addressing
from etl.store.s3.errors import ARN, RAISED, Asked, explained, sentence
from etl.store.s3.setup import Bucket
from etl.store.s3.store import S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Greeting:
    """A bucket's first answer. `error` is set if every request is refused.

    `date` is the time by the server's clock, `server` the name of its software, `request_id` what
    it calls the request.
    """

    exists: bool
    region: str
    date: datetime | None = None
    server: str = ""
    request_id: str = ""
    error: StoreError | None = None


def greet(store: S3Store) -> Greeting:
    """Ask for the bucket; if that is denied, list the folder, which the worker may do."""
    seen = Greeting(True, store.client.meta.region_name)
    try:
        with explained(store.bucket, None, "s3:ListBucket"):
            try:
                answer: Any = store.client.head_bucket(Bucket=store.bucket)
            except ClientError as exc:
                seen = _with_headers(seen, exc.response)
                if exc.response["Error"]["Code"] == "404":
                    return replace(seen, exists=False)
                folder = f"{store.folder}/".lstrip("/")
                answer = store.client.list_objects_v2(Bucket=store.bucket, Prefix=folder, MaxKeys=1)
    except StoreError as exc:
        # a connection that failed has no response, or one that is None
        answer = getattr(exc.__cause__, "response", None) or {}
        return replace(_with_headers(seen, answer), error=exc)
    return _with_headers(seen, answer)


def public_address(store: S3Store, region: str, key: str) -> str:
    """Return an object's URL without a signature. `region` is the bucket's. Raises StoreError."""
    style = addressing(store.bucket, store.client.meta.endpoint_url)
    config = CONFIG.merge(Config(signature_version=UNSIGNED, s3={"addressing_style": style}))
    with explained(store.bucket, None, "s3:GetObject"):
        stranger = boto3.session.Session().client("s3", region_name=region, config=config)
    where = {"Bucket": store.bucket, "Key": store.full_key(key)}
    return stranger.generate_presigned_url("get_object", Params=where)


def closed_to_all(url: str) -> str:
    """Request an object without credentials; return why it can't be read, empty if it can be."""
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # no login from ~/.netrc either
            with get(url, session, time.monotonic() + LIMIT_S):
                return ""
    except (SourceUnavailable, TryAgain) as exc:
        return str(exc).removeprefix(f"{url}: ")


def _with_headers(seen: Greeting, answer: Any) -> Greeting:
    """Add region, date and server from the headers of a response or an error response."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    date = headers.get("date")
    return replace(
        seen,
        region=headers.get("x-amz-bucket-region") or seen.region,
        date=parsedate_to_datetime(date) if date else seen.date,
        server=headers.get("server", seen.server),
        request_id=headers.get("x-amz-request-id", seen.request_id),
    )


LIMIT_S = 10.0
PAGE_SIZE = 1000  # AWS returns the buckets' regions only if the request has some parameter
COUNTED = 10_000  # stop counting here: a bucket may hold millions
ALL_BUCKETS = Asked("s3", "the list of buckets", "s3:ListAllMyBuckets", "*", f"{ARN}*")
EMPTY_IT = "empty it first: python app.py buckets --empty {name}"


def list_buckets(client: "S3Client") -> Iterator[Bucket]:
    """List the buckets of the credentials' account. Raises StoreError."""
    pages = client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": PAGE_SIZE})
    try:
        for found in (found for page in pages for found in page.get("Buckets", ())):
            created = found["CreationDate"].astimezone(UTC)
            yield Bucket(found["Name"], found.get("BucketRegion"), created)
    except TypeError as exc:  # after a redirect botocore looks for the name of a bucket
        raise StoreError(sentence(RecursionError(), ALL_BUCKETS)) from exc
    except RAISED as exc:
        raise StoreError(sentence(exc, ALL_BUCKETS)) from exc


def want_empty(client: "S3Client", name: str) -> None:
    """Raise StoreError unless the bucket exists and is empty; the message says what it holds.

    The server is not relied upon, since some servers delete a bucket with everything in it.
    """
    with explained(name, None, "s3:ListBucket"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=name)
        listed = (found for page in pages for found in page.get("Contents", ()))
        count = sum(1 for _ in islice(listed, COUNTED + 1))
    if count:
        amount = f"more than {COUNTED:,}" if count > COUNTED else f"{count:,}"
        what = f"{amount} object{'s' if count > 1 else ''}"
        raise StoreError(f"bucket {name!r} holds {what}; {EMPTY_IT.format(name=name)}")
    with explained(name, None, "s3:ListBucketVersions"):
        versions = client.list_object_versions(Bucket=name, MaxKeys=1)
    if versions.get("Versions") or versions.get("DeleteMarkers"):
        raise StoreError(
            f"bucket {name!r} holds old versions of removed objects; {EMPTY_IT.format(name=name)}"
        )


def delete_bucket(client: "S3Client", name: str) -> None:
    """Delete a bucket. Raises StoreError."""
    with explained(name, None, "s3:DeleteBucket"):
        client.delete_bucket(Bucket=name)
