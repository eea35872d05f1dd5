"""Write the history: a record after each run, and the files that are made from it."""

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
    """Add a record to the history and bring status.json up to date; after a publication feed.xml
    as well. Raises StoreError.

    `once_a_slot` and `known` are those of `add`.
    """
    past = add(store, new, once_a_slot=once_a_slot, known=known)
    while True:
        for upload in _derived(past, stale_after_days):
            if upload.key != FEED or new.outcome == "published":
                store.write(upload)
        # another worker may have added a record meanwhile, and written its status before ours
        latest, _ = history.read(store)
        if not latest.records or latest == past:
            return past
        past = latest


def rewrite_derived(store: Store, past: History, stale_after_days: int) -> None:
    """Write status.json and feed.xml if they don't agree with the history: a run broke off."""
    for upload in _derived(past, stale_after_days):
        found = store.read(upload.key)
        if found is None or found.body != upload.body:
            store.write(upload)


def _derived(past: History, stale_after_days: int) -> Iterator[Upload]:
    """feed.xml and status.json, unless the history is empty."""
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

    `known` is the history as it was read last, which saves reading it again.

    With `once_a_slot` a slot keeps one success: if two workers made it at the same moment and found
    nothing new, the second adds nothing; a publication replaces an `unchanged`.
    """

    def added(records: list[Record]) -> list[Record]:
        if any(_stands_for(other, new, once_a_slot) for other in records):
            return records
        return _with(records, new, once_a_slot)

    return _swap(store, added, known)


def replace(store: Store, new: Record, stale_after_days: int) -> None:
    """Replace the record that a run has already. Raises StoreError."""

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


def _stands_for(other: Record, new: Record, once_a_slot: bool) -> bool:
    """Whether the history says already what a new record says.

    `other` may be the new record itself (it was written, but the answer was lost), the run's own
    record while the new one was made in healing, or the success of another worker.
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
    # a run that was healed meanwhile, or failed after its commit, has a record that says less; it
    # keeps its place, since another run may have been published after it
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
    """Whether both are the same failure, in the same slot."""
    same = (before.slot, before.failure) == (new.slot, new.failure)
    return before.outcome == new.outcome == "failed" and same
