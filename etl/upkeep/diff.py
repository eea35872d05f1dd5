"""Compare two runs in the folder, and read what each run changed."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from etl.errors import StoreError
from etl.extract.sources import level_of
from etl.history import history
from etl.history import manifest as manifests
from etl.history.manifest import Manifest
from etl.history.record import Record
from etl.load import baseline, read_back
from etl.load.changes_file import read_changes
from etl.load.table import read_whole
from etl.store import Store
from etl.store.json_state import Malformed
from etl.store.layout import CHANGES, run_key
from etl.store.parallel import in_parallel
from etl.transform.changes import compare
from etl.transform.difference import Difference
from etl.upkeep import versions
from etl.worker.scratch import scratch


def diff(store: Store, before: str, after: str | None) -> tuple[str, Difference]:
    """Compare two runs, named as for `restore`. Return the id of `after` and the difference.

    `after` is the published run if None. Raises StoreError.
    """
    published, (past, _) = manifests.read(store), history.read(store)
    if published is None:
        raise versions.nothing_published(store)
    old, new = (
        versions.find_run(store, wanted, published.manifest, past)
        for wanted in (before, after or published.manifest.run_id)
    )
    with scratch() as work:
        return new.run_id, difference_between(store, old, new, Path(work))


def difference_between(store: Store, before: Manifest, after: Manifest, work: Path) -> Difference:
    """Compare the tables of two runs, downloaded into `work`. Raises StoreError."""
    was, level = level_of(before.source.name), level_of(after.source.name)
    runs = f"runs {before.run_id} and {after.run_id} can't be compared"
    if was != level:
        raise StoreError(f"{runs}: one has {was}, the other {level}")
    earlier = baseline.of_run(store, before, work)
    try:
        path = read_back.fetch_table(store, after.run_id, work / "after.parquet")
        rows, pieces = read_whole(path, baseline.compared_columns(level)), earlier.pieces()
        names = {**earlier.names(), **baseline.series_names(store, after.run_id, level)}
        found = compare(rows, pieces, names=names)
    except (ValueError, OSError) as exc:
        raise StoreError(f"{runs}: {exc}; check each: python app.py get") from exc
    return replace(
        found,
        compared_with=before.run_id,
        last_date_before=before.source.last_date,
        last_date=after.source.last_date,
    )


def changes_by_run(
    store: Store, records: Sequence[Record]
) -> list[tuple[Record, Difference | None]]:
    """Read what each published run changed from its changes.json; None if that file is gone.

    Raises StoreError.
    """
    found: dict[str, Difference] = {}

    def read(record: Record) -> None:
        key = run_key(record.run_id, CHANGES)
        stored = store.read(key)
        if stored is None:
            return
        try:
            found[record.run_id] = read_changes(stored.body)
        except Malformed as exc:
            raise StoreError(f"{store.address}/{key} can't be read: {exc}") from exc

    in_parallel(read, records)
    return [(record, found.get(record.run_id)) for record in records]
