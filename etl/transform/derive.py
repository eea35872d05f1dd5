"""The tidy table, in pure pandas: repair, derive, merge.

Everything here works on whole countries, so that a table can be worked through in groups of
countries and never has to stand in memory in its full width.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels

MEASURES = ("cases", "deaths", "recoveries")
NEW = [f"new_{measure}" for measure in MEASURES]
CUMULATIVE = [f"cumulative_{measure}" for measure in MEASURES]
FACTS = [
    "continent",
    "country_classification",
    "government_type",
    "corruption_perception",
    "development_status",
    "land_conditions",
    "gdp_per_unit_of_energy_use",
    "population",
    "urban_population_pct",
]
FIGURES = [
    "iso3",
    "date",
    *NEW,
    *CUMULATIVE,
    "cases_7d_avg",
    "deaths_7d_avg",
    "cases_7d_per_100k",
    "case_fatality",
    "stale",
    *FACTS,
]
COLUMNS = [*levels.names("countries"), *FIGURES]
GROUP_ROWS = 15_000
APART = 4_000_000  # days from country to country on one axis: more than the years 1 to 9999 have


@dataclass(frozen=True)
class Corrections:
    """What `repair` found, in cells (one measure of one country on one day) and days."""

    new_recomputed: int = 0
    new_negative: int = 0
    new_unknowable: int = 0
    days_missing: int = 0


def measures(rows: pd.DataFrame) -> list[str]:
    """Those of MEASURES that the source has."""
    return [measure for measure in MEASURES if f"cumulative_{measure}" in rows]


def counts(column: "pd.Series[Any]") -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """A column of counts as int32, and where they are known; those that aren't are 0."""
    known = column.notna().to_numpy()
    return column.to_numpy(dtype=np.int32, na_value=0), known


