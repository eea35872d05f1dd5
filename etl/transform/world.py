"""World totals, and the last row of each series. Pure."""

from collections.abc import Collection, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from etl.extract import levels
from etl.extract.sources.table import CUMULATIVE, NEW, Bools, Floats, ends, floats, measures, starts
from etl.transform.silence import unreported

SHARE = 0.05  # of the cases of the last WINDOW days; above it, the world's new count is unknown
WINDOW = 28
WEEKS = 3
BLOCK = 100  # countries that are added up at once
SUMS = 6


def world(rows: pd.DataFrame, stale: set[str]) -> pd.DataFrame:
    """Add up the countries that are not stale: `date, cumulative_*, new_*` (Int64).

    On a day that a country lacks, within its series or after its end, its last value counts; so
    does a silent country's. A measure is missing if the source lacks it, and after the last day on
    which any country has it. `new_*` is also missing on the first day, and where `_unknown` says.
    """
    key = levels.key(rows)
    days = pd.date_range(rows["date"].min(), rows["date"].max(), unit="s")
    total = pd.DataFrame(index=days)
    sums = {measure: np.zeros((SUMS, len(days))) for measure in measures(rows)}
    for begin, end in pairwise([*np.flatnonzero(starts(rows))[::BLOCK], len(rows)]):
        block = rows.iloc[begin:end]
        block = block[~block[key].isin(stale).to_numpy()]
        for measure, parts in sums.items():
            parts += _add_up(block, measure, days)
    unknown = {}
    for measure, (totals, counted, *weights) in sums.items():
        if counted.any():
            totals[np.flatnonzero(counted)[-1] + 1 :] = np.nan
        total[f"cumulative_{measure}"] = pd.array(totals).astype("Int64")
        unknown[measure] = _unknown(*weights)
    for measure in measures(rows):
        new = total[f"cumulative_{measure}"].diff()
        weekly = _weeks_in_a_day(floats(new))
        total[f"new_{measure}"] = new.mask(weekly | unknown[measure])
    unknown_counts = pd.array([pd.NA] * len(total), dtype="Int64")
    series: pd.DataFrame = total.rename_axis(index="date").reset_index()
    lacking = {name: unknown_counts for name in (*CUMULATIVE, *NEW) if name not in series}
    return series.assign(**lacking)[["date", *CUMULATIVE, *NEW]]


def _add_up(block: pd.DataFrame, measure: str, days: pd.DatetimeIndex) -> Floats:
    """Return SUMS rows with a figure for each of `days`, to be added to those of other countries.

    These are the total, the number of countries with a count, and the parameters of `_unknown`.
    """
    first = starts(block)
    at = days.get_indexer(pd.Index(block["date"])), np.cumsum(first) - 1
    shape = len(days), int(first.sum())  # one row per day, one column per country
    counted = np.full(shape, np.nan)
    counted[at] = floats(block[f"cumulative_{measure}"])
    new = f"new_{measure}"
    new_known, silent = np.full(shape, new not in block), np.zeros(shape, bool)
    if new in block:
        new_known[at] = block[new].notna().to_numpy()
    silent[at] = unreported(block, measure)
    there = ~np.isnan(counted)
    counts = np.nan_to_num(pd.DataFrame(counted).ffill().to_numpy())
    weights = _weights(there, counts, new_known, silent)
    return np.stack([counts.sum(axis=1), there.sum(axis=1), *weights])


def _weights(there: Bools, counts: Floats, new_known: Bools, unreported: Bools) -> Iterator[Floats]:
    """Yield the parameters of `_unknown`: for each day, a sum over countries.

    Each array has a row per day and a column per country; `counts` are filled.
    """
    within = np.logical_or.accumulate(there) & np.logical_or.accumulate(there[::-1])[::-1]
    within[1:] &= within[:-1]
    within[:1] = False
    eve = np.r_[counts[:1], counts[:-1]]
    gained = np.maximum(eve - eve[np.maximum(np.arange(len(eve)) - WINDOW, 0)], 0)
    lacks = within & ~new_known
    silent = lacks & (unreported | np.r_[unreported[:1], unreported[:-1]])
    yield gained.sum(axis=1)
    yield np.where(silent, gained, 0).sum(axis=1)
    seen = (there & ~unreported).cumsum(axis=0)
    recent = seen > np.r_[np.zeros((WINDOW, seen.shape[1]), int), seen][: len(seen)]
    expected = within & recent
    yield expected.sum(axis=1)
    yield (lacks & expected).sum(axis=1)


def _unknown(gained: Floats, missed: Floats, expected: Floats, lacking: Floats) -> Bools:
    """Return the days on which the world's new count can't be known.

    A day is unknown if countries with more than SHARE of the new counts of the WINDOW days before
    (`gained`) did not report it, or not the day before (`missed`); or if the source is weekly: of
    the countries that reported within these days (`expected`), more than half have no new count
    (`lacking`).
    """
    return (missed > SHARE * gained) | (lacking > 0.5 * expected)


def _weeks_in_a_day(new: Floats) -> Bools:
    """Return the days of weeks in which all new counts fall on one day.

    A weekly source may write zeros on the other six. The source is taken to be weekly where WEEKS
    or more reports follow each other at intervals of 7 days.
    """
    unknown = np.zeros(len(new), bool)
    days = np.flatnonzero(np.nan_to_num(new))
    before, after = np.r_[-1, days[:-1]], np.r_[days[1:], len(new)]
    for n in range(len(days) - WEEKS + 1):
        first, last = days[n], days[n + WEEKS - 1]
        if (np.diff(days[n : n + WEEKS]) == 7).all():
            begin, end = max(first - 6, before[n] + 1), min(last + 7, after[n + WEEKS - 1])
            unknown[begin:end] = True
    return unknown


def latest(
    table: pd.DataFrame,
    reported: "pd.Series[pd.Timestamp] | None" = None,
    silent: Collection[str] = (),
) -> pd.DataFrame:
    """Return the last row of each series of a tidy table, with the further columns of latest.*.

    `active` (Int64), after the counts, is cases - deaths - recoveries. It is missing where
    recoveries are not counted, or no longer counted (they fell back to 0). `last_reported` and
    `silent`, after `stale`, come from `reported`, the last reported day by key (None: the last day
    of each), and the keys in `silent`.
    """
    key = levels.key(table)
    last: pd.DataFrame = table[ends(table)].reset_index(drop=True)
    first = np.flatnonzero(starts(table))
    most = np.fmax.reduceat(floats(table["cumulative_recoveries"]), first)
    cases, deaths, recoveries = (floats(last[name]) for name in CUMULATIVE)
    counted = (recoveries > 0) | (most == 0)
    active = pd.Series(np.where(counted, cases - deaths - recoveries, np.nan)).astype("Int64")
    last.insert(list(last.columns).index("cumulative_recoveries") + 1, "active", active)
    day = last["date"]
    if reported is not None:
        day = pd.Series(reported.reindex(last[key].astype("str")).to_numpy(), dtype=day.dtype)
    behind_stale = list(last.columns).index("stale") + 1
    last.insert(behind_stale, "last_reported", day)
    last.insert(behind_stale + 1, "silent", last[key].isin(silent).to_numpy())
    return last
