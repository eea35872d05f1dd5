"""Upload one object to S3: the only place that calls put_object."""

from typing import TYPE_CHECKING, Any

from etl.errors import StateConflict
from etl.store import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

# A larger file is sent once the server has agreed to its headers (Expect: 100-continue), for which
# a small one would wait as long as for its answer. botocore does that for bytes, too, but not for a
# bytearray
SMALL_BYTES = 256_000


def upload_to_s3(
    client: "S3Client",
    bucket: str,
    key: str,
    upload: Upload,
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Upload one object under its full key and return its ETag; a large Path is streamed.

    Raises StateConflict if the object's ETag is not `if_match` or, with `if_none_match`, if the
    object exists; StoreError if anything else fails.
    """
    from etl.store.s3.errors import explained  # botocore is heavy, so import it late

    request: PutObjectRequestTypeDef = {
        "Bucket": bucket,
        "Key": key,
        "ContentType": upload.content_type,
        "CacheControl": upload.cache_control,
        "Metadata": {**upload.metadata, "sha256": upload.sha256},
    }
    if if_match is not None:
        request["IfMatch"] = if_match
    if if_none_match:
        request["IfNoneMatch"] = "*"
    try:
        with explained(bucket, key, "s3:PutObject"), upload.open() as file:
            body: Any = bytearray(file.read()) if upload.size <= SMALL_BYTES else file
            answer: Any = client.put_object(**request | {"Body": body})
            if "ETag" not in answer:
                answer = client.head_object(Bucket=bucket, Key=key)
            return strong(answer["ETag"])
    except StateConflict as conflict:
        if etag := _own_first_try(client, conflict, request):
            return etag
        raise


def strong(etag: str) -> str:
    """Return an ETag as AWS writes it: in quotes, and not weak (a proxy may have added `W/`)."""
    return '"' + etag.removeprefix("W/").strip('"') + '"'


def _own_first_try(
    client: "S3Client", conflict: StateConflict, request: "PutObjectRequestTypeDef"
) -> str | None:
    """Return the ETag if the conflict is with our own first try, else None.

    If the answer to a write is lost, botocore repeats the write, which then conflicts with the
    first one.
    """
    from botocore.exceptions import ClientError

    from etl.store.s3.errors import RAISED

    cause = conflict.__cause__
    if not isinstance(cause, ClientError) or not cause.response["ResponseMetadata"].get(
        "RetryAttempts"
    ):
        return None
    try:
        found = client.head_object(Bucket=request["Bucket"], Key=request["Key"])
    except RAISED:
        return None
    return strong(found["ETag"]) if found.get("Metadata") == request["Metadata"] else None
