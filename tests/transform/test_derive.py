from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl import PROJECT
from etl.extract.facts import FACT_COLUMNS, read_facts
from etl.extract.sources import MEASURES
from etl.extract.sources.table import CUMULATIVE, NEW, day_numbers, starts
from etl.transform.columns import table_columns
from etl.transform.derive import case_fatality, groups, stale_keys, tidy, tidy_groups, weekly
from etl.transform.merge import attach
from etl.transform.repair import Corrections, repair
from etl.transform.world import latest, world
from tests.support.frames import MOST, countries, days, rows, some, tables, tidied, values

TYPES = {
    "country_key": "category",
    "country": "category",
    "iso3": "category",
    "date": "datetime64[s]",
    "new_cases": "Int64",
    "new_deaths": "Int64",
    "new_recoveries": "Int64",
    "cumulative_cases": "Int64",
    "cumulative_deaths": "Int64",
    "cumulative_recoveries": "Int64",
    "cases_7d_avg": "float64",
    "deaths_7d_avg": "float64",
    "cases_7d_per_100k": "float64",
    "case_fatality": "float64",
    "stale": "bool",
    "continent": "category",
    "country_classification": "category",
    "government_type": "category",
    "corruption_perception": "category",
    "development_status": "category",
    "land_conditions": "category",
    "gdp_per_unit_of_energy_use": "float64",
    "population": "Int64",
    "urban_population_pct": "float64",
}
SAMPLE_FACTS = PROJECT / "samples" / "InfoPaisosExtra.csv"
ONE_DAY = rows(spain=[("2020-03-01", 5, 1, 2)])


def types(table: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in table.dtypes.items()}


