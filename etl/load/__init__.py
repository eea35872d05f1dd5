"""Load: the tidy table becomes files, and the files become the folder."""

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
    """Put one object under its full key and return its ETag, as etl.store.s3.upload does.

    Raises StateConflict if a condition does not hold, StoreError.
    """
    from etl.store.s3 import upload as s3  # boto3: only who has a client pays for it

    return s3.upload_to_s3(
        client, bucket, key, upload, if_match=if_match, if_none_match=if_none_match
    )
