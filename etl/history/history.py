"""The run history: one record per run, in history.json.

A failure that repeats the previous one in the same slot only increases `attempts` of that record,
so a source that is down for a day leaves one record and not thirty.
"""

from datetime import date

from msgspec import Struct

from etl.history.record import MOVES, SERVED, SUCCESS, Record
from etl.store import Store
from etl.store.json_state import decoded
from etl.store.layout import HISTORY


class History(Struct, frozen=True):
    """All records, oldest first."""

    records: list[Record]
    format: int = 1

    def last_success(self) -> Record | None:
        """Return the newest record of a run or restore that succeeded."""
        return next((r for r in reversed(self.records) if r.outcome in SERVED), None)

    def moved_to(self) -> str | None:
        """Return the id of the run last published or restored, according to the history."""
        moves = (r.published_run for r in reversed(self.records) if r.outcome in MOVES)
        return next(moves, None)

    def failing(self) -> list[Record]:
        """Return the failures since the last success, oldest first."""
        since = next(
            (n for n, r in enumerate(reversed(self.records)) if r.outcome in SUCCESS), None
        )
        records = self.records if since is None else self.records[len(self.records) - since :]
        return [record for record in records if record.outcome == "failed"]

    def slots_made(self, source: str) -> set[date]:
        """Return the slots for which a run of the source succeeded."""
        return {r.slot for r in self.records if r.outcome in SUCCESS and r.source == source}

    def success_of(self, run_id: str) -> Record | None:
        """Return the newest record after which the run's files were the published ones."""
        return next(
            (
                record
                for record in reversed(self.records)
                if record.outcome in SERVED and record.published_run == run_id
            ),
            None,
        )


def read(store: Store) -> tuple[History, str | None]:
    """Read the history and its ETag; an empty one if there is none. Raises StoreError."""
    stored = store.read(HISTORY)
    if stored is None:
        return History([]), None
    advice = (
        "restore an earlier version of it, or delete it to start a new history: the published "
        "data does not depend on it"
    )
    return decoded(store, HISTORY, stored, History, advice), stored.etag
