"""status.json: the public state of the runs, and the outcomes of the last 90 slots. Pure."""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from etl.history.history import History
from etl.history.record import Outcome, Record, standstill
from etl.store.json_state import Moment

SLOTS_SHOWN = 90


PUBLIC_REASONS = {
    "SourceUnavailable": "the source could not be reached",
    "SourceChanged": "the source changed its format",
    "DataRejected": "the data was refused",
    "StoreError": "the data could not be stored",
    "StateConflict": "another worker was writing too",
    "MachineError": "the worker's machine ran out of space",
    "Lost": "the run was interrupted",
}


PUT_BACK, FAILED = "an earlier version was restored", "the run failed"


REASONS = (*PUBLIC_REASONS.values(), PUT_BACK, FAILED)  # all possible values of `Slot.why`


class Slot(Struct, frozen=True, omit_defaults=True):
    """The outcome of a slot, shown as a square on the page; `missed` if it has no record."""

    slot: date
    outcome: Literal["published", "unchanged", "restored", "failed", "missed"]
    why: str = ""


class Status(Struct, frozen=True):
    """The content of status.json: small and public, without the operator's error messages.

    `last_date_since` and `bytes_since` are the slots since which the source's last date and its
    bytes have been the same.
    """

    checked_at: Moment
    outcome: Outcome
    why: str
    published_run: str | None
    source_last: date | None
    days_behind: int | None
    stale: bool
    slots: list[Slot]
    last_date_since: date | None = None
    bytes_since: date | None = None
    format: int = 1


def status(history: History, now: datetime, stale_after_days: int) -> Status:
    """Make status.json from a history, which must not be empty."""
    last = history.records[-1]
    success = history.last_success()
    source_last = success.source_last if success else None
    behind = (now.date() - source_last).days if source_last else None
    still = standstill(history.records)
    return Status(
        checked_at=now,
        outcome=last.outcome,
        why=public_reason(last),
        published_run=success.published_run if success else None,
        source_last=source_last,
        days_behind=behind,
        stale=behind is not None and behind > stale_after_days,
        slots=_slots(history.records, last.slot),
        last_date_since=still.last_date_since if still else None,
        bytes_since=still.bytes_since if still else None,
    )


def public_reason(record: Record) -> str:
    """Return why a run failed or what a restore did, for the public; empty after a success."""
    if record.outcome == "restored":
        return PUT_BACK
    if record.failure is None:
        return ""
    return PUBLIC_REASONS.get(record.failure.kind, FAILED)


# A slot shows its best outcome; of a publication and a restore in one slot, the later one.
RANK = {"failed": 1, "unchanged": 2, "published": 3, "restored": 3}


def _slots(records: list[Record], until: date) -> list[Slot]:
    best: dict[date, Slot] = {}
    for record in records:
        slot = Slot(record.slot, record.outcome, public_reason(record))
        known = best.get(record.slot)
        if known is None or RANK[slot.outcome] >= RANK[known.outcome]:
            best[record.slot] = slot
    first = max(min(best), until - timedelta(days=SLOTS_SHOWN - 1))
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    return [best.get(day) or Slot(day, "missed") for day in days]
