"""status.json: what the public may know of the runs, and the last 90 slots. Pure."""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from etl.history.history import History
from etl.history.record import Outcome, Record, standstill

SLOTS_SHOWN = 90


PUBLIC_REASONS = {
    "SourceUnavailable": "the source could not be reached",
    "SourceChanged": "the source did not send what it used to",
    "DataRejected": "the data was refused",
    "StoreError": "the data could not be stored",
    "StateConflict": "another worker was at it",
    "Lost": "the run was broken off",
}


PUT_BACK, FAILED = "an earlier version was put back", "the run failed"


REASONS = (*PUBLIC_REASONS.values(), PUT_BACK, FAILED)  # all that a slot may have for its `why`


class Slot(Struct, frozen=True, omit_defaults=True):
    """One square of the strip: `missed` where a slot has no record at all."""

    slot: date
    outcome: Literal["published", "unchanged", "restored", "failed", "missed"]
    why: str = ""


class Status(Struct, frozen=True):
    """status.json: small and public, without the operator's error messages.

    `last_date_since`, `bytes_since`: slots since which the source's last date, or its bytes, are
    the same.
    """

    checked_at: datetime
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
    """Return what the public may know, from a history that is not empty."""
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
    if record.outcome == "restored":
        return PUT_BACK
    if record.failure is None:
        return ""
    return PUBLIC_REASONS.get(record.failure.kind, FAILED)


# a slot shows its best outcome; of a version and an older one that was restored, the later
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
