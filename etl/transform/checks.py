"""Check what may not be published, and what deserves a warning. Pure; collects every problem."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from msgspec import Struct
from msgspec.structs import replace

from etl.errors import DataRejected, listed
from etl.extract import levels
from etl.extract.sources.table import day_numbers, floats, starts
from etl.transform import amounts
from etl.transform.amounts import Amounts, Before
from etl.transform.difference import Difference
from etl.transform.read import Reading
from etl.transform.staleness import stale_warnings

FIRST_POSSIBLE = date(2019, 12, 1)  # the first known cases fell ill in that month
SHRUNK = 0.9  # of the series or rows published last time
RESTATED = 0.01  # of the cells that are in both tables
EARLIEST_ON_EARTH = timedelta(hours=14)  # a day begins first in UTC+14
LISTED = 10


@dataclass(frozen=True)
class Extent:
    """The size and first and last date of a source's table, before any filter.

    `amounts` are known of a published version.
    """

    rows: int
    series: int
    first_date: date | None
    last_date: date | None
    amounts: Before = field(default=Before(), compare=False)

    def noted(self) -> dict[str, Any]:
        """Return the fields that a manifest's entry about the source has."""
        return {
            "rows": self.rows,
            "series": self.series,
            "first_date": self.first_date,
            "last_date": self.last_date,
        }


class Findings(Struct, frozen=True):
    """What the checks found in a table that may be published.

    `refusals` were overruled by --force; `warnings` go into log, history and manifest.
    """

    refusals: list[str]
    warnings: list[str]


def extent(rows: pd.DataFrame) -> Extent:
    """Measure a table that is sorted by series and date."""
    if rows.empty:
        return Extent(0, 0, None, None)
    first, last = rows["date"].min().date(), rows["date"].max().date()
    return Extent(len(rows), int(starts(rows).sum()), first, last)


def check(
    reading: Reading,
    changes: Difference,
    *,
    published: Extent | None,
    now: datetime,
    stale_after_days: int,
    force: bool = False,
) -> Findings:
    """Check a source's table before anything is written.

    `changes` is the table's difference from the published version, `published` the extent of that
    version's source table (None: nothing of this source is published). Raises DataRejected with
    every refusal; with `force` only if the table has no rows.
    """
    rows, today = reading.rows, extent(reading.rows)
    if today.last_date is None:
        raise DataRejected("the source has no rows", may_be_forced=False)
    level = levels.level(rows)
    found = _amounts(reading, changes, published)
    refusals = [
        *shrank_or_ended_earlier(today, published, level),
        *_dates(today, (now + EARLIEST_ON_EARTH).date()),
        *_above_population(rows, reading.entities),
        *_duplicated(rows),
        *(found.problems if found.large else ()),
    ]
    if refusals and not force:
        raise DataRejected(refusals)
    warnings = [
        *stale_warnings(today.last_date, now.date(), stale_after_days),
        *_gone_or_restated(changes, level),
        *(() if found.large else found.problems),
        *found.warnings,
    ]
    return Findings(refusals, warnings)


def _amounts(reading: Reading, changes: Difference, published: Extent | None) -> Amounts:
    before = replace(published.amounts, last_date=published.last_date) if published else Before()
    restated = changes.cells_restated - changes.cells_lost
    if len(reading.selected) < amounts.FEWEST_SERIES:  # one correction may change most of them
        restated = 0
    today = amounts.totals(reading.rows)
    return amounts.check_amounts(reading.rows, today, before, (restated, changes.cells_compared))


def _gone_or_restated(changes: Difference, level: str) -> list[str]:
    warnings = []
    if changes.gone:
        gone = [series.key for series in changes.gone]
        warnings.append(f"{level} gone: {listed(gone, LISTED)}")
    if restates_much(changes):
        restated = changes.cells_restated - changes.cells_lost
        compared = changes.cells_compared
        warnings.append(
            f"the source restated {restated} of {compared} published cells "
            f"({restated / compared:.1%})"
        )
    return warnings


def restates_much(changes: Difference) -> bool:
    """Say whether more than RESTATED of the published cells were restated; missing is not."""
    restated, compared = changes.cells_restated - changes.cells_lost, changes.cells_compared
    return compared > 0 and restated / compared > RESTATED


def shrank_or_ended_earlier(today: Extent, published: Extent | None, level: str) -> list[str]:
    """List why a table that holds much less than the published one, or ends earlier, is refused."""
    if published is None:
        return []
    refusals = [
        f"only {now:,} {what}; {before:,} were published last time, and less than "
        f"{SHRUNK:.0%} of that is refused"
        for what, now, before in (
            (level, today.series, published.series),
            ("rows", today.rows, published.rows),
        )
        if now < SHRUNK * before
    ]
    if today.last_date and published.last_date and today.last_date < published.last_date:
        refusals.append(
            f"the last date is {today.last_date}, earlier than the published {published.last_date}"
        )
    return refusals


def _dates(today: Extent, latest_possible: date) -> list[str]:
    refusals = []
    if today.first_date and today.first_date < FIRST_POSSIBLE:
        refusals.append(f"the first date is {today.first_date}, before there was COVID-19")
    if today.last_date and today.last_date > latest_possible:
        refusals.append(f"the last date is {today.last_date}, in the future")
    return refusals


def _above_population(rows: pd.DataFrame, entities: pd.DataFrame) -> list[str]:
    key = levels.key(rows)
    people = dict(zip(entities[key], floats(entities["population"]), strict=True))
    first = np.flatnonzero(starts(rows))
    most = np.fmax.reduceat(floats(rows["cumulative_cases"]), first).tolist()
    named = [
        f"{series} ({cases:.0f} of {people[series]:.0f})"
        for series, cases in zip(rows[key].iloc[first], most, strict=True)
        if cases > people.get(series, np.nan)  # of some neither is known
    ]
    return [f"more cumulative cases than people: {listed(named, LISTED)}"] if named else []


def _duplicated(rows: pd.DataFrame) -> list[str]:
    """Refuse rows for the same series and day; since rows are sorted, these are neighbours."""
    twice = ~starts(rows) & (np.diff(day_numbers(rows), prepend=0) == 0)
    if not twice.any():
        return []
    shown = rows[twice].head(LISTED)
    named = [
        f"{key} {date:%Y-%m-%d}"
        for key, date in zip(shown[levels.key(rows)], shown["date"], strict=True)
    ]
    rows_twice = f"{int(twice.sum())} duplicate rows for a country and day"
    return [f"{rows_twice}: {listed(named, LISTED)}"]
