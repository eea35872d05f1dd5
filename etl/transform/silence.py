"""Which counts a source did not report, and which series report nothing any more. Pure.

WHO and OWID repeat a country's last cumulative count when it no longer reports, and leave the new
count blank. Such a day is silence, not zero. The rows have a column `unreported_cases` (bool) where
that happens, and so on for each measure; the other sources have none.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import Bools, counts, measures, starts


def add_unreported(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `unreported_*` (bool) for each measure of which some count was not reported.

    `rows` have the source's own `new_*`. A count is unreported if its new count is blank and its
    cumulative count is the last known one of the series. Days before the series' first case or
    death are zero, and its first known count is always reported.
    """
    first = starts(rows)
    blanks = {
        measure: rows[f"new_{measure}"].isna().to_numpy()
        for measure in measures(rows)
        if f"new_{measure}" in rows
    }
    if not any(blank.any() for blank in blanks.values()):
        return rows
    begun = _begun(rows, first)
    found = {}
    for measure, blank in blanks.items():
        count, known = counts(rows[f"cumulative_{measure}"])
        before = last_known(known, first)
        repeated = known & (before >= 0) & (count == count[before])
        unreported = blank & repeated & begun
        if unreported.any():
            found[f"unreported_{measure}"] = unreported
    return rows.assign(**found)


def unreported(rows: pd.DataFrame, measure: str) -> Bools:
    """Return which rows are marked as unreported; none if the column is missing."""
    column = f"unreported_{measure}"
    return rows[column].to_numpy() if column in rows else np.zeros(len(rows), bool)


def columns_of(rows: pd.DataFrame) -> list[str]:
    """List the `unreported_*` columns that the rows have."""
    return [f"unreported_{m}" for m in measures(rows) if f"unreported_{m}" in rows]


def last_known(known: Bools, first: Bools) -> NDArray[np.int64]:
    """Return the row of the last known count before each row in its series; -1 if there is none.

    `first` marks the first row of each series.
    """
    places = np.arange(len(known))
    start = np.maximum.accumulate(np.where(first, places, 0))
    last = np.maximum.accumulate(np.where(known, places, -1))
    before = np.r_[-1, last[:-1]][: len(known)]
    return np.where(before >= start, before, -1)


def last_reported(rows: pd.DataFrame) -> "pd.Series[pd.Timestamp] | None":
    """Return each series' last day with a reported count of any measure, by key.

    None if nothing is unreported: then it is the last day of each series.
    """
    if not columns_of(rows):
        return None
    reported = np.zeros(len(rows), bool)
    for measure in measures(rows):
        reported |= rows[f"cumulative_{measure}"].notna().to_numpy() & ~unreported(rows, measure)
    key = levels.key(rows)
    return rows.loc[reported, [key, "date"]].groupby(key, observed=True)["date"].max()


def silent_keys(
    reported: "pd.Series[pd.Timestamp] | None",
    last: pd.Timestamp,
    stale: Iterable[str],
    after_days: int,
) -> set[str]:
    """Return the keys of series that reported nothing for more than `after_days`.

    `reported` is what `last_reported` returns, `last` the table's last date. Series that ended
    (`stale`) are not silent.
    """
    if reported is None:
        return set()
    limit = last - pd.Timedelta(days=after_days)
    return set(reported.index[reported < limit]) - set(stale)


def _begun(rows: pd.DataFrame, first: Bools) -> Bools:
    """Return which rows are on or after the series' first day with a count above zero."""
    above = np.zeros(len(rows), bool)
    for measure in measures(rows):
        above |= counts(rows[f"cumulative_{measure}"])[0] > 0
    places = np.arange(len(rows))
    start = np.maximum.accumulate(np.where(first, places, 0))
    begun: Bools = np.maximum.accumulate(np.where(above, places, -1)) >= start
    return begun
