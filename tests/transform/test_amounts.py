"""The amounts: what is refused, what is only warned of, and what passes after a forced run."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from etl.errors import DataRejected
from etl.transform.amounts import Before, totals
from etl.transform.changes import compare
from etl.transform.checks import Extent, Findings, check, extent
from etl.transform.difference import Difference
from etl.transform.read import Reading
from etl.transform.repair import Corrections, repair
from tests.support.frames import countries, days, rows

SERIES, LENGTH = 25, 4
GOOD = (1000, 1100, 1200, 1300)


def many(*cases: int, series: int = SERIES, **over: tuple[int, ...]) -> pd.DataFrame:
    """Return so many series with these counts on consecutive days; `over` has others by key."""
    counts = {f"c{n:02}": cases for n in range(series)} | over
    named = {key: days("2021-02-01", given) for key, given in counts.items()}
    return repair(rows(**named))[0]


def held(table: pd.DataFrame, *, forced: bool = False) -> Extent:
    about = extent(table)
    before = Before(totals(table), forced=forced)
    return Extent(about.rows, about.series, about.first_date, about.last_date, before)


def checked(
    table: pd.DataFrame,
    published: pd.DataFrame | None = None,
    *,
    force: bool = False,
    was_forced: bool = False,
    selected: int = SERIES,
) -> Findings:
    """Check a table of which COUNTRIES selects so many series."""
    listed = countries(*table["country_key"].cat.categories)
    some = listed.head(selected)
    reading = Reading(table, Corrections(), listed, None, some, [])  # type: ignore[arg-type]
    changes = Difference() if published is None else compare(table, [published])
    return check(
        reading,
        changes,
        published=None if published is None else held(published, forced=was_forced),
        now=datetime.combine(table["date"].max(), datetime.min.time(), UTC) + timedelta(hours=30),
        stale_after_days=14,
        force=force,
    )


def refused(table: pd.DataFrame, published: pd.DataFrame | None = None) -> str:
    with pytest.raises(DataRejected) as caught:
        checked(table, published)
    return str(caught.value)


YESTERDAY = many(*GOOD[:3])


def test_ordinary_growth_and_a_small_fall_pass() -> None:
    assert checked(many(*GOOD), YESTERDAY) == Findings([], [])
    assert checked(many(1000, 1100, 1200, 1141), YESTERDAY) == Findings([], [])


def test_a_total_below_the_published_one_by_more_than_5_percent_is_refused() -> None:
    assert "the total of cases falls from 30,000 published last time to 28,475, by 5.1%" in refused(
        many(1000, 1100, 1139), YESTERDAY
    )


def test_only_series_that_both_versions_have_are_compared() -> None:
    without = many(*GOOD, series=SERIES - 1)
    assert checked(without, YESTERDAY).refusals == []


def test_a_fall_overnight_is_refused_even_if_nothing_is_published() -> None:
    assert "from 30,000 the day before 2021-02-04 to 0, by 100.0%" in refused(
        many(1000, 1100, 1200, 0)
    )


def test_a_fall_deep_in_the_past_is_not_compared() -> None:
    assert checked(many(1000, 700, 1200, 1300)) == Findings([], [])


def test_a_new_day_of_zeros_is_refused_although_the_next_day_is_right() -> None:
    found = refused(many(1000, 1100, 1200, 0, 1300), YESTERDAY)
    assert found == "cases are zero in every series that had counts on 2021-02-04"


def test_a_wiped_source_is_refused_as_a_whole() -> None:
    found = refused(many(0, 0, 0), YESTERDAY)
    assert "to 0, by 100.0%" in found
    assert "75 of 225 published cells" not in found  # deaths and recoveries were zero before


def test_more_than_half_of_the_published_cells_may_not_be_restated() -> None:
    was = repair(rows(**{f"c{n:02}": days("2021-02-01", GOOD, GOOD, GOOD) for n in range(25)}))[0]
    counts = [count + 1 for count in GOOD]
    now = repair(rows(**{f"c{n:02}": days("2021-02-01", counts, counts) for n in range(25)}))[0]
    assert "300 of 300 published cells are restated, more than 50%" in refused(now, was)
    now = repair(rows(**{f"c{n:02}": days("2021-02-01", counts, GOOD, GOOD) for n in range(25)}))[0]
    assert checked(now, was).refusals == []


def test_restatements_are_a_warning_where_few_series_are_selected() -> None:
    was = repair(rows(**{f"c{n:02}": days("2021-02-01", GOOD, GOOD, GOOD) for n in range(25)}))[0]
    counts = [count + 1 for count in GOOD]
    now = repair(rows(**{f"c{n:02}": days("2021-02-01", counts, counts) for n in range(25)}))[0]
    assert "cells are restated" in refused(now, was)
    found = checked(now, was, selected=19)
    assert (found.refusals, found.warnings) == (
        [],
        ["the source restated 300 of 300 published cells (100.0%)"],
    )


def test_a_figure_that_becomes_missing_is_not_restated() -> None:
    blank = YESTERDAY.assign(
        cumulative_cases=pd.array([None] * len(YESTERDAY), dtype="Int32"),
        cumulative_recoveries=pd.array([None] * len(YESTERDAY), dtype="Int32"),
    )
    changes = compare(blank, [YESTERDAY])
    assert (changes.cells_restated, changes.cells_lost) == (150, 150)
    assert checked(blank, YESTERDAY).refusals == []


@pytest.mark.parametrize(("series", "scale"), [(19, 1000), (25, 1)])
def test_a_small_source_is_warned_of_instead(series: int, scale: int) -> None:
    was = many(*(scale * n for n in (1, 2, 3)), series=series)
    found = checked(many(*(scale * n for n in (1, 2, 3, 0)), series=series), was)
    assert found.refusals == []
    assert len([line for line in found.warnings if " falls from " in line]) == 2
    assert any("zero in every series" in line for line in found.warnings)


def test_force_publishes_and_the_next_day_passes_by_itself() -> None:
    zeros = many(1000, 1100, 1200, 0)
    forced = checked(zeros, YESTERDAY, force=True)
    assert len(forced.refusals) == 3
    for next_day in (many(1000, 1100, 1200, 0, 0), many(1000, 1100, 1200, 0, 1400), many(*GOOD)):
        assert checked(next_day, zeros, was_forced=True).refusals == []
    # the same last day again, with a correction elsewhere
    assert checked(many(1000, 1101, 1200, 0), zeros, was_forced=True).refusals == []
    wiped = many(0, 0, 0)
    healed = checked(many(*GOOD), wiped, was_forced=True)
    assert healed.refusals == []


def test_a_large_country_that_falls_by_half_is_named() -> None:
    was = many(*GOOD, c00=(10, 20, 2000, 2000), c01=(1, 2, 3, 4), c02=(10, 20, 3000, 3000))
    now = many(*GOOD, c00=(10, 20, 999, 999), c01=(0, 0, 1, 1), c02=(10, 20, 4, 4))
    warnings = [line for line in checked(now, was, force=True).warnings if " fall to " in line]
    assert warnings == [
        "cases fall to less than half of those published: "
        "c02 (from 3,000 to 4), c00 (from 2,000 to 999)"
    ]


def test_more_deaths_than_cases_are_warned_of() -> None:
    table = repair(rows(a=days("2021-02-01", [5, 6], [5, 7]), b=days("2021-02-01", [1], [1])))[0]
    assert checked(table).warnings == ["more deaths than cases: a (7 of 6)"]


def test_the_totals_are_the_last_known_counts() -> None:
    table = repair(rows(a=days("2021-02-01", [5, 6], [1, 2]), b=days("2021-02-01", [9])))[0]
    table["cumulative_cases"] = pd.array([5, None, None], dtype="Int32")
    assert totals(table) == {"cases": {"a": 5}, "deaths": {"a": 2, "b": 0}}
