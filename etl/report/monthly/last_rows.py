"""snapshots.csv.gz: what each snapshot of the month said last about each series. Pure."""

import gzip
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.extract import levels
from etl.extract.sources.table import CUMULATIVE, NEW, SourceTable, ends
from etl.load.table import GZIP_LEVEL, to_csv_table
from etl.report.monthly.figures import Part
from etl.transform import report_columns
from etl.transform.merge import attach
from etl.transform.repair import repair

SNAPSHOTS_CSV = "snapshots.csv.gz"


def last_rows(table: SourceTable) -> pd.DataFrame:
    """Return the last row of each series: the columns of `entities`, `date`, new_*, cumulative_*.

    `new_*` is recomputed from `cumulative_*`, as in the tidy table. All are missing for a series
    without a day, and so are measures that the source lacks.
    """
    key = levels.key(table.rows)
    last = ends(table.rows)
    few = table.rows[last | np.r_[last[1:], False]].reset_index(drop=True)  # the last two of each
    repaired = repair(few)[0][ends(few)]
    by_key = repaired.set_index(repaired[key].astype("str"))
    counted = by_key.reindex(columns=["date", *NEW, *CUMULATIVE])
    counted = counted.astype(dict.fromkeys((*NEW, *CUMULATIVE), "Int64"))
    return table.entities.reset_index(drop=True).join(counted, on=key)


def snapshots_table(parts: Sequence[Part], facts: pd.DataFrame | None) -> pd.DataFrame:
    """Return a row per snapshot and series, oldest snapshot first, with the country's facts.

    The columns are those of `report_columns.snapshot_fields`.
    """
    frames: list[pd.DataFrame] = []
    named = described = pd.DataFrame()
    for part in parts:
        entities = part.last.drop(columns=["date", *NEW, *CUMULATIVE])
        if not entities.equals(named):  # they seldom change
            named, (described, _) = entities, attach(entities, facts)
        counted = part.last[["date", *NEW, *CUMULATIVE]].reset_index(drop=True)
        taken = pd.Timestamp(part.run_id[:10])  # run ids begin with the moment
        frames.append(
            pd.concat([described, counted], axis=1).assign(run_id=part.run_id, snapshot_date=taken)
        )
    level = levels.level(frames[-1])
    names = [field.name for field in report_columns.snapshot_fields(level)]
    return pd.concat(frames, ignore_index=True)[names]


def snapshots_csv(table: pd.DataFrame) -> bytes:
    """Write the table as a gzipped CSV; the same table gives the same bytes."""
    sink = io.BytesIO()
    pa.csv.write_csv(to_csv_table(pa.Table.from_pandas(table, preserve_index=False)), sink)
    return gzip.compress(sink.getvalue(), GZIP_LEVEL, mtime=0)
