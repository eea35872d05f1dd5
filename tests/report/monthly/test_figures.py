from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from etl.load.month import Month
from etl.report.monthly import charts, pages
from etl.report.monthly.figures import Figures, Part, aggregate, reduced
from etl.report.monthly.restated import COUNTS
from etl.transform import report_columns
from tests.support.frames import countries, days, rows, some, tables, values

JANUARY = Month(2021, 1)
EPOCH = date(2021, 1, 25)


def parts(month: Month, *snapshots: pd.DataFrame) -> list[Part]:
    """Snapshots of one day after the other."""
    return [
        Part(
            f"{EPOCH + timedelta(days=n)}T060000Z-{n:04x}",
            EPOCH + timedelta(days=n),
            snapshot["date"].max().date(),
            reduced(snapshot, month),
            pd.DataFrame(),
        )
        for n, snapshot in enumerate(snapshots)
    ]


def made(
    *snapshots: pd.DataFrame, month: Month = JANUARY, about: pd.DataFrame | None = None
) -> Figures:
    if about is None:
        about = countries(*snapshots[-1]["country_key"].cat.categories)
    return aggregate(parts(month, *snapshots), about, month)


def of(report: Figures, key: str, *columns: str) -> list[Any]:
    return [values(report.series, column, key)[0] for column in columns]


def test_a_month_is_counted_from_the_end_of_the_one_before() -> None:
    spain = days("2020-11-28", [100, *range(110, 770, 10)], [0, *range(0, 66)])  # to 2021-02-02
    report = made(rows(spain=spain), about=countries(spain={"population": 1_000_000}))
    assert (report.until, report.before_until) == (JANUARY.last, date(2020, 12, 31))
    assert of(report, "spain", "new_cases", "new_deaths", "new_cases_before") == [310, 31, 310]
    assert of(report, "spain", "cases_change", "cases_change_pct") == [0, 0]
    assert of(report, "spain", "cases_per_100k", "last_date") == [31, "2021-01-31"]
    assert of(report, "spain", "cumulative_cases", "case_fatality") == [740, round(63 / 740, 6)]
    assert report.total["new_cases"] == 310


def test_a_month_that_is_not_complete_is_compared_with_the_same_days() -> None:
    spain = days("2020-11-30", [0, *[100 * n for n in range(1, 32)], *range(3200, 3320, 20)])
    report = made(rows(spain=spain))
    assert (report.until, report.before_until) == (date(2021, 1, 6), date(2020, 12, 6))
    assert of(report, "spain", "new_cases", "new_cases_before", "cases_change_pct") == [
        200,
        600,
        -66.67,
    ]


def test_the_last_days_of_march_have_no_counterpart_in_february() -> None:
    report = made(rows(spain=days("2021-01-31", range(60))), month=Month(2021, 3))
    assert (report.until, report.before_until) == (date(2021, 3, 31), date(2021, 2, 28))
    report = made(rows(spain=days("2021-01-31", range(59))), month=Month(2021, 3))
    assert (report.until, report.before_until) == (date(2021, 3, 30), date(2021, 2, 28))


def test_a_series_that_begins_in_the_month_counts_from_nothing() -> None:
    report = made(rows(spain=days("2021-01-10", [7, 9])))
    assert of(report, "spain", "new_cases", "new_cases_before", "cases_change") == [9, None, None]


def test_a_source_that_ended_before_the_month_has_nothing_to_count_and_no_zeros() -> None:
    report = made(rows(spain=days("2020-02-01", range(10))))
    assert (report.until, report.before_until) == (None, None)
    counted = ("last_date", "new_cases", "new_deaths", "new_cases_before", "cases_per_100k")
    assert of(report, "spain", *counted) == [None] * 5
    assert of(report, "spain", "cumulative_cases") == [9]
    assert report.daily.empty


def test_a_series_that_ended_before_the_month_is_missing_beside_one_that_goes_on() -> None:
    hong_kong = days("2020-02-01", [50] * 3)
    report = made(rows(hong_kong=hong_kong, spain=days("2021-01-01", [1, 4])))
    assert of(report, "hong-kong", "new_cases", "cases_change", "last_date") == [None] * 3
    assert values(report.series, "country_key") == ["spain", "hong-kong"]
    assert report.total["new_cases"] == 4


def test_the_days_of_a_gap_go_to_the_month_in_which_they_are_told() -> None:
    spain = [("2020-11-20", 100, 0, 0), ("2020-12-20", 130, 0, 0), ("2021-01-03", 200, 0, 0)]
    report = made(rows(spain=spain))
    # up to 3 December nothing was told: unknown, and not 0
    assert of(report, "spain", "new_cases", "new_cases_before") == [70, None]


def test_figures_are_those_of_the_last_snapshot_and_what_it_took_back_is_negative() -> None:
    first = rows(spain=days("2020-12-31", [100, 200, 300]))
    last = rows(spain=days("2020-12-31", [100, 200, 90]))
    report = made(first, last)
    assert of(report, "spain", "new_cases") == [-10]
    assert charts.documents(report)["ranking"]