def entities(*named: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(named, columns=["country_key", "country"], dtype="str")


# The tidy table


def test_the_tidy_table_has_exactly_these_columns_and_types() -> None:
    table = rows(spain=days("2020-03-01", range(10)), italy=[("2020-03-01", 1, 0, 0)])
    facts = read_facts(SAMPLE_FACTS)
    known, _ = attach(entities(("spain", "Spain"), ("italy", "Italy")), facts)
    without, _ = attach(entities(("spain", "Spain"), ("italy", "Italy")), None)
    nowhere, _ = attach(entities(("spain", "Nowhere"), ("italy", "Others")), facts)

    assert types(tidied(table, known)) == TYPES
    assert list(tidied(table, known).columns) == list(TYPES) == table_columns()
    assert types(tidied(table, without)) == TYPES
    assert types(tidied(table, nowhere)) == TYPES
    assert types(tidied(ONE_DAY)) == TYPES


def test_the_builder_of_countries_gives_the_types_that_attach_gives() -> None:
    real, _ = attach(entities(("spain", "Spain")), read_facts(SAMPLE_FACTS))
    assert types(countries(spain={"population": 1, "continent": "Europe"})) == types(real)
    assert types(countries("spain")) == types(real)


def test_a_row_has_the_country_s_name_code_and_facts() -> None:
    table = rows(spain=days("2020-03-01", [1, 2]), italy=days("2020-03-01", [3]))
    about = countries(
        spain={"country": "Spain!", "iso3": "ESP", "population": 47, "continent": "Europe"},
        italy={"iso2": "IT", "gdp_per_unit_of_energy_use": 1.5, "government_type": "Republic"},
    )

    tidy = tidied(table, about)

    assert values(tidy, "country_key") == ["italy", "spain", "spain"]
    assert values(tidy, "country") == ["Italy", "Spain!", "Spain!"]
    assert values(tidy, "iso3") == [None, "ESP", "ESP"]
    assert values(tidy, "date") == ["2020-03-01", "2020-03-01", "2020-03-02"]
    assert values(tidy, "cumulative_cases") == [3, 1, 2]
    assert values(tidy, "population") == [None, 47, 47]
    assert values(tidy, "continent") == [None, "Europe", "Europe"]
    assert values(tidy, "government_type") == ["Republic", None, None]
    assert values(tidy, "gdp_per_unit_of_energy_use") == [1.5, None, None]


@pytest.mark.parametrize(
    "name",
    [
        "España",
        "日本国",
        "مصر",
        "Ελλάδα",
        "Россия",
        "भारत",
        "🏴‍☠️",
        "e\u0301",
        "A\u200b",
        "=1+1",
        "'",
    ],
)
def test_names_in_any_script_come_through_as_they_are(name: str) -> None:
    assert values(tidied(ONE_DAY, countries(spain={"country": name})), "country") == [name]


def test_one_country_with_one_day_makes_one_row() -> None:
    row = tidied(ONE_DAY).iloc[0]
    assert len(tidied(ONE_DAY)) == 1
    assert (row["cumulative_cases"], row["cumulative_deaths"]) == (5, 1)
    assert row["case_fatality"] == 0.2
    assert row[[*NEW, "cases_7d_avg", "deaths_7d_avg", "cases_7d_per_100k"]].isna().all()


# new_*


def test_new_is_the_signed_difference_to_the_day_before() -> None:
    table = rows(
        spain=days("2020-03-01", [10, 25, 20, 20], deaths=[0, 3, 1, 2], recoveries=[9, 0, 4, 4])
    )
    repaired, _ = repair(table)
    assert values(repaired, "new_cases") == [None, 15, -5, 0]
    assert values(repaired, "new_deaths") == [None, 3, -2, 1]
    assert values(repaired, "new_recoveries") == [None, -9, 4, 0]


def test_new_is_missing_on_a_series_first_day_and_right_behind_a_gap() -> None:
    table = rows(
        france=days("2020-03-01", [7, 9]),
        spain=[*days("2020-02-28", [1, 2]), *days("2020-03-03", [6, 9]), ("2020-03-06", 10, 0, 0)],
    )
    repaired, _ = repair(table)
    for name in NEW:
        missing = [value is None for value in values(repaired, name)]
        assert missing == [True, False, True, False, True, False, True]
    assert values(repaired, "new_cases") == [None, 2, None, 1, None, 3, None]


def test_the_spike_of_new_year_s_day_is_repaired() -> None:
    table = rows(spain=days("2020-12-30", [100, 110, 130, 135], deaths=[7, 7, 8, 9]))
    spiked = table["date"] == "2021-01-01"
    for measure in MEASURES:
        table.loc[spiked, f"new_{measure}"] = table.loc[spiked, f"cumulative_{measure}"]
    assert values(table, "new_cases") == [100, 10, 130, 5]

    repaired, corrections = repair(table)

    assert values(repaired, "new_cases") == [None, 10, 20, 5]
    assert values(repaired, "new_deaths") == [None, 0, 1, 1]
    assert corrections == Corrections(new_recomputed=2)  # the recoveries are 0 either way


@some
@given(tables())
def test_within_a_run_of_days_new_adds_up_to_what_cumulative_gained(table: pd.DataFrame) -> None:
    repaired, _ = repair(table)
    for measure in MEASURES:
        before: tuple[str, date, int] | None = None
        new = values(repaired, f"new_{measure}")
        keys, dates = values(table, "country_key"), table["date"].dt.date.tolist()
        for key, day, count, added in zip(
            keys, dates, values(table, f"cumulative_{measure}"), new, strict=True
        ):
            follows = before is not None and before[:2] == (key, day - timedelta(days=1))
            assert added == (count - before[2] if follows and before else None)
            before = (key, day, count)


def test_what_repair_found_is_counted_in_cells_and_days() -> None:
    table = rows(
        france=days("2020-03-01", [5, 3], deaths=[1, 1], recoveries=[4, 1]),
        spain=[*days("2020-03-01", [1, 2]), ("2020-03-05", 1, 0, 0), ("2020-03-07", 9, 0, 0)],
    )
    table.loc[2, "new_cases"] = 77  # a first day and
    table.loc[4, "new_deaths"] = 77  # what follows a gap can't be compared
    table.loc[3, "new_deaths"] = 77
    _, corrections = repair(table)
    assert corrections == Corrections(
        new_recomputed=3,  # two were cut off at 0, and one invented
        new_negative=2,
        new_unknowable=6,  # two rows, three measures
        days_missing=3,
    )


def test_a_sound_table_needs_no_correction() -> None:
    table = rows(spain=days("2020-03-01", [1, 2, 3]), france=days("2020-05-01", [1, 1, 5]))
    assert repair(table)[1] == Corrections()


def test_repair_takes_a_table_without_rows() -> None:
    repaired, corrections = repair(rows())
    assert repaired.empty
    assert corrections == Corrections()


# 7-day averages and incidence


def test_averages_are_missing_until_seven_days_precede() -> None:
    table = tidied(
        rows(spain=days("2020-03-01", [0, 1, 3, 6, 10, 15, 21, 28, 36], deaths=range(0, 18, 2)))
    )
    assert values(table, "cases_7d_avg") == [*[None] * 7, 4.0, 5.0]
    assert values(table, "deaths_7d_avg") == [*[None] * 7, 2.0, 2.0]


def test_averages_are_rounded_to_four_places_and_may_be_negative() -> None:
    table = tidied(rows(spain=days("2020-03-01", [9, *[0] * 6, 10, 0])))
    assert values(table, "cases_7d_avg")[7:] == [0.1429, 0.0]
    assert values(tidied(rows(spain=days("2020-03-01", [9, *[0] * 7]))), "cases_7d_avg")[7] == (
        -1.2857
    )


def test_a_gap_spreads_what_came_over_its_days() -> None:
    # 10 March stands for 6 .. 10 March: 50 came, 10 a day
    table = tidied(
        rows(spain=[*days("2020-03-01", [0, 0, 0, 0, 0]), *days("2020-03-10", [50, 57, 57, 57])])
    )
    by_day = dict(zip(values(table, "date"), values(table, "cases_7d_avg"), strict=True))
    assert by_day == {
        **dict.fromkeys([f"2020-03-0{n}" for n in range(1, 6)]),
        "2020-03-10": round(50 / 7, 4),  # since 3 March: 0
        "2020-03-11": round(57 / 7, 4),  # since 4 March: 0
        "2020-03-12": round(57 / 7, 4),  # since 5 March: 0
        "2020-03-13": round((57 - 10) / 7, 4),  # since 6 March, in the gap: 10
    }


def test_a_gap_longer_than_seven_days_is_spread_too() -> None:
    table = tidied(rows(spain=[("2020-03-01", 0, 0, 0), ("2020-03-15", 140, 28, 0)]))
    assert values(table, "cases_7d_avg") == [None, 10.0]
    assert values(table, "deaths_7d_avg") == [None, 2.0]


def in_python(table: pd.DataFrame, column: str) -> list[Fraction | None]:
    """What was gained in 7 days, row by row, in exact numbers: C(t) - C(t - 7 d)."""
    gained: list[Fraction | None] = []
    for key in dict.fromkeys(values(table, "country_key")):
        own = table[table["country_key"] == key]
        known = dict(zip(day_numbers(own).tolist(), values(own, column), strict=True))
        for day, count in known.items():
            then = day - 7
            before = [d for d in known if d <= then]
            if not before:
                gained.append(None)
                continue
            a, b = max(before), min(d for d in known if d >= then)
            share = Fraction(then - a, b - a) if b > a else Fraction(0)
            gained.append(count - (known[a] + share * (known[b] - known[a])))
    return gained


@some
@given(tables())
def test_averages_are_those_of_the_formula_in_exact_numbers(table: pd.DataFrame) -> None:
    tidy = tidied(table)
    for measure in ("cases", "deaths"):
        gained = in_python(table, f"cumulative_{measure}")
        expected = [None if g is None else pytest.approx(float(g / 7), abs=5.1e-5) for g in gained]
        assert values(tidy, f"{measure}_7d_avg") == expected


@some
@given(tables(), st.integers(1, 60))
def test_any_grouping_gives_what_each_country_gives_alone(
    table: pd.DataFrame, at_least: int
) -> None:
    keys = table["country_key"].cat.categories
    about = countries(**{key: {"population": 1000 + n} for n, key in enumerate(keys)})
    stale = stale_keys(table, 14)
    repaired, _ = repair(table)
    together = tidy(repaired, about, stale)

    in_groups = list(tidy_groups(repaired, about, stale, at_least))
    alone = [tidied(table[table["country_key"] == key], about, stale) for key in keys]

    assert_frame_equal(pd.concat(in_groups, ignore_index=True), together, check_exact=True)
    assert_frame_equal(pd.concat(alone, ignore_index=True), together, check_exact=True)


def test_an_adjacent_country_s_counts_never_leak() -> None:
    huge = days("2020-03-01", [MOST] * 10)
    table = tidied(rows(a=huge, b=days("2020-03-01", range(10)), c=huge))
    assert values(table, "cases_7d_avg", "b") == [*[None] * 7, 1.0, 1.0, 1.0]
    assert values(table, "new_cases", "b") == [None, *[1] * 9]
    assert values(table, "cases_7d_avg", "c") == [*[None] * 7, 0.0, 0.0, 0.0]


def test_dates_from_the_first_year_to_the_last_do_not_leak_either() -> None:
    apart = [("0001-01-01", 0, 0, 0), ("9999-12-31", 7 * 3652058, 0, 0)]
    table = tidied(rows(a=apart, b=days("0001-01-01", range(9)), c=days("9999-12-01", [7] * 9)))
    assert values(table, "cases_7d_avg", "a") == [None, 7.0]
    assert values(table, "cases_7d_avg", "b") == [*[None] * 7, 1.0, 1.0]
    assert values(table, "cases_7d_avg", "c") == [*[None] * 7, 0.0, 0.0]


def test_incidence_is_the_last_seven_days_cases_per_100_000_people() -> None:
    table = rows(spain=days("2020-03-01", [0, 1, 3, 6, 10, 15, 21, 28, 20]))
    tidy = tidied(table, countries(spain={"population": 47_000_000}))
    assert values(tidy, "cases_7d_per_100k") == [
        *[None] * 7,
        round(28 / 470, 4),
        round(19 / 470, 4),
    ]


def test_incidence_is_missing_where_the_population_is_unknown_or_nobody() -> None:
    eight = days("2020-03-01", range(8))
    about = countries("france", italy={"population": 0}, spain={"population": 100_000})
    tidy = tidied(rows(spain=eight, france=eight, italy=eight), about)
    assert values(tidy, "cases_7d_per_100k", "france") == [None] * 8
    assert values(tidy, "cases_7d_per_100k", "italy") == [None] * 8
    assert values(tidy, "cases_7d_per_100k", "spain") == [*[None] * 7, 7.0]


def test_case_fatality_is_a_share_and_missing_where_there_are_no_cases() -> None:
    table = rows(spain=days("2020-03-01", [0, 0, 3, 1], deaths=[0, 2, 1, 2]))
    assert values(tidied(table), "case_fatality") == [None, None, 0.333333, 2.0]


# Huge numbers


def test_no_count_up_to_the_greatest_overflows() -> None:
    table = rows(
        a=days("2020-03-01", [0, MOST, 0], deaths=[MOST, 0, MOST], recoveries=[MOST] * 3),
        b=days("2020-03-01", [MOST] * 3),
        c=days("2020-03-01", [MOST] * 3),
    )
    repaired, _ = repair(table)
    assert values(repaired, "new_cases", "a") == [None, MOST, -MOST]
    assert values(repaired, "new_deaths", "a") == [None, -MOST, MOST]

    tidy = tidied(table)
    assert values(tidy, "new_cases", "a") == [None, MOST, -MOST]
    assert values(tidy, "cumulative_cases", "a") == [0, MOST, 0]
    assert values(latest(tidy), "active") == [-2 * MOST, MOST, MOST]

    total = world(table, set())
    assert values(total, "cumulative_cases") == [2 * MOST, 3 * MOST, 2 * MOST]
    assert values(total, "new_cases") == [None, MOST, -MOST]


def test_huge_averages_and_incidences_keep_their_digits() -> None:
    table = rows(spain=days("2020-03-01", [0] * 7 + [MOST, 0, 0, 0, 0, 0, 0, 0]))
    tidy = tidied(table, countries(spain={"population": 1}))
    assert values(tidy, "cases_7d_avg")[7] == round(MOST / 7, 4)
    assert values(tidy, "cases_7d_avg")[14] == -round(MOST / 7, 4)
    assert values(tidy, "cases_7d_per_100k")[7] == MOST * 100_000
    populous = tidied(table, countries(spain={"population": 10**15}))
    assert values(populous, "cases_7d_per_100k")[7] == round(MOST / 10**10, 4)


# Groups


@some
@given(tables(), st.integers(1, 60))
def test_groups_are_whole_countries_in_order_and_lose_nothing(
    table: pd.DataFrame, at_least: int
) -> None:
    pieces = list(groups(table, at_least))
    assert_frame_equal(pd.concat(pieces), table)
    keys = [set(values(piece, "country_key")) for piece in pieces]
    assert sum(map(len, keys)) == len(set().union(*keys))
    assert all(len(piece) >= at_least for piece in pieces[:-1])
    for piece in pieces[:-1]:
        # one country fewer would have been too few
        assert len(piece) - len(piece[piece["country_key"] == values(piece, "country_key")[-1]]) < (
            at_least
        )


@pytest.mark.parametrize(
    ("at_least", "sizes"), [(1, [2, 2, 2]), (2, [2, 2, 2]), (3, [4, 2]), (4, [4, 2]), (9, [6])]
)
def test_a_group_is_closed_as_soon_as_it_is_large_enough(at_least: int, sizes: list[int]) -> None:
    two = days("2020-03-01", [1, 2])
    assert [len(group) for group in groups(rows(a=two, b=two, c=two), at_least)] == sizes


def test_starts_and_day_numbers_see_each_row() -> None:
    table = rows(a=days("1970-01-01", [1, 2]), b=days("1969-12-31", [1]))
    assert starts(table).tolist() == [True, False, True]
    assert day_numbers(table).tolist() == [0, 1, -1]
    assert starts(rows()).tolist() == []


# Stale series


def test_a_series_is_stale_that_ended_more_than_so_many_days_before_the_last_date() -> None:
    table = rows(
        alive=days("2020-03-01", [1] * 20),
        just=days("2020-03-01", [1] * 6),  # ended on 6 March, 14 days before the 20th
        stale=days("2020-03-01", [1] * 5),
    )
    assert stale_keys(table, 14) == {"stale"}
    assert stale_keys(table, 15) == set()
    assert stale_keys(table, 13) == {"just", "stale"}


def test_the_stale_column_says_it_on_every_row_of_the_series() -> None:
    table = rows(alive=days("2020-03-01", [1] * 3), ended=days("2020-02-01", [1, 2]))
    tidy = tidied(table, stale={"ended"})
    assert values(tidy, "stale", "alive") == [False] * 3
    assert values(tidy, "stale", "ended") == [True] * 2
    assert values(tidied(table, stale={"alive", "ended"}), "stale") == [True] * 5


# The world


def test_the_world_sums_the_living_and_leaves_the_stale_out() -> None:
    table = rows(
        a=days("2020-03-01", [1, 2, 4], deaths=[0, 1, 1]),
        b=days("2020-03-02", [10, 20], recoveries=[5, 5]),
        gone=days("2020-03-01", [1000], deaths=[500]),
    )
    total = world(table, {"gone"})
    assert types(total) == {"date": "datetime64[s]", **dict.fromkeys([*CUMULATIVE, *NEW], "Int64")}
    assert values(total, "date") == ["2020-03-01", "2020-03-02", "2020-03-03"]
    assert values(total, "cumulative_cases") == [1, 12, 24]
    assert values(total, "cumulative_deaths") == [0, 1, 1]
    assert values(total, "cumulative_recoveries") == [0, 5, 5]
    assert values(total, "new_cases") == [None, 11, 12]
    assert values(total, "new_deaths") == [None, 1, 0]


def test_the_world_carries_a_country_over_its_gaps_and_behind_its_end() -> None:
    table = rows(
        a=days("2020-03-01", [1, 1, 1, 1, 1]),
        b=[("2020-03-01", 10, 0, 0), ("2020-03-03", 30, 0, 0)],
    )
    assert values(world(table, set()), "cumulative_cases") == [11, 11, 31, 31, 31]
    assert values(world(table, set()), "new_cases") == [None, 0, 20, 0, 0]


def test_a_day_that_no_country_has_is_a_day_of_the_world_all_the_same() -> None:
    total = world(rows(a=[("2020-03-01", 1, 0, 0), ("2020-03-03", 2, 0, 0)]), set())
    assert values(total, "date") == ["2020-03-01", "2020-03-02", "2020-03-03"]
    assert values(total, "cumulative_cases") == [1, 1, 2]


def test_a_world_of_stale_series_alone_counts_nothing() -> None:
    total = world(rows(a=days("2020-03-01", [5, 6]), b=days("2020-03-01", [7])), {"a", "b"})
    assert values(total, "date") == ["2020-03-01", "2020-03-02"]
    assert values(total, "cumulative_cases") == [0, 0]
    assert values(total, "new_cases") == [None, 0]


@some
@given(tables(), st.integers(0, 30))
def test_the_world_s_last_day_is_the_sum_of_the_latest_of_the_living(
    table: pd.DataFrame, after_days: int
) -> None:
    stale = stale_keys(table, after_days)
    newest = latest(tidied(table, stale=stale))
    living = newest[~newest["stale"]]
    total = world(table, stale)
    for column in CUMULATIVE:
        assert values(total, column)[-1] == sum(values(living, column))
    dates = pd.date_range(table["date"].min(), table["date"].max(), unit="s")
    assert total["date"].tolist() == dates.tolist()


# The latest rows

LATEST_TYPES = {**TYPES, "active": "Int64", "last_reported": "datetime64[s]", "silent": "bool"}


def test_latest_is_the_last_row_of_each_country_with_active_behind_the_counts() -> None:
    table = tidied(
        rows(
            spain=days("2020-03-01", [10, 20], deaths=[1, 2], recoveries=[3, 5]),
            italy=days("2020-03-05", [7], recoveries=[1]),
        )
    )
    newest = latest(table)
    expected = table_columns()
    expected.insert(expected.index("cumulative_recoveries") + 1, "active")
    expected[expected.index("stale") + 1 : expected.index("stale") + 1] = [
        "last_reported",
        "silent",
    ]
    assert list(newest.columns) == expected
    assert types(newest) == LATEST_TYPES
    assert values(newest, "country_key") == ["italy", "spain"]
    assert values(newest, "date") == ["2020-03-05", "2020-03-02"]
    assert values(newest, "active") == [6, 13]
    assert newest.index.tolist() == [0, 1]


def test_active_is_missing_where_recoveries_fell_back_to_nothing() -> None:
    table = tidied(
        rows(
            united_states=days("2020-12-13", [9, 9, 9], recoveries=[4, 5, 0]),
            never=days("2020-12-13", [9, 9, 9], deaths=[1, 1, 2]),
            fell=days("2020-12-13", [9, 9, 9], recoveries=[4, 0, 1]),
        )
    )
    assert values(latest(table), "active", "united-states") == [None]
    assert values(latest(table), "active", "never") == [7]
    assert values(latest(table), "active", "fell") == [8]


def test_latest_of_no_rows_is_no_row() -> None:
    newest = latest(tidied(ONE_DAY).head(0))
    assert newest.empty
    assert types(newest) == LATEST_TYPES


@some
@given(tables())
def test_latest_has_every_country_once_at_its_last_date(table: pd.DataFrame) -> None:
    newest = latest(tidied(table))
    last = table.groupby("country_key", observed=True)["date"].max()
    assert dict(zip(newest["country_key"], newest["date"], strict=True)) == last.to_dict()


# Arguments


STEPS: dict[str, Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame], Any]] = {
    "repair": lambda raw, tidy, about: repair(raw),
    "tidy": lambda raw, _, about: tidy(repair(raw)[0], about, {"a"}),
    "stale_keys": lambda raw, tidy, about: stale_keys(raw, 1),
    "groups": lambda raw, tidy, about: [group.assign(x=1) for group in groups(raw, 1)],
    "world": lambda raw, tidy, about: world(raw, {"a"}),
    "weekly": lambda raw, tidy, about: weekly(raw, np.ones(len(raw))),
    "case_fatality": lambda raw, tidy, about: case_fatality(tidy),
    "latest": lambda raw, tidy, about: latest(tidy),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_changes_its_arguments(step: str) -> None:
    raw = rows(a=days("2020-03-01", range(9)), b=days("2020-03-01", [5, 3], recoveries=[1, 0]))
    raw.loc[0, "new_cases"] = 99
    about = countries(a={"population": 10, "continent": "Europe"}, b={"iso3": "BBB"})
    arguments: Sequence[pd.DataFrame] = (raw, tidied(raw, about), about)
    before = [argument.copy(deep=True) for argument in arguments]

    STEPS[step](*arguments)

    for argument, was in zip(arguments, before, strict=True):
        assert_frame_equal(argument, was, check_exact=True)


def test_what_repair_returns_can_be_written_to_without_reaching_its_argument() -> None:
    raw = rows(a=days("2020-03-01", range(3)))
    was = raw.copy(deep=True)
    repaired, _ = repair(raw)
    for column in (*NEW, *CUMULATIVE):
        repaired.loc[1, column] = 77
    assert_frame_equal(raw, was)
    assert values(repaired, "new_deaths") == [None, 77, 0]


def test_the_facts_stand_in_the_order_of_the_columns() -> None:
    assert tuple(table_columns()[-9:]) == FACT_COLUMNS == tuple(TYPES)[-9:]
