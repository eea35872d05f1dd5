"""Writing the history: a record after each run, what is made from it, and inputs kept aside."""

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

Known = tuple[History, str | None]  # a history and its ETag


def tell(
    store: Store,
    record: Record,
    stale_after_days: int,
    *,
    once_a_slot: bool = False,
    known: Known | None = None,
) -> History:
    """Add a record to the history; bring status.json and, behind a publication, feed.xml up to
    date. Raises StoreError.

    `once_a_slot` and `known` are `append`'s.
    """
    past = append(store, record, once_a_slot=once_a_slot, known=known)
    while True:
        for upload in _made_from(past, stale_after_days):
            if upload.key != FEED or record.outcome == "published":
                store.write(upload)
        # another worker may have added a record meanwhile, and written its status before ours
        latest, _ = history.read(store)
        if not latest.records or latest == past:
            return past
        past = latest


def mend(store: Store, past: History, stale_after_days: int) -> None:
    """Write status.json and feed.xml again where they aren't the history's: a run broke off."""
    for upload in _made_from(past, stale_after_days):
        found = store.read(upload.key)
        if found is None or found.body != upload.body:
            store.write(upload)


def _made_from(past: History, stale_after_days: int) -> Iterator[Upload]:
    """feed.xml and status.json, as far as the history has something to tell."""
    if feed := atom(past):
        yield Upload(FEED, feed)
    if past.records:
        status = statuses.status(past, past.records[-1].started_at, stale_after_days)
        yield Upload(STATUS, readable(status))


def append(
    store: Store, record: Record, *, once_a_slot: bool = False, known: Known | None = None
) -> History:
    """Add a record, by compare-and-swap, whoever else is writing. Raises StoreError.

    `known` is the history as it was read last, which saves reading it again.

    With `once_a_slot` a slot keeps one success: of two workers that made it at the same moment and
    found nothing new, the second adds nothing; a publication takes the place of an `unchanged`.
    """

    def added(records: list[Record]) -> list[Record]:
        if any(_stands_for(other, record, once_a_slot) for other in records):
            return records
        return _with(records, record, once_a_slot)

    return _swap(store, added, known)


def amend(store: Store, record: Record, stale_after_days: int) -> None:
    """Put a record in the place of the one its run has already. Raises StoreError."""

    def amended(records: list[Record]) -> list[Record]:
        return [record if known.run_id == record.run_id else known for known in records]

    mend(store, _swap(store, amended), stale_after_days)


def _swap(
    store: Store, change: Callable[[list[Record]], list[Record]], known: Known | None = None
) -> History:
    def changed(past: History) -> History:
        return msgspec.structs.replace(past, records=change(past.records))

    return swap(store, HISTORY, history.read, changed, known)


def _stands_for(known: Record, record: Record, once_a_slot: bool) -> bool:
    """Whether what a record says is there already: by itself (its write arrived, its answer did
    not), by the run's own, which says more than one made in healing, or by another worker's."""
    if known.run_id == record.run_id:
        return known.outcome == record.outcome and (record.healed or not known.healed)
    return once_a_slot and record.outcome == "unchanged" and _made(known, record)


def _made(known: Record, record: Record) -> bool:
    """Whether `known` is a success for the same slot of the same source."""
    same = (known.slot, known.source) == (record.slot, record.source)
    return same and known.outcome in SUCCESS


def _with(records: list[Record], record: Record, once_a_slot: bool) -> list[Record]:
    if once_a_slot and record.outcome == "published":
        records = [k for k in records if k.run_id == record.run_id or not _made(k, record)]
    # a run that was healed meanwhile, or failed behind its commit, has a record that says less; it
    # keeps its place, since another run may have been published behind it
    if any(known.run_id == record.run_id for known in records):
        return [record if known.run_id == record.run_id else known for known in records]
    before = records[-1] if records else None
    if (
        before is not None
        and before.outcome == record.outcome == "failed"
        and (before.slot, before.failure) == (record.slot, record.failure)
    ):
        counted = msgspec.structs.replace(
            record,
            attempts=before.attempts + 1,
            first_failed_at=before.first_failed_at or before.started_at,
            kept=record.kept or before.kept,
        )
        return [*records[:-1], counted]
    return [*records, record]
