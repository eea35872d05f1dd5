"""What each snapshot says otherwise than the one before it. Pure."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.report.month import Month

MEASURES = ("cases", "deaths")
COUNTS = ["cumulative_cases", "cumulative_deaths"]
RESTATED = ["cells_compared", "cells_restated", "cases_restated", "deaths_restated"]


def restatements(table: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A row a snapshot and country: RESTATED's columns, over the month and the month before.

    `table`: `snapshot, country_key` (categorical), `date` and COUNTS. A cell is a measure of a
    country on a day; `cases_restated` is the difference on the last day that both have.
    """
    table = table[(table["date"] >= np.datetime64(month.before.first)).to_numpy()]
    runs, keys = (table[name].cat.codes.to_numpy() for name in ("snapshot", "country_key"))
    days = table["date"].to_numpy()
    table = table.iloc[np.lexsort((runs, days, keys))]
    again = _same_as_above(table["country_key"].cat.codes) & _same_as_above(table["date"])
    cells = table.loc[again, ["snapshot", "country_key"]].reset_index(drop=True)
    for measure, count in zip(MEASURES, COUNTS, strict=True):
        values = table[count].to_numpy().astype(np.int64)
        cells[f"{measure}_restated"] = np.diff(values, prepend=0)[again]
    differing = [cells[f"{measure}_restated"] != 0 for measure in MEASURES]
    cells["cells_compared"] = len(MEASURES)
    cells["cells_restated"] = sum(column.astype(np.int64) for column in differing)
    net = {f"{measure}_restated": "last" for measure in MEASURES}
    how = {"cells_compared": "sum", "cells_restated": "sum", **net}
    changed = cells.groupby(["snapshot", "country_key"], observed=True).agg(how)
    return changed[RESTATED].reset_index()


def _same_as_above(column: "pd.Series[int]") -> NDArray[np.bool_]:
    values = column.to_numpy()
    same: NDArray[np.bool_] = np.r_[False, values[1:] == values[:-1]][: len(values)]
    return same
