"""Check the amounts of cases and deaths, for the whole source before any filter. Pure.

The thresholds and their reasons are in docs/data.md.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd
from msgspec import Struct, field

from etl.errors import listed
from etl.extract import levels
from etl.extract.sources.table import counts, day_numbers, measures, starts

COUNTED = ("cases", "deaths")
FALL = 0.05  # of a total
LARGE = 0.01  # of the total of all series
HALF = 0.5  # of a large series' count, or of the published cells
FEWEST_SERIES, FEWEST_CASES = 20, 10_000  # with fewer, a problem is a warning
LISTED = 10

Totals = Mapping[str, Mapping[str, int]]  # measure -> key of the series -> its last known count


class Before(Struct, frozen=True):
    """The published version: its totals and last date, and whether it was forced.

    `totals` is empty for versions that did not keep them.
    """

    totals: Totals = field(default_factory=dict)
    last_date: date | None = None
    forced: bool = False


class Amounts(Struct, frozen=True):
    """The problems found; `problems` are refusals if the source is `large`, else warnings."""

    problems: list[str]
    warnings: list[str]
    large: bool


def totals(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return the last known cumulative count of each series, by measure and key.

    The rows are sorted by series and date.
    """
    first = np.flatnonzero(starts(rows))
    keys = rows[levels.key(rows)].iloc[first].astype(object).tolist()
    places = np.arange(len(rows), dtype=np.int32)
    found = {}
    for measure in (m for m in COUNTED if m in measures(rows)):
        column = rows[f"cumulative_{measure}"]
        known = np.where(column.notna().to_numpy(), places, np.int32(-1))
        last = np.maximum.reduceat(known, first) if len(first) else known
        count = counts(column.iloc[last])[0]
        pairs = zip(keys, last.tolist(), count.tolist(), strict=True)
        found[measure] = {str(key): value for key, row, value in pairs if row >= 0}
    return found


def check_amounts(
    rows: pd.DataFrame, today: Totals, before: Before, restated: tuple[int, int]
) -> Amounts:
    """Check a table of at least one row against the published version, and its last days.

    `today` is what `totals` returns for the rows. `restated` counts the published cells that the
    source changed, without those that became missing, and all that were compared.
    """
    ends = _last_two_days(rows)
    problems = [
        *_fell_against(before.totals, today),
        *(_fell_overnight(ends, rows) if _is_new(rows, before) else ()),
        *_days_of_zero(rows, before),
    ]
    warnings = [*_halved(before.totals, today), *_deaths_above_cases(today)]
    cases = (sum(one.get("cases", {}).values()) for one in (today, before.totals))
    most = max(*cases, *(int(day["cases"].sum()) for day in ends if "cases" in day))
    series = max((len(one.get("cases", {})) for one in (today, before.totals)), default=0)
    large = series >= FEWEST_SERIES and most >= FEWEST_CASES
    if large and not before.forced:  # what was forced may be put right again
        problems += _restated(*restated)
    return Amounts(problems, warnings, large)


def _fell_against(before: Totals, today: Totals) -> Iterator[str]:
    for measure in (m for m in COUNTED if m in before and m in today):
        both = before[measure].keys() & today[measure].keys()
        was, now = (sum(one[measure][key] for key in both) for one in (before, today))
        if now < (1 - FALL) * was:
            yield _fall(measure, was, now, "published last time")


def _fall(measure: str, was: int, now: int, when: str) -> str:
    return (
        f"the total of {measure} falls from {was:,} {when} to {now:,}, "
        f"by {1 - now / was:.1%}; up to {FALL:.0%} is accepted"
    )


def _is_new(rows: pd.DataFrame, before: Before) -> bool:
    """Whether the last day is not published yet; a fall that is published was accepted."""
    return before.last_date is None or rows["date"].max().date() > before.last_date


def _last_two_days(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the known counts of the last two days in the file, by key and measure."""
    days = day_numbers(rows)
    last = days.max()
    earlier = days[days < last]
    wanted = [earlier.max(), last] if earlier.size else []
    key = levels.key(rows)
    names = [m for m in COUNTED if m in measures(rows)]
    found = []
    for day in wanted:
        here = rows.loc[days == day, [key, *(f"cumulative_{m}" for m in names)]]
        once = here.drop_duplicates(key)  # a day that stands twice is refused elsewhere
        found.append(once.set_index(key).set_axis(names, axis=1))
    return found


def _fell_overnight(ends: list[pd.DataFrame], rows: pd.DataFrame) -> Iterator[str]:
    if not ends:
        return
    eve, last = ends
    for measure in eve.columns:
        both = pd.concat([eve[measure], last[measure]], axis=1, join="inner").dropna()
        was, now = (int(column.sum()) for _, column in both.items())
        if now < (1 - FALL) * was:
            yield _fall(measure, was, now, f"the day before {rows['date'].max():%Y-%m-%d}")


def _days_of_zero(rows: pd.DataFrame, before: Before) -> Iterator[str]:
    """Find days that are not published yet and zero in every series that had counts."""
    if before.last_date is None:
        return
    is_later = (rows["date"] > pd.Timestamp(before.last_date)).to_numpy()
    key = levels.key(rows)
    for measure in (m for m in COUNTED if m in before.totals and m in measures(rows)):
        later = rows.loc[is_later, [key, "date", f"cumulative_{measure}"]]
        had = [name for name, count in before.totals[measure].items() if count > 0]
        counted = later[later[key].isin(had)].dropna(subset=f"cumulative_{measure}")
        most = counted.groupby("date")[f"cumulative_{measure}"].max()
        if zero := [f"{day:%Y-%m-%d}" for day in most.index[most == 0]]:
            yield f"{measure} are zero in every series that had counts on {listed(zero, LISTED)}"


def _restated(restated: int, compared: int) -> list[str]:
    if not compared or restated <= HALF * compared:
        return []
    return [f"{restated:,} of {compared:,} published cells are restated, more than {HALF:.0%}"]


def _halved(before: Totals, today: Totals) -> Iterator[str]:
    for measure in (m for m in COUNTED if m in before and m in today):
        large = LARGE * sum(before[measure].values())
        fallen = [
            f"{key} (from {was:,} to {today[measure][key]:,})"
            for key, was in sorted(before[measure].items(), key=lambda one: -one[1])
            if was > large and today[measure].get(key, was) < HALF * was
        ]
        if fallen:
            yield f"{measure} fall to less than half of those published: {', '.join(fallen)}"


def _deaths_above_cases(today: Totals) -> list[str]:
    cases, deaths = (today.get(measure, {}) for measure in COUNTED)
    above = [
        f"{key} ({count:,} of {cases[key]:,})"
        for key, count in deaths.items()
        if key in cases and count > cases[key]
    ]
    return [f"more deaths than cases: {listed(above, LISTED)}"] if above else []
