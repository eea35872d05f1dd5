"""World totals, and the last row of each series. Pure."""

import numpy as np
import pandas as pd

from etl.extract import levels
from etl.extract.sources.table import day_numbers, floats, measures, starts


def world(rows: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """Add up the countries that are not stale: `date, cumulative_*, new_*` (Int64).

    On a day that a country lacks, within its series or after its end, its last value counts. A
    measure is missing after the last day on which any country has it; `new_*` also on the first
    day.
    """
    key = levels.key(rows)
    alive = ~rows[key].isin(stale).to_numpy()
    countries = rows[key].cat.codes.to_numpy()[alive]
    days = (day_numbers(rows) - day_numbers(rows).min())[alive]
    total = pd.DataFrame(index=pd.date_range(rows["date"].min(), rows["date"].max(), unit="s"))
    for measure in measures(rows):
        column = f"cumulative_{measure}"
        # one row per day, one column per country
        counted = np.full((len(total), len(rows[key].cat.categories)), np.nan)
        counted[days, countries] = floats(rows[column])[alive]
        counted_days = np.flatnonzero(~np.isnan(counted).all(axis=1))
        sums = pd.DataFrame(counted).ffill().sum(axis=1).to_numpy(copy=True)
        if counted_days.size:
            sums[counted_days[-1] + 1 :] = np.nan
        total[column] = pd.array(sums).astype("Int64")
    for measure in measures(rows):
        total[f"new_{measure}"] = total[f"cumulative_{measure}"].diff()
    series: pd.DataFrame = total.rename_axis(index="date").reset_index()
    return series


def latest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last row of each series of a tidy table, with `active` (Int64) after the counts.

    `active` is cases - deaths - recoveries. It is missing where recoveries are not counted, or no
    longer counted (they fell back to 0).
    """
    key = levels.key(table)
    ends = np.r_[starts(table)[1:], True][: len(table)]
    last: pd.DataFrame = table[ends].reset_index(drop=True)
    had = table.groupby(key, observed=True)["cumulative_recoveries"].max()
    counted = floats(last["cumulative_recoveries"]) > 0
    never = floats(had.reindex(last[key].astype("str"))) == 0
    active = last["cumulative_cases"] - last["cumulative_deaths"] - last["cumulative_recoveries"]
    active = active.where(counted | never).astype("Int64")
    last.insert(list(last.columns).index("cumulative_recoveries") + 1, "active", active)
    return last
