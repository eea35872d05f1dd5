"""The record of a run in history.json, and how long a source has not changed. Pure."""

from collections.abc import Iterable
from datetime import date
from itertools import takewhile
from typing import Annotated, Literal

from msgspec import Meta, Struct

from etl.store.json_state import Moment, check_times
from etl.store.keys import valid_key, valid_name
from etl.store.layout import RAW

SUCCESS = ("published", "unchanged")  # the slot is done
MOVES = ("published", "restored")  # the published files changed
PAGE_NOT_MADE = "the page could not be made"  # how a warning of such a run begins
SERVED = ("published", "unchanged", "restored")  # the files of `published_run` are published now

Outcome = Literal["published", "unchanged", "restored", "failed"]


class Failure(Struct, frozen=True):
    """An error: `kind` is its class, and `message` is for the operator."""

    kind: str
    message: str


class Document(Struct, frozen=True, omit_defaults=True):
    """One of the source's documents: its digest, and the HTTP validators its server sent."""

    sha256: str
    etag: str | None = None
    last_modified: str | None = None


class InputsSeen(Struct, frozen=True, omit_defaults=True):
    """Digests and validators of a successful run's inputs, for the next run to compare.

    `fingerprint` is a digest of the settings and the code that shape the output.
    """

    fingerprint: str
    documents: list[Document] = []
    facts_sha256: str | None = None

    def digests(self) -> list[str]:
        return [document.sha256 for document in self.documents]


class KeptInput(Struct, frozen=True):
    """An archived input of a failed run; `sha256` is of the unpacked document."""

    key: str
    sha256: str

    def __post_init__(self) -> None:
        valid_key(self.key, within=RAW)


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"series": "countries"}):
    """A run or a restore. Times are in UTC; `seconds` is wall time.

    `slot` is the day the run was made for, or the day of the restore. `page`: whether a published
    run has a page of its own. `report` is the month whose report was made after the run. The
    monthly tasks that were begun after it are in `tasks_tried`, those that were finished in
    `tasks_done`.
    """

    run_id: str
    slot: date
    started_at: Moment
    outcome: Outcome
    source: str
    seconds: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    attempts: int = 1
    first_failed_at: Moment | None = None
    published_run: str | None = None
    rows: int | None = None
    series: int | None = None
    source_last: date | None = None
    restated: int | None = None
    warnings: list[str] = []
    report: str | None = None
    tasks_tried: list[str] = []
    tasks_done: list[str] = []
    forced: list[str] = []
    page: bool = True
    healed: bool = False
    failure: Failure | None = None
    kept: list[KeptInput] = []
    seen: InputsSeen | None = None

    def __post_init__(self) -> None:
        for run_id in filter(None, (self.run_id, self.published_run)):
            valid_name(run_id)
        check_times(self.slot, self.started_at, self.first_failed_at, self.source_last)


class Standstill(Struct, frozen=True):
    """The slots since which a source's last date and its bytes have been the same."""

    last_date: date
    last_date_since: date
    bytes_since: date


def standstill(records: Iterable[Record]) -> Standstill | None:
    """Return since when the source of the last run has not changed; None if no run has read one.

    `records` are the history's, oldest first. Failed runs and restores don't count: their records
    have no inputs.
    """
    looked = [
        (record, record.source_last, record.seen.digests())
        for record in records
        if record.seen and record.source_last
    ]
    if not looked:
        return None
    last, last_date, digests = looked[-1]
    of_source = list(takewhile(lambda one: one[0].source == last.source, reversed(looked)))
    *_, same_date = takewhile(lambda one: one[1] == last_date, of_source)
    *_, same_bytes = takewhile(lambda one: one[2] == digests, of_source)
    return Standstill(last_date, same_date[0].slot, same_bytes[0].slot)
