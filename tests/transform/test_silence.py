"""Silence is not zero: a naive reader, row by row in plain Python, must find the same figures."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transform.derive import stale_keys, tidy
from etl.transform.repair import repair
from etl.transform.silence import last_reported, silent_keys
from etl.transform.world import latest, world
from tests.support.frames import countries, some, values

FIRST = date(2023, 1, 1)
PEOPLE = 1_000_000
Line = tuple[int, int | None, int]  # day, the source's new count (None: blank), cumulative count


def table(**series: Sequence[Line]) -> pd.DataFrame:
    """Return rows as in SourceTable.rows, with cases alone."""
    listed = [(key, *line) for key, lines in sorted(series.items()) for line in lines]
    return pd.DataFrame(
        {
            "country_key": pd.Categorical([row[0] for row in listed], categories=sorted(series)),
            "date": np.array([FIRST + timedelta(row[1]) for row in listed], "datetime64[s]"),
            "new_cases": pd.array([row[2] for row in listed], dtype="Int32"),
            "cumulative_cases": pd.array([row[3] for row in listed], dtype="Int32"),
        }
    )


def daily(total: int, *new: int | None) -> list[Line]:
    """Return consecutive days from FIRST; a blank adds nothing to the cumulative count."""
    lines = []
    for day, count in enumerate(new):
        total += count or 0
        lines.append((day, count, total))
    return lines


def tidied(rows: pd.DataFrame) -> pd.DataFrame:
    about = countries(*rows["country_key"].cat.categories)
    about["population"] = pd.array([PEOPLE] * len(about), dtype="Int64")
    return tidy(repair(rows)[0], about, set())


class Naive:
    """One series, read row by row."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.reported = [self._is_reported(at) for at in range(len(lines))]

    def _is_reported(self, at: int) -> bool:
        _, new, total = self.lines[at]
        begun = any(count > 0 for _, _, count in self.lines[: at + 1])
        return not (at and begun and new is None and total == self.lines[at - 1][2])

    def new(self, at: int) -> int | None:
        if not at or not self.reported[at] or not self.reported[at - 1]:
            return None
        (eve, _, was), (day, _, now) = self.lines[at - 1 : at + 1]
        return now - was if day == eve + 1 else None

    def gained(self, at: int) -> float | None:
        known = [(day, n) for (day, _, n), ok in zip(self.lines, self.reported, strict=True) if ok]
        day, _, total = self.lines[at]
        if not self.reported[at] or day - 7 < known[0][0]:
            return None
        early, was = max(one for one in known if one[0] <= day - 7)
        late, now = min(one for one in known if one[0] >= day - 7)
        share = (day - 7 - early) / (late - early) if late > early else 0
        return total - (was + share * (now - was))


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    day, total, found = draw(st.integers(0, 3)), draw(st.sampled_from([0, 0, 500])), []
    for _ in range(draw(st.integers(1, 30))):
        day += draw(st.sampled_from([1, 1, 1, 1, 2, 7]))
        new = draw(st.sampled_from([None, None, None, 0, 3, 70]))
        total += new or draw(st.sampled_from([0, 0, 0, 5]))
        found.append((day, new, total))
    return found


@some
@given(lines(), lines())
def test_new_counts_averages_and_incidence_equal_a_naive_reading(
    a: list[Line], b: list[Line]
) -> None:
    found = tidied(table(a=a, b=b))
    naive = [(one, at) for one in (Naive(a), Naive(b)) for at in range(len(one.lines))]
    assert values(found, "new_cases") == [one.new(at) for one, at in naive]
    for column, factor, places in (("cases_7d_avg", 1 / 7, 4), ("cases_7d_per_100k", 0.1, 4)):
        for value, (one, at) in zip(values(found, column), naive, strict=True):
            gained = one.gained(at)
            expected = None if gained is None else pytest.approx(gained * factor, abs=10**-places)
            assert value == expected
    quiet = sum(not one.reported[at] for one, at in naive)
    assert repair(table(a=a, b=b))[1].not_reported == quiet


def test_blanks_beside_a_repeated_total_are_missing_and_zeros_stay_zero() -> None:
    silent, zero = daily(0, 5, 5, None, None, 7, 7), daily(0, 5, 5, 0, 0, 7, 7)
    assert values(tidied(table(a=silent)), "new_cases") == [None, 5, None, None, None, 7]
    assert values(tidied(table(a=zero)), "new_cases") == [None, 5, 0, 0, 7, 7]
    assert values(tidied(table(a=silent)), "cumulative_cases") == [5, 10, 10, 10, 17, 24]


