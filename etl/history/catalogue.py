"""catalogue.json: what the archive holds in addition to the worker's own runs and inputs.

That is imported snapshots, and runs rebuilt from snapshots. Neither is in the history, which only
lists what readers were given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TypeVar

from msgspec import Struct

from etl.history.run_id import is_run_id
from etl.store import Store
from etl.store.json_state import Moment, check_times, decoded, swap
from etl.store.keys import valid_key
from etl.store.layout import CATALOGUE, RAW

AT_ONCE = 25  # `adding` collects this many entries for each write
Entry = TypeVar("Entry", "Imported", "Rebuilt")


class Archived(Struct, frozen=True):
    """A file in raw/; `sha256` is of the unpacked document, None if it was never recorded."""

    key: str
    sha256: str | None = None

    def __post_init__(self) -> None:
        valid_key(self.key, within=RAW)


class Imported(Struct, frozen=True):
    """An imported snapshot; `run_id` names its folder in raw/, `origin` is where it came from."""

    run_id: str
    slot: date
    source: str
    statistics: list[Archived]
    origin: str
    imported_at: Moment

    def __post_init__(self) -> None:
        _require_ids(self.run_id)
        check_times(self.slot, self.imported_at)


class Rebuilt(Struct, frozen=True, rename={"series": "countries"}):
    """A run rebuilt from a snapshot.

    `snapshot` names the snapshot's folder in raw/; `digests` are those of the source's documents.
    Rows, series and dates are those of the source, before any filter.
    """

    run_id: str
    snapshot: str
    slot: date
    source: str
    fingerprint: str
    made_at: Moment
    digests: list[str]
    facts_sha256: str | None
    rows: int
    series: int
    first_date: date | None
    last_date: date | None

    def __post_init__(self) -> None:
        _require_ids(self.run_id, self.snapshot)
        check_times(self.slot, self.made_at)


class Catalogue(Struct, frozen=True):
    """The content of catalogue.json; both lists are sorted by run id, so oldest first."""

    imported: list[Imported] = []
    rebuilt: list[Rebuilt] = []
    format: int = 1

    def newest(self) -> Mapping[str, Rebuilt]:
        """Return the newest run of each snapshot, by snapshot."""
        made = sorted(self.rebuilt, key=lambda run: run.made_at)
        return {run.snapshot: run for run in made}

    def since(self) -> Mapping[str, datetime]:
        """Return when each entry was added to the folder, by run id."""
        imported = {snapshot.run_id: snapshot.imported_at for snapshot in self.imported}
        return imported | {run.run_id: run.made_at for run in self.rebuilt}


def read(store: Store) -> Catalogue:
    """Read the catalogue; an empty one if there is none. Raises StoreError."""
    return _read(store)[0]


def add(store: Store, imported: Iterable[Imported] = (), rebuilt: Iterable[Rebuilt] = ()) -> None:
    """Add entries, replacing those with the same run id. Raises StoreError."""
    snapshots = {one.run_id: one for one in imported}
    runs = {one.run_id: one for one in rebuilt}
    if not snapshots and not runs:
        return

    def added(known: Catalogue) -> Catalogue:
        return Catalogue(
            _by_id({one.run_id: one for one in known.imported} | snapshots),
            _by_id({one.run_id: one for one in known.rebuilt} | runs),
        )

    _swap(store, added)


@contextmanager
def adding(
    store: Store, make: Callable[[Callable[[], None]], None] = lambda call: call()
) -> Iterator[Callable[[Imported | Rebuilt], None]]:
    """Yield a function that takes entries one by one and adds AT_ONCE of them per write.

    The rest is added at the end, also after an exception. `make` makes the calls that write; it may
    repeat them. Raises StoreError.
    """
    waiting: list[Imported | Rebuilt] = []

    def enter() -> None:
        imported = [entry for entry in waiting if isinstance(entry, Imported)]
        rebuilt = [entry for entry in waiting if isinstance(entry, Rebuilt)]
        make(lambda: add(store, imported, rebuilt))
        waiting.clear()

    def take(entry: Imported | Rebuilt) -> None:
        waiting.append(entry)
        if len(waiting) >= AT_ONCE:
            enter()

    try:
        yield take
    finally:
        enter()


def forget(store: Store, imported: Iterable[str], rebuilt: Iterable[str]) -> None:
    """Remove the entries of snapshots and runs that were deleted. Raises StoreError."""
    snapshots, runs = set(imported), set(rebuilt)

    def less(known: Catalogue) -> Catalogue:
        return Catalogue(
            [one for one in known.imported if one.run_id not in snapshots],
            [one for one in known.rebuilt if one.run_id not in runs],
        )

    _swap(store, less)


def _require_ids(*ids: str) -> None:
    for one in ids:
        if not is_run_id(one):
            raise ValueError(f"{one[:40]!r} is no id of a run")


def _by_id(entries: Mapping[str, Entry]) -> list[Entry]:
    return [entries[run_id] for run_id in sorted(entries)]


def _swap(store: Store, change: Callable[[Catalogue], Catalogue]) -> None:
    swap(store, CATALOGUE, _read, change)


def _read(store: Store) -> tuple[Catalogue, str | None]:
    stored = store.read(CATALOGUE)
    if stored is None:
        return Catalogue(), None
    advice = (
        "restore an earlier version of it, or move it away and run python app.py backfill, which "
        "lists again what raw/ and runs/ hold; until then nothing of that is cleared"
    )
    return decoded(store, CATALOGUE, stored, Catalogue, advice), stored.etag
