"""Empty a bucket: all its objects, former versions and delete markers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from etl.errors import StoreError
from etl.store.s3.deleting import CAN_NOT, delete_versions
from etl.store.s3.errors import Refusal, explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Version = tuple[str, str]  # key, version id; the id is empty on a server without versions


def count_versions(client: "S3Client", bucket: str, most: int) -> int:
    """Count the objects and versions, up to `most` and one page more. Raises StoreError."""
    count, marker = 0, dict[str, str]()
    while count <= most:
        versions, marker = _page(client, bucket, marker)
        count += len(versions)
        if not marker:
            break
    return count


def empty_bucket(client: "S3Client", bucket: str) -> Iterator[int]:
    """Delete everything, and yield after each request how much it deleted.

    Raises StoreError if something can't be deleted, or is still there after it was.
    """
    before: list[Version] = []
    while True:
        # always the first page: what was on it before has gone
        versions, _ = _page(client, bucket, {})
        if not versions:
            return
        if versions[0] in before:
            raise StoreError(
                f"bucket {bucket!r}: {versions[0][0]} is still there after its removal"
            )
        delete_versions(client, bucket, versions)
        yield len(versions)
        before = versions


def _page(
    client: "S3Client", bucket: str, marker: dict[str, str]
) -> tuple[list[Version], dict[str, str]]:
    """List up to 1,000 versions; return them, and where the next page begins, if there is one."""
    with explained(bucket, None, "s3:ListBucketVersions"):
        try:
            answer: Any = client.list_object_versions(Bucket=bucket, **marker)  # type: ignore[arg-type]
        except ClientError as exc:
            if Refusal.of(exc).status not in CAN_NOT:
                raise
            return _page_of_objects(client, bucket, marker)
    found = (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))
    versions = [(one["Key"], one.get("VersionId", "")) for one in found]
    if not answer.get("IsTruncated"):
        return versions, {}
    following = {"KeyMarker": answer["NextKeyMarker"]}
    if version := answer.get("NextVersionIdMarker"):
        following["VersionIdMarker"] = version
    return versions, following


def _page_of_objects(
    client: "S3Client", bucket: str, marker: dict[str, str]
) -> tuple[list[Version], dict[str, str]]:
    """List up to 1,000 objects of a server that knows no versions."""
    answer: Any = client.list_objects_v2(Bucket=bucket, **marker)  # type: ignore[arg-type]
    versions = [(one["Key"], "") for one in answer.get("Contents", ())]
    token = answer.get("NextContinuationToken")
    return versions, {"ContinuationToken": token} if token else {}