def test_blanks_before_the_first_case_are_zero_and_beside_a_change_are_derived() -> None:
    found = tidied(table(a=[(0, None, 0), (1, None, 0), (2, None, 4), (3, None, 9)]))
    assert values(found, "new_cases") == [None, 0, 4, 5]


def newest(rows: pd.DataFrame, after_days: int = 14) -> pd.DataFrame:
    repaired, _ = repair(rows)
    stale, reported = stale_keys(repaired, after_days), last_reported(repaired)
    silent = silent_keys(reported, repaired["date"].max(), stale, after_days)
    return latest(tidied(rows), reported, silent)


def test_silent_differs_from_stale_and_counts_from_the_last_reported_day() -> None:
    rows = table(
        ended=daily(0, *[1] * 5),
        just=daily(9, *[1] * 6, *[None] * 14),
        silent=daily(9, *[1] * 5, *[None] * 15),
        speaks=daily(9, *[0] * 20),
    )
    found = newest(rows)
    assert values(found, "silent") == [False, False, True, False]
    assert values(found, "last_reported") == [
        "2023-01-05",
        "2023-01-06",
        "2023-01-05",
        "2023-01-20",
    ]
    assert values(found, "cases_7d_avg", "silent") == [None]


def test_a_country_that_reports_deaths_alone_is_not_silent() -> None:
    rows = table(a=daily(9, 1, *[None] * 20))
    rows["new_deaths"] = pd.array([1] * 21, dtype="Int32")
    rows["cumulative_deaths"] = pd.array(range(21), dtype="Int32")
    assert values(newest(rows), "silent") == [False]


def of_world(**series: Sequence[Line]) -> list[int | None]:
    found: list[int | None] = values(world(repair(table(**series))[0], set()), "new_cases")
    return found


def test_a_weekly_source_has_no_new_cases_of_the_world_for_one_day() -> None:
    blanks = daily(0, *([70] + [None] * 6) * 4)
    assert of_world(a=blanks, b=blanks) == [None] * 28
    rows_alone = [(7 * week, 70, 70 * week) for week in range(1, 5)]
    assert of_world(a=rows_alone, b=rows_alone) == [None] * 22
    zeros = daily(0, *([70] + [0] * 6) * 4)
    assert of_world(a=zeros, b=zeros, c=daily(9, *[0] * 28)) == [None] * 28
    total = world(repair(table(a=blanks))[0], set())
    assert values(total, "cumulative_cases")[-8:] == [210] + [280] * 7


def test_new_cases_of_the_world_are_known_where_the_source_is_not_weekly() -> None:
    weekly = ([70] + [0] * 6) * 3
    assert of_world(a=daily(0, *[10] * 8, *weekly)) == [None, *[10] * 7, *[None] * 21]
    assert of_world(a=daily(0, *weekly, *[10] * 8)) == [None] * 22 + [10] * 7
    assert of_world(a=daily(0, *([70] + [0] * 6) * 2))[1:8] == [0] * 6 + [70]


@pytest.mark.parametrize(("count", "known"), [(5, True), (6, False)])
def test_the_world_is_unknown_where_the_silent_had_more_than_5_percent(
    count: int, known: bool
) -> None:
    speaks = daily(1000, *[(100 - count) * 10] * 40)
    found = of_world(
        a=speaks, b=daily(1000, *[count * 10] * 30, *[None] * 10), c=daily(9, *[0] * 40)
    )
    assert found[29] == 1000
    assert found[30] == ((100 - count) * 10 if known else None)


def test_the_world_does_not_depend_on_how_many_countries_are_added_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent, weekly = daily(0, *[60] * 30, *[None] * 10), daily(0, *([70] + [None] * 6) * 5)
    rows = repair(table(a=daily(0, *[500] * 40), b=silent, c=weekly, d=daily(9, 1), e=silent))[0]
    whole = world(rows, {"d"})
    monkeypatch.setattr("etl.transform.world.BLOCK", 2)
    pd.testing.assert_frame_equal(world(rows, {"d"}), whole)
    assert values(whole, "new_cases")[29:31] == [620, None]


def test_a_silent_country_s_last_count_stays_in_the_world() -> None:
    silent, speaks = daily(1000, 1, *[None] * 60), daily(0, *[3] * 61)
    total = world(repair(table(a=speaks, b=silent, c=speaks))[0], set())
    assert values(total, "cumulative_cases")[-1] == 1001 + 2 * 183
    assert values(total, "new_cases")[-1] == 6
