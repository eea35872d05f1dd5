"""The run history: one record a run, in history.json, and status.json made from it.

A failure that repeats the one before it in the same slot is counted there (`attempts`), so that a
source that is down for a day leaves one line and not thirty.
"""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from etl.standstill import standstill
from etl.store import Store
from etl.store.json_state import decoded

HISTORY, STATUS = "history.json", "status.json"
SLOTS_SHOWN = 90
SUCCESS = ("published", "unchanged")  # the slot has its run
MOVES = ("published", "restored")  # readers got other files
SERVED = ("published", "unchanged", "restored")  # after it they had those of `published_run`

Outcome = Literal["published", "unchanged", "restored", "failed"]
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


class Failure(Struct, frozen=True):
    """`kind` is the error's class; `message` is for the operator."""

    kind: str
    message: str


class Document(Struct, frozen=True, omit_defaults=True):
    """One of the source's documents: its digest, and what its server recognises it by."""

    sha256: str
    etag: str | None = None
    last_modified: str | None = None


class Seen(Struct, frozen=True, omit_defaults=True):
    """What a successful run had before it: by this the next one knows that nothing is new.

    `fingerprint` stands for the settings and the code that shape the output.
    """

    fingerprint: str
    documents: list[Document] = []
    facts_sha256: str | None = None

    def digests(self) -> list[str]:
        return [document.sha256 for document in self.documents]


class KeptInput(Struct, frozen=True):
    """An input of a failed run that was kept aside; `sha256` is of the unpacked document."""

    key: str
    sha256: str


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run, or the restoring of one. Times are UTC, `seconds` is wall time.

    `slot` is the day it was made for; restoring makes no slot's run, it merely happened in one.
    `report` is the month whose report was made behind it.
    """

    run_id: str
    slot: date
    started_at: datetime
    outcome: Outcome
    source: str
    seconds: float = 0.0
    attempts: int = 1
    first_failed_at: datetime | None = None
    published_run: str | None = None
    rows: int | None = None
    countries: int | None = None
    source_last: date | None = None
    restated: int | None = None
    warnings: list[str] = []
    report: str | None = None
    forced: list[str] = []
    healed: bool = False
    failure: Failure | None = None
    kept: list[KeptInput] = []
    seen: Seen | None = None


class History(Struct, frozen=True):
    """All records, oldest first."""

    records: list[Record]
    format: int = 1

    def last_success(self) -> Record | None:
        """The newest record that says what readers had."""
        return next((r for r in reversed(self.records) if r.outcome in SERVED), None)

    def moved_to(self) -> str | None:
        """The run whose files readers were given last, as far as it was told."""
        moves = (r.published_run for r in reversed(self.records) if r.outcome in MOVES)
        return next(moves, None)

    def failing(self) -> list[Record]:
        """The failures since the last success, oldest first."""
        since = next(
            (n for n, r in enumerate(reversed(self.records)) if r.outcome in SUCCESS), None
        )
        records = self.records if since is None else self.records[len(self.records) - since :]
        return [record for record in records if record.outcome == "failed"]

    def slots_made(self, source: str) -> set[date]:
        return {r.slot for r in self.records if r.outcome in SUCCESS and r.source == source}

    def success_of(self, run_id: str) -> Record | None:
        """The newest record after which readers had this run's files."""
        return next(
            (
                record
                for record in reversed(self.records)
                if record.outcome in SERVED and record.published_run == run_id
            ),
            None,
        )


def read(store: Store) -> tuple[History, str | None]:
    """The history and its ETag; an empty one where there is none. Raises StoreError."""
    stored = store.read(HISTORY)
    if stored is None:
        return History([]), None
    advice = (
        "put an earlier version of it back, or delete it to begin a new history: the published "
        "data does not depend on it"
    )
    return decoded(store, HISTORY, stored, History, advice), stored.etag


class Slot(Struct, frozen=True, omit_defaults=True):
    """One square of the strip: `missed` where a slot has no record at all."""

    slot: date
    outcome: Literal["published", "unchanged", "restored", "failed", "missed"]
    why: str = ""


class Status(Struct, frozen=True):
    """status.json: small and public, without the operator's error messages.

    The slots since which the source's last date, and its bytes, are the same.
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
    """What the public may know, from a history that is not empty."""
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


# the better outcome stands for the slot; of a version and an older one restored, the later
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
