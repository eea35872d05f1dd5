"""The tidy table, in pure pandas: repair, derive, merge.

Everything here works on whole countries, so that a table can be worked through in groups of
countries and never has to stand in memory in its full width.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
COLUMNS = [
    "country_key",
    "country",
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
GROUP_ROWS = 15_000
APART = 4_000_000  # days from country to country on one axis: more than the years 1 to 9999 have


@dataclass(frozen=True)
class Corrections:
    """What `repair` found, in cells (one measure of one country on one day) and days."""

    new_recomputed: int = 0
    new_negative: int = 0
    new_unknowable: int = 0
    days_missing: int = 0


def starts(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a row is its country's first."""
    codes = rows["country_key"].cat.codes.to_numpy()
    first: NDArray[np.bool_] = np.r_[True, codes[1:] != codes[:-1]][: len(codes)]
    return first


def day_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """`date` as days since 1970-01-01."""
    return rows["date"].to_numpy().astype("datetime64[D]").astype(np.int64)


def repair(rows: pd.DataFrame) -> tuple[pd.DataFrame, Corrections]:
    """Recompute `new_*` from `cumulative_*`, whatever the source says.

    The difference to the day before: signed, so that a correction by the source shows; missing
    (Int32) where the day before is not there. Rows as SourceTable has them.
    """
    known = ~starts(rows)
    steps = np.diff(day_numbers(rows), prepend=0)
    missing_days = int((steps[known] - 1).sum())
    first_days = int((~known).sum())
    known &= steps == 1
    repaired = rows.copy(deep=False)
    recomputed = negative = 0
    for measure in MEASURES:
        new = np.diff(rows[f"cumulative_{measure}"].to_numpy(), prepend=np.int32(0))
        recomputed += int((new != rows[f"new_{measure}"].to_numpy())[known].sum())
        negative += int((new < 0)[known].sum())
        repaired[f"new_{measure}"] = pd.arrays.IntegerArray(np.where(known, new, 0), ~known)
    unknowable = (int((~known).sum()) - first_days) * len(MEASURES)
    return repaired, Corrections(recomputed, negative, unknowable, missing_days)


def stale_keys(rows: pd.DataFrame, after_days: int) -> set[str]:
    """The countries whose series ended more than `after_days` before the table's last date."""
    last = rows.groupby("country_key", observed=True)["date"].max()
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
    """Repaired rows of whole countries -> the tidy table: exactly COLUMNS, in order.

    `countries`: one row a country as `etl.merge.attach` makes it. Text is categorical, counts
    are Int64, dates datetime64[s].
    """
    categories = rows["country_key"].cat.categories
    by_code = countries.set_index("country_key").reindex(categories)
    codes = rows["country_key"].cat.codes.to_numpy()
    table = {name: rows[name].array for name in ("country_key", "date")}
    for name in ("country", "iso3"):
        table[name] = by_code[name].astype("category").array.take(codes)
    for name in (*NEW, *CUMULATIVE):
        table[name] = rows[name].astype("Int64").array
    for name in FACTS:
        table[name] = by_code[name].array.take(codes)
    table["stale"] = np.isin(codes, np.flatnonzero(categories.isin(stale)))
    frame = pd.DataFrame(table, copy=False)
    return add_case_fatality(add_incidence(add_averages(frame)))[COLUMNS]


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

    Missing where the population is unknown or fewer than 7 days precede. Rounded to 4 places.
    """
    population = table["population"].to_numpy(dtype=float, na_value=np.nan)
    gained = _gained_in_7_days(table, "cumulative_cases")
    return table.assign(cases_7d_per_100k=_divided(gained * 100_000, population).round(4))


def add_case_fatality(table: pd.DataFrame) -> pd.DataFrame:
    """Add `case_fatality`: cumulative deaths / cumulative cases, a share (0.02 is 2 %).

    Missing where there are no cases. Rounded to 6 places.
    """
    cases = table["cumulative_cases"].to_numpy(dtype=float)
    deaths = table["cumulative_deaths"].to_numpy(dtype=float)
    return table.assign(case_fatality=_divided(deaths, cases).round(6))


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    nothing = np.full_like(above, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)


def _gained_in_7_days(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    count = table[column].to_numpy(dtype=float)
    days = day_numbers(table)
    first = starts(table)
    country = np.cumsum(first) - 1
    # one axis for all countries, far enough apart that no look-back leaves its own
    axis = country * float(APART) + days
    before = np.interp(axis - 7, axis, count)
    seven_precede = days - days[first][country] >= 7
    return np.where(seven_precede, count - before, np.nan)


def world(rows: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """World series: `date, cumulative_*, new_*` (Int64), stale series left out.

    A day a country lacks inside its series, or behind its end, counts with its last value. `new_*`
    is missing on the first day.
    """
    alive = ~rows["country_key"].isin(stale).to_numpy()
    countries = rows["country_key"].cat.codes.to_numpy()[alive]
    days = (day_numbers(rows) - day_numbers(rows).min())[alive]
    total = pd.DataFrame(index=pd.date_range(rows["date"].min(), rows["date"].max(), unit="s"))
    for column in CUMULATIVE:
        # a row a day, a column a country
        counts = np.full((len(total), len(rows["country_key"].cat.categories)), np.nan)
        counts[days, countries] = rows[column].to_numpy()[alive]
        total[column] = pd.DataFrame(counts).ffill().sum(axis=1).astype("Int64").array
    for measure in MEASURES:
        total[f"new_{measure}"] = total[f"cumulative_{measure}"].diff()
    series: pd.DataFrame = total.rename_axis(index="date").reset_index()
    return series


def latest(table: pd.DataFrame) -> pd.DataFrame:
    """The last row of each country of a tidy table, with `active` (Int64) behind the counts.

    `active`: cases - deaths - recoveries; missing where recoveries are no longer counted (they
    fell back to 0).
    """
    ends = np.r_[starts(table)[1:], True][: len(table)]
    last: pd.DataFrame = table[ends].reset_index(drop=True)
    had = table.groupby("country_key", observed=True)["cumulative_recoveries"].max()
    counted = last["cumulative_recoveries"].to_numpy() > 0
    never = had.reindex(last["country_key"].astype("str")).to_numpy() == 0
    active = last["cumulative_cases"] - last["cumulative_deaths"] - last["cumulative_recoveries"]
    active = active.where(counted | never).astype("Int64")
    last.insert(COLUMNS.index("cumulative_recoveries") + 1, "active", active)
    return last
