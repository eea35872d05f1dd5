"""The account's buckets: which there are, and what is in the way of deleting one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from etl.errors import StoreError
from etl.stores.s3_errors import explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1000  # AWS tells each bucket's region only where the request has a parameter
COUNTED = 10_000  # a bucket may hold millions
EMPTY_IT = "empty it first (Empty, in the S3 console; or: rclone delete REMOTE:{name})"


@dataclass(frozen=True)
class Bucket:
    """`region` is None where the server does not tell."""

    name: str
    region: str | None
    created: datetime


def list_buckets(client: "S3Client") -> Iterator[Bucket]:
    """All that the credentials own. Raises StoreError."""
    pages = client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": PAGE})
    with explained("*", None, "s3:ListAllMyBuckets"):
        for found in (found for page in pages for found in page.get("Buckets", ())):
            created = found["CreationDate"].astimezone(UTC)
            yield Bucket(found["Name"], found.get("BucketRegion"), created)


def want_empty(client: "S3Client", name: str) -> None:
    """Raises StoreError, which says what it holds, unless a bucket is there and empty.

    Asked by ourselves, since some servers delete a bucket whatever it holds.
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
            f"bucket {name!r} holds old versions of removed objects; "
            "empty it first (Empty, in the S3 console, removes them too)"
        )


def delete_bucket(client: "S3Client", name: str) -> None:
    """Raises StoreError."""
    with explained(name, None, "s3:DeleteBucket"):
        client.delete_bucket(Bucket=name)
