"""Add a record to the history after each run, and update the files made from the history."""

from collections.abc import Callable, Iterator

import msgspec

from etl.history import history
from etl.history import status as statuses
from etl.history.history import History
from etl.history.record import SUCCESS, Record
from etl.settings.groups import TableSettings
from etl.store import Store, Upload
from etl.store.json_state import readable, swap
from etl.store.layout import FEED, HISTORY, STATUS, home


def record(
    store: Store,
    new: Record,
    table: TableSettings,
    *,
    once_a_slot: bool = False,
    known: tuple[History, str | None] | None = None,
) -> History:
    """Add a record to the history and update status.json, and feed.xml after a publication.

    Without `feed` in OUTPUTS, a publication removes feed.xml.

    Return the new history. `once_a_slot` and `known` are as in `add`. Raises StoreError.
    """
    past = add(store, new, once_a_slot=once_a_slot, known=known)
    return _write_derived(store, past, table, feed=new.outcome == "published")


def _write_derived(store: Store, past: History, table: TableSettings, *, feed: bool) -> History:
    """Write status.json, and feed.xml if wanted, until they match the history; return that."""
    while True:
        for upload in _derived(past, table):
            if feed or upload.key != FEED:
                store.write(upload)
        if feed and "feed" not in table.outputs:
            store.delete(FEED)
        # another worker may have added a record in the meantime, and our older status.json may
        # have overwritten its newer one: repeat until the history stays the same
        latest, _ = history.read(store)
        if not latest.records or latest == past:
            return past
        past = latest


def failure(store: Store, new: Record, table: TableSettings) -> tuple[History, bool]:
    """Record a failure. If its slot has a success by now, add a warning to that one instead.

    So no failure follows a success of the same slot. Return the new history, and whether the
    failure itself is in it. Raises StoreError.
    """

    def added(records: list[Record]) -> list[Record]:
        if any(_covers(other, new, once_a_slot=False) for other in records):
            return records
        success = next((r for r in reversed(records) if _made(r, new)), None)
        if success is None:
            return _with(records, new, once_a_slot=True)
        why = f"{new.failure.kind}: {new.failure.message}" if new.failure else "unknown"
        warning = f"a process of this slot failed after the slot was done ({why})"
        if warning in success.warnings:
            return records
        noted = msgspec.structs.replace(success, warnings=[*success.warnings, warning])
        return [noted if r is success else r for r in records]

    past = _write_derived(store, _swap(store, added), table, feed=False)
    return past, not any(_made(record, new) for record in past.records)


def rewrite_derived(store: Store, past: History, table: TableSettings) -> None:
    """Write status.json and feed.xml if they don't match the history, as after a crash.

    Raises StoreError.
    """
    for upload in _derived(past, table):
        found = store.read(upload.key)
        if found is None or found.body != upload.body:
            store.write(upload)


def _derived(past: History, table: TableSettings) -> Iterator[Upload]:
    """Make feed.xml and status.json, unless the history is empty."""
    if "feed" in table.outputs:
        from etl.history.feed import atom  # brings an XML library

        if feed := atom(past, home(table.outputs), table.public_url):
            yield Upload(FEED, feed)
    if past.records:
        status = statuses.status(past, past.records[-1].started_at, table.stale_after_days)
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


def note(store: Store, change: Callable[[Record], Record], table: TableSettings) -> History:
    """Change the record of the last successful run; return the new history. Raises StoreError."""

    def noted(records: list[Record]) -> list[Record]:
        last = next((r for r in reversed(records) if r.outcome in SUCCESS), None)
        return [change(r) if r is last else r for r in records]

    past = _swap(store, noted)
    rewrite_derived(store, past, table)
    return past


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
