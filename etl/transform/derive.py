"""The tidy table: averages, incidence and case fatality, and the facts of each country. Pure.

Everything here works on whole series, so a table can be processed in groups of series and is never
in memory in its full width.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.facts import FACT_COLUMNS
from etl.extract.sources.table import APART, CUMULATIVE, NEW, day_numbers, floats, starts
from etl.transform.columns import table_columns
from etl.transform.silence import columns_of, unreported

GROUP_ROWS = 15_000


def stale_keys(rows: pd.DataFrame, after_days: int) -> set[str]:
    """Return the keys of series that ended more than `after_days` before the table's last date."""
    last = rows.groupby(levels.key(rows), observed=True)["date"].max()
    limit = rows["date"].max() - pd.Timedelta(days=after_days)
    return set(last.index[last < limit])


def groups(rows: pd.DataFrame, at_least: int = GROUP_ROWS) -> Iterator[pd.DataFrame]:
    """Yield a table in groups of whole series, each with `at_least` rows except the last."""
    for begin, end in cuts(rows, at_least):
        yield rows.iloc[begin:end]


def cuts(rows: pd.DataFrame, at_least: int) -> Iterator[tuple[int, int]]:
    """Yield where each group of `groups` begins and ends."""
    first = np.flatnonzero(starts(rows))
    begin = 0
    for start in [*first[1:].tolist(), len(rows)]:
        if start - begin >= at_least or start == len(rows):
            yield begin, start
            begin = start


def tidy(rows: pd.DataFrame, countries: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """Build the tidy table from repaired rows of whole series: `table_columns(level)`, in order.

    `countries` has one row per country (region, place), as `etl.transform.merge.attach` returns it.
    Text is categorical, counts are Int64, dates datetime64[s]. A measure that the source lacks is
    missing throughout.
    """
    level, key = levels.level(rows), levels.key(rows)
    categories = rows[key].cat.categories
    by_code = countries.set_index(key).reindex(categories)
    codes = rows[key].cat.codes.to_numpy()
    table = {name: rows[name].array for name in (key, "date")}
    for name in (*levels.names(level)[1:], "iso3"):
        table[name] = by_code[name].astype("category").array.take(codes)
    unknown = pd.array([pd.NA], dtype="Int64").repeat(len(rows))
    for name in (*NEW, *CUMULATIVE):
        table[name] = rows[name].astype("Int64").array if name in rows else unknown
    for name in FACT_COLUMNS:
        table[name] = by_code[name].array.take(codes)
    for name in columns_of(rows):
        table[name] = rows[name].array
    table["stale"] = np.isin(codes, np.flatnonzero(categories.isin(stale)))
    frame = pd.DataFrame(table, copy=False)
    return add_case_fatality(add_weekly(frame))[table_columns(level)]


def add_weekly(table: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from the gain of 7 days, C(t) - C(t - 7 d), where C is a cumulative count.

    `cases_7d_avg` and `deaths_7d_avg` are the mean of new cases and deaths over 7 days: the gain
    divided by 7. `cases_7d_per_100k` is the incidence, the gain in cases per 100,000 people (ECDC's
    definition); missing where the population is unknown. It is never known for regions and places,
    whose `population` is their country's.

    If day t - 7 is in a gap, C is interpolated linearly across the gap. All three are missing where
    fewer than 7 days precede, and rounded to 4 places.
    """
    population = table["population"].to_numpy(dtype=float, na_value=np.nan)
    if levels.level(table) != "countries":
        population = np.full_like(population, np.nan)
    cases, deaths = _gained_in_7_days(table, "cases"), _gained_in_7_days(table, "deaths")
    return table.assign(
        cases_7d_avg=(cases / 7).round(4),
        deaths_7d_avg=(deaths / 7).round(4),
        cases_7d_per_100k=_divided(cases * 100_000, population).round(4),
    )


def add_case_fatality(table: pd.DataFrame) -> pd.DataFrame:
    """Add `case_fatality`: cumulative deaths / cumulative cases, a share (0.02 is 2 %).

    Missing where there are no cases, or one of the two is. Rounded to 6 places.
    """
    cases = floats(table["cumulative_cases"])
    deaths = floats(table["cumulative_deaths"])
    return table.assign(case_fatality=_divided(deaths, cases).round(6))


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    nothing = np.full_like(above, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)


def _gained_in_7_days(table: pd.DataFrame, measure: str) -> NDArray[np.float64]:
    """Return the increase over 7 days; days without a reported count are left out, and get NaN."""
    every = floats(table[f"cumulative_{measure}"])
    gained = np.full_like(every, np.nan)
    known = ~np.isnan(every) & ~unreported(table, measure)
    if known.any():
        dated = table[[levels.key(table), "date"]]
        gained[known] = _gained(dated if known.all() else dated[known], every[known])
    return gained


def _gained(table: pd.DataFrame, count: NDArray[np.float64]) -> NDArray[np.float64]:
    days = day_numbers(table)
    first = starts(table)
    country = np.cumsum(first) - 1
    # All series on one axis, for one call of np.interp. They are so far apart that looking back 7
    # days never reaches another series.
    axis = country * float(APART) + days
    before = np.interp(axis - 7, axis, count)
    seven_precede = days - days[first][country] >= 7
    return np.where(seven_precede, count - before, np.nan)
