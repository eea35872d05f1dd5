from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl.errors import DataRejected
from etl.transform.changes import compare
from etl.transform.checks import Extent, Findings, check, extent, restates_much
from etl.transform.difference import Difference, Series
from etl.transform.merge import Unmatched
from etl.transform.read import Reading
from etl.transform.repair import Corrections, repair
from tests.support.frames import MOST, countries, days, rows, some, tables

NOON = datetime(2020, 3, 10, 12, tzinfo=UTC)
SOUND = rows(spain=days("2020-03-01", range(10)))  # ends on 10 March


def findings(table: pd.DataFrame = SOUND, **over: Any) -> Findings:
    """What check finds and lets pass, by default of a sound table on its last day."""
    given: dict[str, Any] = {
        "entities": countries(*table["country_key"].cat.categories),
        "now": NOON,
        "stale_after_days": 14,
        "published": None,
        "changes": Difference(),
        "force": True,
    } | over
    reading = reading_of(repair(table)[0], given.pop("entities"))
    return check(reading, given.pop("changes"), **given)


def reading_of(rows: pd.DataFrame, entities: pd.DataFrame) -> Reading:
    return Reading(rows, Corrections(), entities, Unmatched([], [], []), entities, [])


def restating(compared: int, restated: int, *gone: str) -> Difference:
    return Difference(
        cells_compared=compared,
        cells_restated=restated,
        gone=[Series(key, key.title()) for key in gone],
    )


def many(countries: int, days_each: int = 1) -> pd.DataFrame:
    return rows(**{f"c{n:03}": days("2020-03-10", [1] * days_each) for n in range(countries)})


def held(rows: int, countries: int, last: date = date(2020, 3, 10)) -> Extent:
    return Extent(rows, countries, date(2020, 1, 22), last)


# Nothing to say


def test_a_sound_table_on_its_day_passes_without_a_word() -> None:
    assert findings() == Findings([], [])
    assert findings(published=extent(SOUND), changes=restating(30, 0)) == Findings([], [])


def test_the_extent_counts_rows_and_countries_and_knows_both_ends() -> None:
    table = rows(a=days("2020-03-01", [1, 2]), b=days("2020-02-01", [1]))
    assert extent(table) == Extent(3, 2, date(2020, 2, 1), date(2020, 3, 2))
    assert extent(rows()) == Extent(0, 0, None, None)
    # categories that have no rows don't count
    assert extent(table[table["country_key"] == "a"]).series == 1


# Refusals


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataRejected, match="the source has no rows"):
        findings(rows(), published=held(10, 1))


def test_a_refusal_raises_unless_it_is_forced() -> None:
    with pytest.raises(DataRejected, match="only 1 countries; 10 were published"):
        findings(published=held(10, 10), force=False)
    assert findings(force=False) == Findings([], [])


def test_under_90_percent_of_the_countries_or_rows_is_refused() -> None:
    assert findings(many(89), published=held(89, 100)).refusals == [
        "only 89 countries; 100 were published last time, and less than 90% of that is refused"
    ]
    assert findings(many(89), published=held(100, 89)).refusals == [
        "only 89 rows; 100 were published last time, and less than 90% of that is refused"
    ]
    assert findings(many(89), published=held(100, 100)).refusals == [
        "only 89 countries; 100 were published last time, and less than 90% of that is refused",
        "only 89 rows; 100 were published last time, and less than 90% of that is refused",
    ]


def test_exactly_90_percent_passes() -> None:
    assert findings(many(90), published=held(100, 100)).refusals == []
    assert findings(many(9), published=held(10, 10)).refusals == []
    assert findings(many(27), published=held(30, 30)).refusals == []
    assert findings(many(8), published=held(9, 9)).refusals != []


@some
@given(st.integers(1, 300), st.integers(0, 400))
def test_the_border_of_90_percent_is_exact_for_every_size(now: int, before: int) -> None:
    table = rows(a=days("2020-01-01", [1] * now))
    published = held(before, 1, last=date(2020, 1, 1))
    much_later = datetime(2021, 1, 1, tzinfo=UTC)
    refused = findings(table, published=published, now=much_later).refusals
    assert bool(refused) == (10 * now < 9 * before)


def test_more_than_was_published_passes() -> None:
    assert findings(many(200), published=held(100, 100)).refusals == []


def test_a_last_date_earlier_than_the_published_is_refused() -> None:
    published = held(10, 1, last=date(2020, 3, 11))
    assert findings(published=published).refusals == [
        "the last date is 2020-03-10, earlier than the published 2020-03-11"
    ]
    assert findings(published=held(10, 1, last=date(2020, 3, 10))).refusals == []
    assert findings(published=held(10, 1, last=date(2020, 3, 9))).refusals == []


def test_a_date_in_the_future_is_refused() -> None:
    table = rows(spain=days("2020-03-11", [1, 2]))
    assert findings(table).refusals == ["the last date is 2020-03-12, in the future"]


@pytest.mark.parametrize(
    ("now", "passes"),
    [
        (datetime(2020, 3, 9, 9, 59, 59, tzinfo=UTC), False),
        (datetime(2020, 3, 9, 10, tzinfo=UTC), True),  # in Kiribati 10 March begins
        (datetime(2020, 3, 10, 23, 59, tzinfo=UTC), True),
    ],
)
def test_a_date_is_future_until_it_has_begun_somewhere_on_earth(
    now: datetime, passes: bool
) -> None:
    assert (findings(now=now).refusals == []) is passes


