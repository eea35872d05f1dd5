"""Count what each snapshot of a month restated of the earlier ones. Pure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.load.month import Month
from etl.transform.changes import Comparison

MEASURES = ("cases", "deaths")
COUNTS = ["cumulative_cases", "cumulative_deaths"]
RESTATED = ["cells_compared", "cells_restated", "cases_restated", "deaths_restated"]


def restatements(snapshots: Sequence[tuple[str, pd.DataFrame]], month: Month) -> pd.DataFrame:
    """Compare each snapshot of a source with the earlier ones, over the month and the one before.

    `snapshots`: run ids and rows, oldest first; the rows as SourceTable has them, with COUNTS.
    Returns `snapshot`, the key and the columns RESTATED, one row per snapshot and series. A cell
    is compared with the newest earlier snapshot that has that series and day, if both know it.
    """
    key = levels.key(snapshots[0][1])
    keys = pd.Index(sorted(set().union(*(rows[key].cat.categories for _, rows in snapshots))))
    known: pd.DataFrame | None = None
    counts = []
    for _, every in snapshots:
        rows = every[(every["date"] >= np.datetime64(month.before.first)).to_numpy()]
        rows = rows.assign(**{key: rows[key].cat.set_categories(keys)})
        comparison = Comparison(rows, COUNTS, known_only=True)
        if known is not None:
            here_too = comparison.add(known)
            rows = _updated(known[~here_too], rows)
        counts.append(_counts(comparison))
        known = rows
    table = pd.DataFrame(np.concatenate(counts, axis=1).T, columns=RESTATED)
    table.insert(0, "snapshot", np.repeat([run_id for run_id, _ in snapshots], len(keys)))
    table.insert(1, key, np.tile(keys.to_numpy(), len(snapshots)))
    return table[table["cells_compared"] > 0]


def _updated(missing: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the rows that only earlier snapshots have, so that the next one is compared with all."""
    if missing.empty:
        return rows
    table = pd.concat([rows, missing], ignore_index=True)
    codes = table[levels.key(table)].cat.codes.to_numpy()
    return table.iloc[np.lexsort((table["date"].to_numpy(), codes))]


def _counts(comparison: Comparison) -> NDArray[np.int64]:
    """Return an array with a row for each of RESTATED and a column per series."""
    cases, deaths = (comparison.tally(count) for count in COUNTS)
    compared, restated = cases.compared + deaths.compared, cases.restated + deaths.restated
    return np.stack([compared, restated, cases.net, deaths.net]).astype(np.int64)
