"""Load: the tidy table becomes files, and the files become the folder."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from etl.store import Upload


def upload_to_s3(
    client: "S3Client",
    bucket: str,
    key: str,
    upload: "Upload",
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Put one object under its full key and return its ETag; as etl.store.s3.upload does it."""
    from etl.store.s3 import upload as s3

    return s3.upload_to_s3(
        client, bucket, key, upload, if_match=if_match, if_none_match=if_none_match
    )
