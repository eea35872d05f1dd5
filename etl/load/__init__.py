"""Load: write the tidy table to files, and publish the files to the folder."""

from typing import TYPE_CHECKING

from etl.store import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def upload_to_s3(
    client: "S3Client",
    bucket: str,
    key: str,
    upload: Upload,
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Upload one object to its full key and return its ETag, as etl.store.s3.upload does.

    Raises StateConflict if a condition does not hold, StoreError.
    """
    from etl.store.s3 import upload as s3  # loads boto3, which is heavy: only for uploads to S3

    return s3.upload_to_s3(
        client, bucket, key, upload, if_match=if_match, if_none_match=if_none_match
    )
