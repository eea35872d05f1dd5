"""Add a record to the history after each run, and update the files made from the history."""

from collections.abc import Callable, Iterator

import msgspec

from etl.history import history
from etl.history import status as statuses
from etl.history.feed import atom
from etl.history.history import History
from etl.history.record import SUCCESS, Record
from etl.store import Store, Upload
from etl.store.json_state import readable, swap
from etl.store.layout import FEED, HISTORY, STATUS


def record(
    store: Store,
    new: Record,
    stale_after_days: int,
    *,
    once_a_slot: bool = False,
    known: tuple[History, str | None] | None = None,
) -> History:
    """Add a record to the history and update status.json, and feed.xml after a publication.

    Return the new history. `once_a_slot` and `known` are as in `add`. Raises StoreError.
    """
    past = add(store, new, once_a_slot=once_a_slot, known=known)
    while True:
        for upload in _derived(past, stale_after_days):
            if upload.key != FEED or new.outcome == "published":
                store.write(upload)
        # another worker may have added a record in the meantime, and our older status.json may
        # have overwritten its newer one: repeat until the history stays the same
        latest, _ = history.read(store)
        if not latest.records or latest == past:
            return past
        past = latest


def rewrite_derived(store: Store, past: History, stale_after_days: int) -> None:
    """Write status.json and feed.xml if they don't match the history, as after a crash.

    Raises StoreError.
    """
    for upload in _derived(past, stale_after_days):
        found = store.read(upload.key)
        if found is None or found.body != upload.body:
            store.write(upload)


def _derived(past: History, stale_after_days: int) -> Iterator[Upload]:
    """Make feed.xml and status.json, unless the history is empty."""
    if feed := atom(past):
        yield Upload(FEED, feed)
    if past.records:
        status = statuses.status(past, past.records[-1].started_at, stale_after_days)
        yield Upload(STATUS, readable(status))


def add(
    store: Store,
    new: Record,
    *,
    once_a_slot: bool = False,
    known: tuple[History, str | None] | None = None,
) -> History:
    """Add a record by compare-and-swap, so that no other worker's is lost. Raises StoreError.

    `known` is a history and ETag read before, which saves reading them again.

    With `once_a_slot` a slot keeps one success: an `unchanged` record is not added to a slot that
    has a success, and a `published` record replaces the slot's other successes.
    """

    def added(records: list[Record]) -> list[Record]:
        if any(_covers(other, new, once_a_slot) for other in records):
            return records
        return _with(records, new, once_a_slot)

    return _swap(store, added, known)


def replace(store: Store, new: Record, stale_after_days: int) -> None:
    """Replace the existing record of a run. Raises StoreError."""

    def replaced(records: list[Record]) -> list[Record]:
        return [new if other.run_id == new.run_id else other for other in records]

    rewrite_derived(store, _swap(store, replaced), stale_after_days)


def _swap(
    store: Store,
    change: Callable[[list[Record]], list[Record]],
    known: tuple[History, str | None] | None = None,
) -> History:
    def changed(past: History) -> History:
        return msgspec.structs.replace(past, records=change(past.records))

    return swap(store, HISTORY, history.read, changed, known)


def _covers(other: Record, new: Record, once_a_slot: bool) -> bool:
    """Whether a new record is unnecessary because of `other`.

    `other` may be the new record itself (it was written, but the answer was lost), the run's own
    record if the new one was made by healing, or another worker's success for the slot.
    """
    if other.run_id == new.run_id:
        return other.outcome == new.outcome and (new.healed or not other.healed)
    return once_a_slot and new.outcome == "unchanged" and _made(other, new)


def _made(other: Record, new: Record) -> bool:
    """Whether `other` is a success for the same slot of the same source."""
    same = (other.slot, other.source) == (new.slot, new.source)
    return same and other.outcome in SUCCESS


def _with(records: list[Record], new: Record, once_a_slot: bool) -> list[Record]:
    if once_a_slot and new.outcome == "published":
        records = [r for r in records if r.run_id == new.run_id or not _made(r, new)]
    # a run healed by another worker, or one that failed after its commit, already has a record
    # with less in it; the new one keeps its place, since a later run may have been published since
    if any(other.run_id == new.run_id for other in records):
        return [new if other.run_id == new.run_id else other for other in records]
    before = records[-1] if records else None
    if before is not None and _repeats(new, before):
        counted = msgspec.structs.replace(
            new,
            attempts=before.attempts + 1,
            first_failed_at=before.first_failed_at or before.started_at,
            kept=new.kept or before.kept,
        )
        return [*records[:-1], counted]
    return [*records, new]


def _repeats(new: Record, before: Record) -> bool:
    """Whether both records are the same failure in the same slot."""
    same = (before.slot, before.failure) == (new.slot, new.failure)
    return before.outcome == new.outcome == "failed" and same