def test_more_cases_than_people_are_refused_country_by_country() -> None:
    table = rows(
        italy=days("2020-03-09", [11, 3]),  # on any day, not just the last
        spain=days("2020-03-09", [5, 6]),
        unknown=days("2020-03-09", [MOST, MOST]),
        sweden=days("2020-03-09", [1, 10]),
    )
    about = countries(
        "unknown",
        spain={"population": 5},
        sweden={"population": 10},
        italy={"population": 10},
    )
    assert findings(table, entities=about).refusals == [
        "more cumulative cases than people: italy (11 of 10), spain (6 of 5)"
    ]


def test_as_many_cases_as_people_pass() -> None:
    assert findings(entities=countries(spain={"population": 9})).refusals == []
    assert findings(entities=countries(spain={"population": 8})).refusals == [
        "more cumulative cases than people: spain (9 of 8)"
    ]


def test_no_country_without_rows_is_held_to_its_population() -> None:
    about = countries(spain={"population": 100}, atlantis={"population": 0})
    assert findings(entities=about).refusals == []


def test_ten_countries_are_named_and_the_rest_counted() -> None:
    table = many(12)
    about = countries(**{key: {"population": 0} for key in table["country_key"].cat.categories})
    assert findings(table, entities=about).refusals == [
        "more cumulative cases than people: "
        + ", ".join(f"c{n:03} (1 of 0)" for n in range(10))
        + " and 2 more"
    ]


def test_a_country_and_day_that_stands_twice_is_refused() -> None:
    twice = rows(
        italy=days("2020-03-09", [1, 2]),
        spain=[*days("2020-03-09", [1, 2]), ("2020-03-10", 2, 0, 0), ("2020-03-10", 3, 0, 0)],
    )
    assert findings(twice).refusals == [
        "2 duplicate rows for a country and day: spain 2020-03-10, spain 2020-03-10"
    ]


def test_every_reason_is_listed_at_once() -> None:
    table = rows(spain=[("2021-01-01", 9, 0, 0), ("2021-01-01", 9, 0, 0)])
    told = findings(
        table,
        entities=countries(spain={"population": 8}),
        published=held(100, 10, last=date(2021, 1, 2)),
        changes=restating(100, 2, "italy"),
    )
    assert told.refusals == [
        "only 1 countries; 10 were published last time, and less than 90% of that is refused",
        "only 2 rows; 100 were published last time, and less than 90% of that is refused",
        "the last date is 2021-01-01, earlier than the published 2021-01-02",
        "the last date is 2021-01-01, in the future",
        "more cumulative cases than people: spain (9 of 8)",
        "1 duplicate rows for a country and day: spain 2021-01-01",
    ]
    assert told.warnings == [
        "countries gone: italy",
        "the source restated 2 of 100 published cells (2.0%)",
    ]


# Warnings


def test_a_stale_source_is_warned_of_and_published() -> None:
    stale = findings(now=NOON + timedelta(days=15))
    assert stale == Findings([], ["the source is stale: its last date is 2020-03-10, 15 days ago"])
    assert findings(now=NOON + timedelta(days=14)).warnings == []
    assert findings(now=NOON + timedelta(days=14), stale_after_days=13).warnings != []


def test_countries_gone_are_warned_of_ten_by_name() -> None:
    assert findings(changes=restating(0, 0, "italy", "spain")) == Findings(
        [], ["countries gone: italy, spain"]
    )
    eleven = tuple(f"c{n:02}" for n in range(11))
    assert findings(changes=restating(0, 0, *eleven)).warnings == [
        "countries gone: " + ", ".join(eleven[:10]) + " and 1 more"
    ]


def test_more_than_one_percent_restated_is_warned_of() -> None:
    assert findings(changes=restating(1000, 11)) == Findings(
        [], ["the source restated 11 of 1000 published cells (1.1%)"]
    )


@pytest.mark.parametrize("hundreds", [1, 3, 7, 29, 1000, 105_696])
def test_exactly_one_percent_restated_is_not_warned_of(hundreds: int) -> None:
    assert findings(changes=restating(100 * hundreds, hundreds)).warnings == []
    assert findings(changes=restating(100 * hundreds, hundreds + 1)).warnings != []


def test_nothing_compared_is_nothing_restated() -> None:
    assert not restates_much(Difference())
    assert findings(changes=restating(0, 0)).warnings == []


# The whole


@some
@given(tables())
def test_a_table_that_was_just_published_passes_its_own_checks(table: pd.DataFrame) -> None:
    repaired, _ = repair(table)
    changes = compare(repaired, [repaired])
    now = datetime.combine(table["date"].max(), NOON.timetz())
    assert (changes.cells_compared, changes.cells_restated) == (3 * len(table), 0)
    assert (changes.gone, changes.appeared, changes.rows_added) == ([], [], 0)
    found = findings(table, now=now, published=extent(table), changes=changes)
    assert found.refusals == []
    assert all(line.startswith("more deaths than cases: ") for line in found.warnings)


def test_check_changes_none_of_its_arguments() -> None:
    table, about = repair(many(3, 2))[0], countries("c001", c000={"population": 0})
    was, known = table.copy(deep=True), about.copy(deep=True)
    reading = reading_of(table, about)
    check(reading, Difference(), now=NOON, stale_after_days=1, published=held(9, 9), force=True)
    assert_frame_equal(table, was)
    assert_frame_equal(about, known)


def test_a_date_before_the_epidemic_is_refused() -> None:
    table = rows(spain=[("1020-01-22", 0, 0, 0), ("2020-03-10", 1, 0, 0)])
    assert findings(table).refusals == ["the first date is 1020-01-22, before there was COVID-19"]
