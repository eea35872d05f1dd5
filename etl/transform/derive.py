"""The tidy table: averages, incidence and case fatality, and the facts of each country. Pure.

Everything here works on whole series, so a table can be processed in groups of series and is never
in memory in its full width.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from etl.extract import levels
from etl.extract.facts import FACT_COLUMNS
from etl.extract.sources.table import (
    APART,
    CUMULATIVE,
    NEW,
    Bools,
    Floats,
    day_numbers,
    ends,
    floats,
    starts,
    starts_of,
)
from etl.transform.columns import table_columns
from etl.transform.silence import unreported

GROUP_ROWS = 15_000


def stale_keys(rows: pd.DataFrame, after_days: int) -> set[str]:
    """Return the keys of series that ended more than `after_days` before the table's last date.

    The rows are sorted by key and date.
    """
    limit = rows["date"].max() - pd.Timedelta(days=after_days)
    last = rows[[levels.key(rows), "date"]][ends(rows)]
    return set(last[levels.key(rows)][last["date"] < limit])


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
    return _tidy(rows, _same_on_all_days(rows, countries, stale))


def tidy_groups(
    rows: pd.DataFrame, countries: pd.DataFrame, stale: set[str], at_least: int = GROUP_ROWS
) -> Iterator[pd.DataFrame]:
    """Yield the tidy table in groups of whole series, as `groups` does."""
    same = _same_on_all_days(rows, countries, stale)
    return (_tidy(group, same) for group in groups(rows, at_least))


def _same_on_all_days(
    rows: pd.DataFrame, countries: pd.DataFrame, stale: set[str]
) -> dict[str, ExtensionArray]:
    """Return the columns of names, facts and `stale`: one value per category of the key."""
    key = levels.key(rows)
    categories = rows[key].cat.categories
    listed = countries.set_index(key).reindex(categories)
    named = [*levels.names(levels.level(rows))[1:], "iso3"]
    same = {name: listed[name].astype("category").array for name in named}
    same |= {name: listed[name].array for name in FACT_COLUMNS}
    return {**same, "stale": pd.Series(categories.isin(stale)).array}


def _tidy(rows: pd.DataFrame, same: Mapping[str, ExtensionArray]) -> pd.DataFrame:
    key = levels.key(rows)
    codes = rows[key].cat.codes.to_numpy()
    table: dict[str, Any] = {name: rows[name].array.copy() for name in (key, "date")}
    table |= {name: values.take(codes) for name, values in same.items()}
    for name in (*NEW, *CUMULATIVE):
        if name in rows:
            table[name] = rows[name].array.astype("Int64")
        else:
            table[name] = pd.array([pd.NA], dtype="Int64").repeat(len(rows))
    table |= weekly(rows, floats(table["population"]))
    table["case_fatality"] = case_fatality(rows)
    columns = {name: table[name] for name in table_columns(levels.level(rows))}
    return pd.DataFrame(columns, copy=False)


def weekly(rows: pd.DataFrame, population: Floats) -> dict[str, Floats]:
    """Return what follows from the gain of 7 days, C(t) - C(t - 7 d); C is a cumulative count.

    `cases_7d_avg` and `deaths_7d_avg` are the mean of new cases and deaths over 7 days: the gain
    divided by 7. `cases_7d_per_100k` is the incidence, the gain in cases per 100,000 people (ECDC's
    definition); missing where the `population` is unknown. It is never known for regions and
    places, whose `population` is their country's.

    If day t - 7 is in a gap, C is interpolated linearly across the gap. All three are missing where
    fewer than 7 days precede, and rounded to 4 places.
    """
    if levels.level(rows) != "countries":
        population = np.full_like(population, np.nan)
    days, series = day_numbers(rows), np.cumsum(starts(rows), dtype=np.int64)
    cases, deaths = (
        _gained_in_7_days(_counted(rows, measure), ~unreported(rows, measure), days, series)
        for measure in ("cases", "deaths")
    )
    return {
        "cases_7d_avg": (cases / 7).round(4),
        "deaths_7d_avg": (deaths / 7).round(4),
        "cases_7d_per_100k": _divided(cases * 100_000, population).round(4),
    }


def case_fatality(rows: pd.DataFrame) -> Floats:
    """Return cumulative deaths / cumulative cases, a share (0.02 is 2 %), rounded to 6 places.

    Missing where there are no cases, or one of the two is.
    """
    return _divided(_counted(rows, "deaths"), _counted(rows, "cases")).round(6)


def _counted(rows: pd.DataFrame, measure: str) -> Floats:
    """Return a cumulative count; NaN throughout if the source lacks the measure."""
    name = f"cumulative_{measure}"
    return floats(rows[name]) if name in rows else np.full(len(rows), np.nan)


def _divided(above: Floats, below: Floats) -> Floats:
    nothing = np.full_like(above, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)


def _gained_in_7_days(
    count: Floats, reported: Bools, days: NDArray[np.int64], series: NDArray[np.int64]
) -> Floats:
    """Return the increase over 7 days; days without a reported count are left out, and get NaN.

    `series` has a number for each series, larger for later ones.
    """
    gained = np.full_like(count, np.nan)
    known = reported & ~np.isnan(count)
    if known.any():
        only = slice(None) if known.all() else known
        gained[only] = _gained(count[only], days[only], series[only])
    return gained


def _gained(count: Floats, days: NDArray[np.int64], series: NDArray[np.int64]) -> Floats:
    # All series on one axis, for one call of np.interp. They are so far apart that looking back 7
    # days never reaches another series.
    axis = series * float(APART) + days
    before = np.interp(axis - 7, axis, count)
    first = starts_of(series)
    seven_precede = days - days[first][np.cumsum(first) - 1] >= 7
    return np.where(seven_precede, count - before, np.nan)
