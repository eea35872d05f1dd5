"""What may not be published, and what deserves a warning. Pure; every problem is collected."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from etl.errors import listed
from etl.extract import levels
from etl.extract.sources.table import day_numbers, starts
from etl.transform.changes import Changes

if TYPE_CHECKING:
    from etl.history.catalogue import Rebuilt
    from etl.history.manifest import SourceNote

FIRST_POSSIBLE = date(2019, 12, 1)  # the first known cases fell ill in that month
SHRUNK = 0.9  # of the countries or rows published last time
RESTATED = 0.01  # of the cells that stand in both
EARLIEST_ON_EARTH = timedelta(hours=14)  # UTC+14: where a day begins first
LISTED = 10


@dataclass(frozen=True)
class Extent:
    """How much a source's table holds, before any filter."""

    rows: int
    countries: int
    first_date: date | None
    last_date: date | None

    @classmethod
    def of(cls, noted: "SourceNote | Rebuilt") -> Self:
        return cls(noted.rows, noted.countries, noted.first_date, noted.last_date)


@dataclass(frozen=True)
class Findings:
    """`refusals` forbid publishing (unless forced); `warnings` go into log, history, manifest."""

    refusals: list[str]
    warnings: list[str]


def extent(rows: pd.DataFrame) -> Extent:
    if rows.empty:
        return Extent(0, 0, None, None)
    first, last = rows["date"].min().date(), rows["date"].max().date()
    return Extent(len(rows), int(starts(rows).sum()), first, last)


def check(
    rows: pd.DataFrame,
    countries: pd.DataFrame,
    *,
    now: datetime,
    stale_after_days: int,
    published: Extent | None,
    changes: Changes,
) -> Findings:
    """Look at a source's repaired rows (columns as SourceTable's) before anything is written.

    `countries` gives the series' keys and the `population`; `published` is what the version that
    readers have now was made from, None if there is none of this source.
    """
    today = extent(rows)
    if today.last_date is None:
        return Findings(["the source has no rows"], [])
    level = levels.level(rows)
    refusals = [
        *went_back(today, published, level),
        *_dates(today, (now + EARLIEST_ON_EARTH).date()),
        *_above_population(rows, countries),
        *_duplicated(rows),
    ]
    warnings = []
    behind = (now.date() - today.last_date).days
    if behind > stale_after_days:
        warnings.append(
            f"the source is stale: its last date is {today.last_date}, {behind} days ago"
        )
    if changes.gone:
        warnings.append(f"{level} gone: {listed(list(changes.gone), LISTED)}")
    if changes.restated_share > RESTATED:
        warnings.append(
            f"the source restated {changes.restated} of {changes.compared} published cells "
            f"({changes.restated_share:.1%})"
        )
    return Findings(refusals, warnings)


def went_back(today: Extent, published: Extent | None, level: str) -> list[str]:
    """Why so much less than is published is refused; nothing where it is not."""
    if published is None:
        return []
    refusals = [
        f"only {now} {what}; {before} were published last time, and under "
        f"{SHRUNK:.0%} of that is refused"
        for what, now, before in (
            (level, today.countries, published.countries),
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
    last = today.last_date
    assert last is not None  # noqa: S101  for the type checker: the caller has looked
    if today.first_date and today.first_date < FIRST_POSSIBLE:
        refusals.append(f"the first date is {today.first_date}, before there was COVID-19")
    if last > latest_possible:
        refusals.append(f"the last date is {last}, in the future")
    return refusals


def _above_population(rows: pd.DataFrame, countries: pd.DataFrame) -> list[str]:
    key = levels.key(rows)
    most = rows.groupby(key, observed=True)["cumulative_cases"].max()
    people = countries.set_index(key)["population"].reindex(most.index)
    above = (most > people).fillna(False).to_numpy(dtype=bool)
    if not above.any():
        return []
    named = [
        f"{key} ({cases} of {population})"
        for key, cases, population in zip(
            most.index[above], most[above], people[above], strict=True
        )
    ]
    return [f"more cumulative cases than people: {listed(named, LISTED)}"]


def _duplicated(rows: pd.DataFrame) -> list[str]:
    """They are sorted, so a row that is there twice stands behind its like."""
    twice = ~starts(rows) & (np.diff(day_numbers(rows), prepend=0) == 0)
    if not twice.any():
        return []
    shown = rows[twice].head(LISTED)
    named = [
        f"{key} {date:%Y-%m-%d}"
        for key, date in zip(shown[levels.key(rows)], shown["date"], strict=True)
    ]
    rows_twice = f"{int(twice.sum())} rows for a country and day that are there already"
    return [f"{rows_twice}: {listed(named, LISTED)}"]
