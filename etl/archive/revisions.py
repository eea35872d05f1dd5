"""Write revisions.csv, which sums up how each series was revised, with dask.dataframe."""

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.archive import tallies
from etl.archive.cluster import Engine
from etl.archive.job import Job, job
from etl.archive.vintages import part_key, schema
from etl.errors import StoreError
from etl.extract.sources import SOURCES
from etl.load.table import read_whole, to_csv_table
from etl.settings.groups import Settings
from etl.store import Store, Upload
from etl.store.layout import REVISIONS
from etl.worker.scratch import scratch

AT_ONCE = 16  # tallies that are put together in one step
Pair = tuple[str | None, str]  # two slots, one after the other


def write_revisions(
    settings: Settings, store: Store, engine: Engine, slots: list[str]
) -> pd.DataFrame:
    """Compare each slot of the data set with the one before, and write a row for each series.

    Returns the table (columns as in `tallies.summary`). A task holds only two snapshots in memory.
    Raises StoreError.
    """
    import dask
    import dask.dataframe as dd

    shared = job(settings)
    nothing = pd.DataFrame(
        columns=schema(SOURCES[settings.source.data_set].level).names, dtype=object
    )
    meta = tallies.tally(None, nothing, "")
    pairs: list[Pair] = [(None, slots[0]), *pairwise(slots)]
    with dask.config.set({"dataframe.convert-string": False}):
        tallied: Any = dd.from_map(partial(tally, shared), pairs, meta=meta)
        whole = tallied.reduction(
            tallies.together, aggregate=tallies.together, meta=meta, split_every=AT_ONCE
        )
        table = tallies.summary(engine.compute(whole))
    with scratch() as folder:
        path = Path(folder) / REVISIONS
        rows = pa.Table.from_pandas(table, preserve_index=False)
        pa.csv.write_csv(to_csv_table(rows), path)
        store.write(Upload(REVISIONS, path))
    return table


def tally(job: Job, pair: Pair) -> pd.DataFrame:
    """Compare the files of two slots. This is the task that workers run."""
    job.verify()
    before, after = pair
    with scratch() as folder:
        read = partial(_read, job, Path(folder) / "part.parquet")
        return tallies.tally(read(before) if before else None, read(after), after)


def _read(job: Job, path: Path, slot: str) -> pd.DataFrame:
    """Read a slot's file. Raises StoreError, also if somebody has changed the file."""
    key, wanted = part_key(slot), schema(SOURCES[job.settings.source.data_set].level).names
    if not job.store.download(key, path):
        raise StoreError(f"{key} was removed at this moment")
    try:
        table = read_whole(path, wanted)
        if missing := [name for name in wanted if name not in table]:
            raise ValueError(f"it has no column {', '.join(missing)}")
    except (ValueError, OSError) as exc:
        raise StoreError(f"{key} can't be read ({exc}); delete it: it is made anew") from exc
    return table