def test_what_a_snapshot_does_not_know_is_neither_compared_nor_restated() -> None:
    def told(deaths: list[int | None]) -> pd.DataFrame:
        spain = rows(spain=days("2021-01-01", [10, 20, 30]))
        return spain.assign(cumulative_deaths=pd.array(deaths, dtype="Int32"))

    report = made(told([1, None, 3]), told([None, 2, 4]))
    assert of(report, "spain", "cells_compared", "cells_restated") == [4, 1]
    assert of(report, "spain", "cases_restated", "deaths_restated") == [0, 1]
    unknown = made(told([None] * 3), told([None] * 3))
    assert of(unknown, "spain", "cells_compared", "deaths_restated") == [3, 0]
    assert of(unknown, "spain", "new_deaths", "case_fatality") == [None, None]


def test_each_snapshot_is_compared_with_the_one_before_it_cell_by_cell() -> None:
    first = rows(spain=days("2021-01-01", [10, 20, 30], [1, 2, 3]), italy=days("2021-01-01", [5]))
    second = rows(
        spain=days("2021-01-01", [10, 25, 28, 40], [1, 2, 3, 4]), italy=days("2021-01-01", [5, 6])
    )
    third = rows(spain=days("2021-01-01", [10, 25, 28, 47, 60], [1, 2, 2, 4, 5]))
    report = made(first, second, third)
    columns = ["cells_compared", "cells_restated", "cases_restated", "deaths_restated"]
    assert report.snapshots[columns].to_numpy().tolist() == [
        [0, 0, 0, 0],
        [8, 2, -2, 0],
        [8, 2, 7, 0],
    ]
    assert of(report, "spain", *columns) == [14, 4, 5, 0]
    assert report.gone == ["italy"]


def test_days_before_the_month_before_are_not_compared() -> None:
    first = rows(spain=days("2020-11-28", [1, 2, 3, 4]))
    second = rows(spain=days("2020-11-28", [9, 9, 9, 4]))
    report = made(first, second)
    assert of(report, "spain", "cells_compared", "cells_restated") == [2, 0]


Series = dict[str, dict[date, tuple[int, int]]]


def series(snapshot: pd.DataFrame) -> Series:
    found: Series = {key: {} for key in snapshot["country_key"].cat.categories}
    columns = (snapshot[name].tolist() for name in ("country_key", "date", *COUNTS))
    for key, day, cases, deaths in zip(*columns, strict=True):
        found[key][day.date()] = (cases, deaths)
    return found


def at(told: dict[date, tuple[int, int]], day: date) -> tuple[int, int] | None:
    return max(((d, counts) for d, counts in told.items() if d <= day), default=(day, None))[1]


def between(told: dict[date, tuple[int, int]], first: date, until: date | None) -> list[Any]:
    """New cases and deaths from one day to another; None where no day of them was told."""
    if until is None or not any(first <= day <= until for day in told):
        return [None, None]
    end, base = at(told, until), at(told, first - timedelta(days=1)) or (0, 0)
    assert end is not None
    return [a - b for a, b in zip(end, base, strict=True)]


def compared(snapshots: Sequence[Series], key: str, since: date, until: date) -> list[int]:
    known: dict[date, tuple[int, int]] = {}
    total = [0, 0, 0, 0]
    for snapshot in snapshots:
        net = (0, 0)
        for day, counts in sorted(snapshot.get(key, {}).items()):
            if since <= day <= until:
                if day in known:
                    net = (counts[0] - known[day][0], counts[1] - known[day][1])
                    total[0] += 2
                    total[1] += sum(change != 0 for change in net)
                known[day] = counts
        total[2] += net[0]
        total[3] += net[1]
    return total


@some
@given(st.lists(tables(), min_size=1, max_size=4), st.sampled_from([1, 2, 3, 4]))
def test_any_snapshots_give_what_plain_counting_gives(
    snapshots: list[pd.DataFrame], number: int
) -> None:
    month = Month(2020, number)
    report = made(*snapshots, month=month)
    told = [series(snapshot) for snapshot in snapshots]
    last = told[-1]
    inside = [d for days_of in last.values() for d in days_of if month.first <= d <= month.last]
    until = max(inside, default=None)
    before = month.before
    same = until and (
        before.last
        if until == month.last
        else before.first.replace(day=min(until.day, before.last.day))
    )
    assert (report.until, report.before_until) == (until, same)
    assert list(report.series.columns) == [field.name for field in report_columns.report_fields()]
    assert sorted(report.series["country_key"]) == sorted(last)
    for key, days_of in last.items():
        new = between(days_of, month.first, month.last)
        was = between(days_of, before.first, same)
        assert of(report, key, "new_cases", "new_deaths") == new
        assert of(report, key, "new_cases_before", "new_deaths_before") == was
        known = new[0] is not None and was[0] is not None
        assert of(report, key, "cases_change") == [new[0] - was[0] if known else None]
        restated = [
            name.name
            for name in report_columns.report_fields()
            if name.name.endswith(("compared", "restated"))
        ]
        assert of(report, key, *restated) == compared(told, key, before.first, month.last)
    for page in (pages.report_csv(report), *drawn(report)):
        assert page


def drawn(report: Figures) -> list[bytes]:
    from etl.extract.sources import SOURCES

    documents = charts.documents(report) if report.until else {}
    content = pages.ReportContent(report, SOURCES["sample"], [], documents, "bokeh.js")
    return [pages.report_page(content), pages.chart_page(content)]
