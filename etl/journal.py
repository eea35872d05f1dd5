"""Writing the history: a record after each run, status.json, and inputs kept aside."""

from collections.abc import Sequence

import msgspec

from etl import history
from etl.errors import StateConflict
from etl.extract import Fetched
from etl.history import HISTORY, STATUS, History, KeptInput, Record
from etl.inputs import archive
from etl.stores import Store, Upload

TRIES = 8


def tell(store: Store, record: Record, stale_after_days: int) -> History:
    """Add a record to the history and bring status.json up to date. Raises StoreError."""
    past = append(store, record)
    finished = max(record.started_at, past.records[-1].started_at)
    status = history.status(past, finished, stale_after_days)
    store.write(Upload(STATUS, _readable(status)))
    return past


def keep_aside(
    store: Store, past: History, run_id: str, fetched: Sequence[Fetched]
) -> list[KeptInput]:
    """Archive what a failed run was given, unless the same bytes were kept already."""
    known = {kept.sha256: kept for record in past.records for kept in record.kept}
    kept = []
    for document in fetched:
        if document.sha256 not in known:
            entry, upload = archive(document, document.path.name, run_id)
            store.write(upload)
            known[document.sha256] = KeptInput(entry.key, entry.sha256)
        kept.append(known[document.sha256])
    return kept


def append(store: Store, record: Record) -> History:
    """Add a record, by compare-and-swap, whoever else is writing. Raises StoreError."""
    for attempt in range(1, TRIES + 1):
        past, etag = history.read(store)
        if record in past.records:
            return past
        past = History(_with(past.records, record))
        upload = Upload(HISTORY, _readable(past))
        try:
            store.write(upload, if_match=etag, if_none_match=etag is None)
        except StateConflict:
            # lost against another worker, or won by a request whose answer was lost: look again
            if attempt == TRIES:
                raise
            continue
        return past
    raise AssertionError("unreachable")


def _with(records: list[Record], record: Record) -> list[Record]:
    # a run that another worker healed meanwhile has a record by its hand already
    records = [known for known in records if known.run_id != record.run_id]
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


def _readable(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=1)