def starts(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a row is its country's (region's, place's) first."""
    codes = rows[levels.key(rows)].cat.codes.to_numpy()
    first: NDArray[np.bool_] = np.r_[True, codes[1:] != codes[:-1]][: len(codes)]
    return first


def day_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """`date` as days since 1970-01-01."""
    return rows["date"].to_numpy().astype("datetime64[D]").astype(np.int64)


def repair(rows: pd.DataFrame) -> tuple[pd.DataFrame, Corrections]:
    """Recompute `new_*` from `cumulative_*`, whatever the source says, of the measures it has.

    The difference to the day before: signed, so that a correction by the source shows; missing
    (Int32) where one of the two is not there. Rows as SourceTable has them.
    """
    first = starts(rows)
    steps = np.diff(day_numbers(rows), prepend=0)
    missing_days = int((steps[~first] - 1).sum())
    recomputed = negative = unknowable = 0
    repaired = rows.copy(deep=False)
    for measure in measures(rows):
        count, counted = counts(rows[f"cumulative_{measure}"])
        known = ~first & (steps == 1) & counted & np.r_[True, counted[:-1]][: len(counted)]
        new = np.diff(count, prepend=np.int32(0))
        if f"new_{measure}" in rows:
            said, told = counts(rows[f"new_{measure}"])
            recomputed += int((new != said)[known & told].sum())
        negative += int((new < 0)[known].sum())
        unknowable += int((counted & ~known & ~first).sum())
        repaired[f"new_{measure}"] = pd.arrays.IntegerArray(np.where(known, new, 0), ~known)
    return repaired, Corrections(recomputed, negative, unknowable, missing_days)


def stale_keys(rows: pd.DataFrame, after_days: int) -> set[str]:
    """The countries whose series ended more than `after_days` before the table's last date."""
    last = rows.groupby(levels.key(rows), observed=True)["date"].max()
    limit = rows["date"].max() - pd.Timedelta(days=after_days)
    return set(last.index[last < limit])


def groups(rows: pd.DataFrame, at_least: int = GROUP_ROWS) -> Iterator[pd.DataFrame]:
    """Cut a table into groups of whole countries, each of `at_least` rows (but for the last)."""
    first = np.flatnonzero(starts(rows))
    begin = 0
    for start in [*first[1:].tolist(), len(rows)]:
        if start - begin >= at_least or start == len(rows):
            yield rows.iloc[begin:start]
            begin = start


def tidy(rows: pd.DataFrame, countries: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """Repaired rows of whole countries -> the tidy table: `columns(level)`, in that order.

    `countries`: one row a country (region, place) as `etl.transform.merge.attach` makes it. Text is
    categorical, counts are Int64, dates datetime64[s]. A measure the source lacks is missing
    throughout.
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
    for name in FACTS:
        table[name] = by_code[name].array.take(codes)
    table["stale"] = np.isin(codes, np.flatnonzero(categories.isin(stale)))
    frame = pd.DataFrame(table, copy=False)
    return add_case_fatality(add_incidence(add_averages(frame)))[columns(level)]


def columns(level: str) -> list[str]:
    """The tidy table's, at a level."""
    return [*levels.names(level), *FIGURES]


def add_averages(table: pd.DataFrame) -> pd.DataFrame:
    """Add `cases_7d_avg` and `deaths_7d_avg`: new ones a day, over the last 7 days.

    (C(t) - C(t - 7 d)) / 7, C being the cumulative count. Where day t - 7 lies in a gap, C is
    taken on the straight line across the gap, which spreads what came over its days. Missing where
    fewer than 7 days precede. Rounded to 4 places.
    """
    return table.assign(
        cases_7d_avg=(_gained_in_7_days(table, "cumulative_cases") / 7).round(4),
        deaths_7d_avg=(_gained_in_7_days(table, "cumulative_deaths") / 7).round(4),
    )


def add_incidence(table: pd.DataFrame) -> pd.DataFrame:
    """Add `cases_7d_per_100k`: cases of the last 7 days per 100,000 people (ECDC's definition).

    Missing where the population is unknown (that of regions and places always is: the facts are
    their country's) or fewer than 7 days precede. Rounded to 4 places.
    """
    population = table["population"].to_numpy(dtype=float, na_value=np.nan)
    if levels.level(table) != "countries":
        population = np.full_like(population, np.nan)
    gained = _gained_in_7_days(table, "cumulative_cases")
    return table.assign(cases_7d_per_100k=_divided(gained * 100_000, population).round(4))


def add_case_fatality(table: pd.DataFrame) -> pd.DataFrame:
    """Add `case_fatality`: cumulative deaths / cumulative cases, a share (0.02 is 2 %).

    Missing where there are no cases, or one of the two is. Rounded to 6 places.
    """
    cases = _floats(table["cumulative_cases"])
    deaths = _floats(table["cumulative_deaths"])
    return table.assign(case_fatality=_divided(deaths, cases).round(6))


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    nothing = np.full_like(above, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)


def _floats(column: "pd.Series[Any]") -> NDArray[np.float64]:
    """NaN where missing."""
    return column.to_numpy(dtype=float, na_value=np.nan)


def _gained_in_7_days(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Of the days whose count is known, from the other days whose count is known."""
    every = _floats(table[column])
    gained = np.full_like(every, np.nan)
    known = ~np.isnan(every)
    if known.any():
        gained[known] = _gained(table[known], every[known])
    return gained


def _gained(table: pd.DataFrame, count: NDArray[np.float64]) -> NDArray[np.float64]:
    days = day_numbers(table)
    first = starts(table)
    country = np.cumsum(first) - 1
    # one axis for all countries, far enough apart that no look-back leaves its own
    axis = country * float(APART) + days
    before = np.interp(axis - 7, axis, count)
    seven_precede = days - days[first][country] >= 7
    return np.where(seven_precede, count - before, np.nan)


def world(rows: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """World series: `date, cumulative_*, new_*` (Int64) of the measures there are, stale series
    left out.

    A day a country lacks inside its series, or behind its end, counts with its last value; behind
    the last day on which any country tells a measure it is missing. `new_*` is missing on the
    first day, too.
    """
    key = levels.key(rows)
    alive = ~rows[key].isin(stale).to_numpy()
    countries = rows[key].cat.codes.to_numpy()[alive]
    days = (day_numbers(rows) - day_numbers(rows).min())[alive]
    total = pd.DataFrame(index=pd.date_range(rows["date"].min(), rows["date"].max(), unit="s"))
    for measure in measures(rows):
        column = f"cumulative_{measure}"
        # a row a day, a column a country
        counted = np.full((len(total), len(rows[key].cat.categories)), np.nan)
        counted[days, countries] = _floats(rows[column])[alive]
        told = np.flatnonzero(~np.isnan(counted).all(axis=1))
        sums = pd.DataFrame(counted).ffill().sum(axis=1).to_numpy(copy=True)
        if told.size:
            sums[told[-1] + 1 :] = np.nan
        total[column] = pd.array(sums).astype("Int64")
    for measure in measures(rows):
        total[f"new_{measure}"] = total[f"cumulative_{measure}"].diff()
    series: pd.DataFrame = total.rename_axis(index="date").reset_index()
    return series


def latest(table: pd.DataFrame) -> pd.DataFrame:
    """The last row of each country of a tidy table, with `active` (Int64) behind the counts.

    `active`: cases - deaths - recoveries; missing where recoveries are not counted, or no longer
    (they fell back to 0).
    """
    key = levels.key(table)
    ends = np.r_[starts(table)[1:], True][: len(table)]
    last: pd.DataFrame = table[ends].reset_index(drop=True)
    had = table.groupby(key, observed=True)["cumulative_recoveries"].max()
    counted = _floats(last["cumulative_recoveries"]) > 0
    never = _floats(had.reindex(last[key].astype("str"))) == 0
    active = last["cumulative_cases"] - last["cumulative_deaths"] - last["cumulative_recoveries"]
    active = active.where(counted | never).astype("Int64")
    last.insert(list(last.columns).index("cumulative_recoveries") + 1, "active", active)
    return last
