"""Write revisions.csv, which sums up how each series was revised."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.archive import tallies
from etl.archive.engine import (
    Engine,
    Progress,
    Trouble,
    is_of_the_bytes,
    map_with_progress,
    patiently,
)
from etl.archive.job import Job, job
from etl.archive.vintages import part_key, schema
from etl.errors import EtlError, StoreError
from etl.extract.sources import SOURCES
from etl.history.record import Failure
from etl.load.archive_package import describe_archive
from etl.load.table import read_whole, to_csv_table
from etl.settings.groups import Settings
from etl.store import Store, Upload
from etl.store.layout import REVISIONS
from etl.transform.revision_columns import DAYS
from etl.worker.scratch import scratch

AT_ONCE = 16  # tallies that are put together in one step
Pair = tuple[str | None, str]  # two slots, one after the other


def write_revisions(
    settings: Settings, store: Store, engine: Engine, slots: list[str], progress: Progress
) -> pd.DataFrame:
    """Compare each slot of the data set with the one before, and write a row for each series.

    Returns the table (columns as in `tallies.summary`). A task holds only two snapshots in memory.
    Raises StoreError, and EtlError if a task comes to nothing.
    """
    pairs: list[Pair] = [(None, slots[0]), *pairwise(slots)]
    found: list[pd.DataFrame] = []
    task = partial(tally, job(settings, store))
    for (_, slot), tallied in map_with_progress(engine, progress, "revisions", task, pairs):
        if isinstance(tallied, Trouble):
            raise EtlError(f"{slot}: {tallied.failure().message}")
        if isinstance(tallied, Failure):
            raise StoreError(tallied.message)
        found.append(tallied)
        if len(found) == AT_ONCE:  # tallies add up in any order and grouping
            found = [tallies.together(pd.concat(found, ignore_index=True))]
    table = tallies.summary(tallies.together(pd.concat(found, ignore_index=True)))
    with scratch() as folder:
        path = Path(folder) / REVISIONS
        days = {name: pd.to_datetime(table[name]) for name in DAYS}
        rows = pa.Table.from_pandas(table.assign(**days), preserve_index=False)
        pa.csv.write_csv(to_csv_table(rows), path)
        patiently(lambda: store.write(Upload(REVISIONS, path)))
    patiently(lambda: describe_archive(store, SOURCES[settings.source.data_set]))
    return table


class _Damaged(Exception):
    """A file of vintages/ that somebody has changed, or removed just now."""


def tally(job: Job, pair: Pair) -> pd.DataFrame | Failure:
    """Compare the files of two slots. This is the task that workers run.

    Returns a Failure if a file is damaged or gone; raises any other error.
    """
    job.verify()
    before, after = pair
    with scratch() as folder:
        read = partial(_read, job, Path(folder) / "part.parquet")
        try:
            return tallies.tally(read(before) if before else None, read(after), after)
        except _Damaged as exc:
            return Failure("StoreError", str(exc))


def _read(job: Job, path: Path, slot: str) -> pd.DataFrame:
    """Read a slot's file. Raises StoreError, and _Damaged."""
    key, wanted = part_key(slot), schema(SOURCES[job.settings.source.data_set].level).names
    if not job.store.download(key, path):
        raise _Damaged(f"{key} was removed at this moment")
    try:
        table = read_whole(path, wanted)
        if missing := [name for name in wanted if name not in table]:
            raise ValueError(f"it has no column {', '.join(missing)}")
    except (ValueError, OSError) as exc:
        if not is_of_the_bytes(exc):
            raise
        raise _Damaged(f"{key} can't be read ({exc}); delete it and run this again") from exc
    return table
