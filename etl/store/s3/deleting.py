"""Delete many objects with one request."""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from etl.store.parallel import in_parallel
from etl.store.s3.errors import Refusal, explain, explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 1000  # S3's limit
ACTION = "s3:DeleteObject"
CAN_NOT = (400, 405, 501)  # the statuses by which a server says that it lacks this request


def delete_all(client: "S3Client", bucket: str, keys: Iterable[str]) -> None:
    """Delete the objects; no error for those that don't exist. Raises StoreError.

    A server that can't delete several at once gets a request for each.
    """
    left, together = iter(keys), True
    while batch := list(islice(left, AT_ONCE)):
        together = together and _delete_together(client, bucket, batch)
        if not together:
            in_parallel(lambda key: _delete(client, bucket, key), batch)


def _delete_together(client: "S3Client", bucket: str, keys: list[str]) -> bool:
    """Delete the objects by one request. False: the server can't do that."""
    objects: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    with explained(bucket, keys[0], ACTION):
        try:
            answer = client.delete_objects(Bucket=bucket, Delete=objects)
        except ClientError as exc:
            if Refusal.of(exc).status in CAN_NOT:
                return False
            raise
    for fault in answer.get("Errors", ()):
        if fault.get("Code") != "NoSuchKey":
            refused = ClientError({"Error": dict(fault)}, "DeleteObjects")  # type: ignore[typeddict-item]
            raise explain(refused, bucket=bucket, key=fault.get("Key"), action=ACTION) from refused
    return True


def _delete(client: "S3Client", bucket: str, key: str) -> None:
    with explained(bucket, key, ACTION):
        client.delete_object(Bucket=bucket, Key=key)
