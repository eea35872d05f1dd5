"""Delete many objects with one request."""

from collections.abc import Iterable, Mapping, Sequence
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
    while batch := [(key, "") for key in islice(left, AT_ONCE)]:
        together = delete_versions(client, bucket, batch, together=together)


def delete_versions(
    client: "S3Client", bucket: str, versions: Sequence[tuple[str, str]], *, together: bool = True
) -> bool:
    """Delete up to 1,000 versions, each by its key and version id; an empty id: the object.

    Return whether one request did it. Raises StoreError.
    """
    listed = [{"Key": key} | ({"VersionId": id_} if id_ else {}) for key, id_ in versions]
    together = together and _delete_together(client, bucket, listed)
    if not together:
        in_parallel(lambda one: _delete(client, bucket, one), listed)
    return together


def _delete_together(client: "S3Client", bucket: str, listed: list[dict[str, str]]) -> bool:
    """Delete the objects by one request. False: the server can't do that."""
    objects: Any = {"Objects": listed, "Quiet": True}
    with explained(bucket, listed[0]["Key"], _action(listed[0])):
        try:
            answer = client.delete_objects(Bucket=bucket, Delete=objects)
        except ClientError as exc:
            if Refusal.of(exc).status in CAN_NOT:
                return False
            raise
    for fault in answer.get("Errors", ()):
        if fault.get("Code") != "NoSuchKey":
            refused = ClientError({"Error": dict(fault)}, "DeleteObjects")  # type: ignore[typeddict-item]
            action = _action({**fault})
            raise explain(refused, bucket=bucket, key=fault.get("Key"), action=action) from refused
    return True


def _delete(client: "S3Client", bucket: str, one: dict[str, str]) -> None:
    with explained(bucket, one["Key"], _action(one)):
        client.delete_object(Bucket=bucket, **one)  # type: ignore[arg-type]


def _action(one: Mapping[str, object]) -> str:
    return f"{ACTION}Version" if one.get("VersionId") else ACTION
