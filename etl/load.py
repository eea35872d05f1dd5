"""Load: the one way to S3, and many uploads at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

from etl.errors import StateConflict
from etl.stores import Store, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

AT_A_TIME = 16
Item = TypeVar("Item")


def upload_to_s3(
    client: "S3Client",
    bucket: str,
    key: str,
    upload: Upload,
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Put one object under its full key and return its ETag; a Path is streamed.

    Raises StateConflict where the object is not the one `if_match` names, or, with
    `if_none_match`, where there is one; StoreError for anything else that goes wrong.
    """
    from etl.stores.s3_errors import explained  # botocore is heavy: only who uploads pays for it

    request: PutObjectRequestTypeDef = {
        "Bucket": bucket,
        "Key": key,
        "ContentType": upload.content_type,
        "CacheControl": upload.cache_control,
        "Metadata": {"sha256": upload.sha256},
    }
    if if_match is not None:
        request["IfMatch"] = if_match
    if if_none_match:
        request["IfNoneMatch"] = "*"
    try:
        with explained(bucket, key, "s3:PutObject"), upload.open() as body:
            return client.put_object(**request | {"Body": body})["ETag"]
    except StateConflict as conflict:
        if etag := _own_first_try(client, conflict, request):
            return etag
        raise


def upload_all(
    store: Store,
    uploads: Sequence[Upload],
    *,
    at_a_time: int = AT_A_TIME,
    progress: Callable[[Upload], None] | None = None,
) -> None:
    """Write them all, some at a time; `progress` hears of each one that has arrived."""
    in_parallel(store.write, uploads, at_a_time=at_a_time, progress=progress)


def in_parallel(
    function: Callable[[Item], object],
    items: Iterable[Item],
    *,
    at_a_time: int = AT_A_TIME,
    progress: Callable[[Item], None] | None = None,
) -> None:
    """Call the function for every item in threads; `progress` is called in the caller's thread.

    After the first error nothing more is started; it is raised when the running calls have ended.
    """
    errors: list[BaseException] = []

    def call(item: Item) -> None:
        try:
            if not errors:
                function(item)
        except BaseException as exc:
            errors.append(exc)

    with ThreadPoolExecutor(at_a_time) as pool:
        calls = {pool.submit(call, item): item for item in items}
        try:
            for done in as_completed(calls):
                if errors:
                    raise errors[0]
                if progress:
                    progress(calls[done])
        except BaseException:  # a stop signal too
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _own_first_try(
    client: "S3Client", conflict: StateConflict, request: "PutObjectRequestTypeDef"
) -> str | None:
    """The ETag, if the conflict is with our own write: one that arrived, but whose answer was lost.

    botocore then sent it again, and the second try met the first.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    cause = conflict.__cause__
    if not isinstance(cause, ClientError) or not cause.response["ResponseMetadata"].get(
        "RetryAttempts"
    ):
        return None
    try:
        found = client.head_object(Bucket=request["Bucket"], Key=request["Key"])
    except (BotoCoreError, ClientError):
        return None
    return found["ETag"] if found["Metadata"] == request["Metadata"] else None
