"""What each snapshot says otherwise than the one before it. Pure."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.load.month import Month

MEASURES = ("cases", "deaths")
COUNTS = ["cumulative_cases", "cumulative_deaths"]
RESTATED = ["cells_compared", "cells_restated", "cases_restated", "deaths_restated"]


def restatements(table: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A row a snapshot and country: RESTATED's columns, over the month and the month before.

    `table`: the key and `snapshot` (categorical), `date` and COUNTS. A cell is a measure of a
    country on a day; `cases_restated` is the difference on the last day that both have. What one
    of the two does not know is not compared.
    """
    table = table[(table["date"] >= np.datetime64(month.before.first)).to_numpy()]
    key = levels.key(table)
    runs, keys = (table[name].cat.codes.to_numpy() for name in ("snapshot", key))
    days = table["date"].to_numpy()
    table = table.iloc[np.lexsort((runs, days, keys))]
    again = _same_as_above(table[key].cat.codes) & _same_as_above(table["date"])
    cells = table.loc[again, ["snapshot", key]].reset_index(drop=True)
    for measure, count in zip(MEASURES, COUNTS, strict=True):
        values = table[count].to_numpy(dtype=float, na_value=np.nan)
        cells[f"{measure}_restated"] = np.diff(values, prepend=np.nan)[again]
    steps = cells[[f"{measure}_restated" for measure in MEASURES]]
    cells["cells_compared"] = steps.notna().sum(axis=1)
    cells["cells_restated"] = (steps.notna() & (steps != 0)).sum(axis=1)
    net = {f"{measure}_restated": "last" for measure in MEASURES}
    how = {"cells_compared": "sum", "cells_restated": "sum", **net}
    changed = cells.groupby(["snapshot", key], observed=True).agg(how)
    return changed[RESTATED].fillna(0).astype(np.int64).reset_index()


def _same_as_above(column: "pd.Series[int]") -> NDArray[np.bool_]:
    values = column.to_numpy()
    same: NDArray[np.bool_] = np.r_[False, values[1:] == values[:-1]][: len(values)]
    return same
