"""Make the changes of a plan one by one; undo one after which the bucket works less well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from etl.errors import StoreError
from etl.store.s3.client import on_aws
from etl.store.s3.errors import Refusal, explained, refuses_checksums
from etl.store.s3.setup import BucketChange, BucketState, undo
from etl.store.s3.setup.read import SETTINGS, WEBSITE, is_unsupported, read_setting
from etl.store.s3.setup.trial import Health, try_out
from etl.store.s3.store import S3Store

LEFT_OPEN = (
    "this server refuses all uploads once public ACLs are blocked; left open: no object has a "
    "public ACL unless you ask for it"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a change; `why` says it if something was left out or undone."""

    change: BucketChange
    made: bool = True
    why: str = ""

    @property
    def line(self) -> str:
        """Describe it for people, in one line."""
        word = "done" if self.made else "left out"
        return f"{word}: {self.change.sentence}" + f": {self.why}" * bool(self.why)


def make_changes(
    store: S3Store, found: BucketState, changes: Sequence[BucketChange]
) -> Iterator[Outcome]:
    """Make each change, try out the bucket after it, and yield what became of it.

    Raises StoreError, which names the change, if the server denies it or is busy.
    """
    health = Health()
    if found.exists:
        health = try_out(store)
        if health.denied and found.block.get("BlockPublicAcls") and (lifted := _lift(store, found)):
            yield lifted
            found = replace(found, block=found.block | {"BlockPublicAcls": False})
            health = try_out(store)
    for change in changes:
        if change.call == "create_bucket":
            _call(store, change)
            health = try_out(store)
            yield Outcome(change)
            continue
        outcome = _make(store, found, change, health)
        if change.call == "put_public_access_block" and outcome.made:
            found = replace(found, block=outcome.change.arguments[BLOCK])
        yield outcome


BLOCK = "PublicAccessBlockConfiguration"


def _make(store: S3Store, found: BucketState, change: BucketChange, before: Health) -> Outcome:
    try:
        _call(store, change)
    except StoreError as exc:
        if not is_unsupported(store, exc):
            raise
        return Outcome(change, False, f"not supported by this server ({_code(exc)})")
    if not (worse := try_out(store).worse_than(before)):
        return Outcome(change)
    if gentle := undo.gentler(change):
        _call(store, gentle)
        if not try_out(store).worse_than(before):
            return Outcome(gentle, True, LEFT_OPEN)
    return Outcome(change, False, f"undone, since {worse}{_undo(store, found, change, before)}")


def _undo(store: S3Store, found: BucketState, change: BucketChange, before: Health) -> str:
    """Undo a change, and say if the bucket does not work as before even then."""
    undoing = undo.undoing(found, change)
    # Ceph takes the removal of a setting that it does not know for the removal of the bucket.
    if not undoing.call.startswith("delete_") or _is_set(store, change):
        _call(store, undoing)
    still = try_out(store).worse_than(before)
    return f"; undoing it did not help: {still}" if still else ""


def _is_set(store: S3Store, change: BucketChange) -> bool:
    name = undo.REMOVING[change.call][0]
    return bool(read_setting(store, *(WEBSITE if name == "website" else SETTINGS[name])))


def _lift(store: S3Store, found: BucketState) -> Outcome | None:
    """Unblock public ACLs if uploads are refused only for them; never on AWS."""
    if on_aws(store.client.meta.endpoint_url):
        return None

    def blocking(acls: bool) -> BucketChange:
        block = {BLOCK: found.block | {"BlockPublicAcls": acls}}
        action = "s3:PutBucketPublicAccessBlock"
        return BucketChange("put_public_access_block", action, block, "allow uploads again")

    _call(store, blocking(False))
    if try_out(store).denied:
        _call(store, blocking(True))
        return None
    return Outcome(blocking(False), True, LEFT_OPEN)


def _call(store: S3Store, change: BucketChange) -> None:
    """Make a call of boto3's. Raises StoreError, which names the change."""
    try:
        with explained(store.bucket, None, change.action):
            getattr(store.client, change.call)(Bucket=store.bucket, **change.arguments)
    except StoreError as exc:
        raise StoreError(f"{change.sentence}: {exc}") from exc.__cause__


def _code(exc: StoreError) -> str:
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return ""
    refusal = Refusal.of(cause)
    why = "it refuses boto3's checksums, " * refuses_checksums(refusal)
    return why + (refusal.code or str(refusal.status))
