from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl.extract.sources.table import CUMULATIVE, NEW
from etl.load.table import TableFiles, read_table
from etl.store.layout import TABLE_PARQUET
from etl.transform.changes import BIGGEST, compare
from etl.transform.derive import groups, tidy
from etl.transform.difference import Difference, MeasureChange, RestatedCell, Series
from etl.transform.filters import keep
from etl.transform.repair import repair
from tests.support.frames import MOST, countries, days, rows, some, tables, tidied

WANTED = ("country_key", "date", *CUMULATIVE, *NEW)


class Counted(NamedTuple):
    """How many cells both tables have, how many of them differ, and which series are gone."""

    compared: int = 0
    restated: int = 0
    gone: tuple[str, ...] = ()


def counted(found: Difference) -> Counted:
    gone = tuple(series.key for series in found.gone)
    return Counted(found.cells_compared, found.cells_restated, gone)


def repaired(table: pd.DataFrame) -> pd.DataFrame:
    return repair(table)[0]


def published(table: pd.DataFrame, folder: Path, at_least: int = 1) -> list[pd.DataFrame]:
    """The tidy table as it comes back from a Parquet file."""
    about = countries(*table["country_key"].cat.categories)
    folder.mkdir(exist_ok=True)
    with TableFiles(folder, {}) as files:
        for group in groups(repaired(table), at_least):
            files.add(tidy(group, about, set()))
    return list(read_table(folder / TABLE_PARQUET, WANTED))


BEFORE = rows(
    france=days("2020-03-01", [1, 2, 3], deaths=[0, 1, 1]),
    spain=[*days("2020-03-01", [5, 6]), ("2020-03-05", 9, 0, 0)],
)
AFTER = rows(
    austria=days("2020-03-01", [1]),  # new
    france=days("2020-03-01", [1, 7, 3, 4], deaths=[0, 2, 1, 1]),  # two restated, a day more
    spain=[*days("2020-03-01", [5, 6, 7]), ("2020-03-05", 9, 0, 0)],  # a gap filled
)


def test_cells_that_differ_are_counted_among_those_that_stand_in_both() -> None:
    assert counted(compare(repaired(AFTER), [tidied(BEFORE)])) == Counted(compared=18, restated=2)


def test_new_countries_and_days_are_no_change() -> None:
    more = rows(a=days("2020-03-01", [1, 2, 3]), b=days("2020-03-01", [1]))
    less = rows(a=days("2020-03-02", [2]))
    assert counted(compare(repaired(more), [tidied(less)])) == Counted(compared=3)


def test_a_day_that_is_no_longer_there_is_not_compared() -> None:
    more = rows(a=days("2020-03-01", [1, 2, 3]))
    less = rows(a=[("2020-03-01", 1, 0, 0), ("2020-03-03", 3, 0, 0)])
    assert counted(compare(repaired(less), [tidied(more)])) == Counted(compared=6)


def test_countries_that_are_gone_are_named_in_order_and_not_compared() -> None:
    before = rows(zambia=days("2020-03-01", [1]), austria=days("2020-03-01", [1]), b=[])
    after = rows(malta=days("2020-03-01", [1]))
    changes = compare(repaired(after), [tidied(before)])
    assert counted(changes) == Counted(gone=("austria", "zambia"))


def test_a_country_that_the_filter_had_kept_out_is_not_gone(tmp_path: Path) -> None:
    # COUNTRIES=spain was in force; since then the source has dropped France
    only_spain = BEFORE[BEFORE["country_key"] == "spain"]
    after = rows(spain=days("2020-03-01", [5, 6]))
    assert "france" in tidied(only_spain)["country_key"].cat.categories
    for pieces in ([tidied(only_spain)], published(only_spain, tmp_path)):
        assert counted(compare(repaired(after), pieces)) == Counted(compared=6)


def test_a_filter_that_was_in_force_is_no_change() -> None:
    table = tidied(BEFORE)
    since = table[table["date"] >= "2020-03-02"]
    assert counted(compare(repaired(BEFORE), [since])) == Counted(compared=4 * 3)
    assert counted(compare(repaired(BEFORE), [keep(table, "cumulative", None)])) == Counted(
        compared=18
    )
    assert counted(compare(repaired(BEFORE), [keep(table, "new", None)])) == Counted(compared=18)
    assert counted(compare(repaired(BEFORE), [table[["country_key", "date"]]])) == Counted()


def test_where_only_new_was_published_new_is_compared() -> None:
    was = keep(tidied(BEFORE), "new", None)
    # France: cases on the 2nd and the 3rd, deaths on the 2nd and the 3rd; the 4th is new
    assert counted(compare(repaired(AFTER), [was])) == Counted(compared=18, restated=4)


def test_a_missing_new_equals_a_missing_one_and_differs_from_zero() -> None:
    gap = rows(a=[("2020-03-01", 5, 0, 0), ("2020-03-03", 5, 0, 0)])
    filled = rows(a=days("2020-03-01", [5, 5, 5]))
    was = keep(tidied(gap), "new", None)
    assert counted(compare(repaired(gap), [was])) == Counted(compared=6)
    assert counted(compare(repaired(filled), [was])) == Counted(compared=6, restated=3)
    was = keep(tidied(filled), "new", None)
    assert counted(compare(repaired(gap), [was])) == Counted(compared=6, restated=3)


def test_huge_counts_that_differ_by_one_are_told_apart() -> None:
    was, now = rows(a=days("2020-03-01", [MOST])), rows(a=days("2020-03-01", [MOST - 1]))
    assert counted(compare(repaired(now), [tidied(was)])) == Counted(compared=3, restated=1)
    fell = rows(a=days("2020-03-01", [MOST, 0]))
    assert counted(compare(repaired(fell), [keep(tidied(fell), "new", None)])) == Counted(
        compared=6
    )


def test_dates_from_the_first_year_to_the_last_meet_only_their_own() -> None:
    table = rows(
        a=[("0001-01-01", 1, 0, 0), ("9999-12-31", 2, 0, 0)],
        b=[("0001-01-01", 3, 0, 0), ("1970-01-01", 4, 0, 0), ("9999-12-31", 5, 0, 0)],
        c=[("0001-01-01", 6, 0, 0)],
    )
    assert counted(compare(repaired(table), [tidied(table)])) == Counted(compared=18)


def test_against_nothing_published_nothing_has_changed() -> None:
    assert counted(compare(repaired(BEFORE), [])) == Counted()
    assert counted(compare(repaired(BEFORE), [tidied(BEFORE).head(0)])) == Counted()


def test_against_an_empty_table_everything_is_gone() -> None:
    assert counted(compare(repaired(rows()), [tidied(BEFORE)])) == Counted(gone=("france", "spain"))


@some
@given(tables(), tables(), st.lists(st.integers(0, 50), max_size=6), st.sampled_from([None, "new"]))
def test_pieces_of_any_size_give_the_same_result(
    now: pd.DataFrame, was: pd.DataFrame, cuts: list[int], measures: str | None
) -> None:
    whole = keep(tidied(was), measures or "all", None)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole.iloc[a:b] for a, b in pairwise(edges)]
    assert compare(repaired(now), pieces) == compare(repaired(now), [whole])


@some
@given(tables(), tables())
def test_changes_are_those_that_a_plain_comparison_finds(
    now: pd.DataFrame, was: pd.DataFrame
) -> None:
    def cells(table: pd.DataFrame) -> dict[tuple[object, ...], int]:
        plain = table.astype({"country_key": "str"})
        return {
            (row.country_key, row.date, name): getattr(row, name)
            for row in plain.itertuples()
            for name in CUMULATIVE
        }

    new, old = cells(now), cells(was)
    both = new.keys() & old.keys()
    found = compare(repaired(now), [tidied(was)])
    assert counted(found) == Counted(
        compared=len(both),
        restated=sum(new[cell] != old[cell] for cell in both),
        gone=tuple(sorted(set(was["country_key"]) - set(now["country_key"]))),
    )
    assert found.rows_added * len(CUMULATIVE) == len(new.keys() - old.keys())
    assert found.rows_removed * len(CUMULATIVE) == len(old.keys() - new.keys())
    assert {series.key for series in found.appeared} == set(now["country_key"]) - set(
        was["country_key"]
    )
    differences = sorted((abs(new[cell] - old[cell]) for cell in both), reverse=True)
    assert [abs((cell.after or 0) - (cell.before or 0)) for cell in found.biggest] == [
        difference for difference in differences if difference
    ][:BIGGEST]
    for name in CUMULATIVE if both else ():
        last = {key: date for key, date, measure in sorted(both) if measure == name}
        net = sum(new[key, date, name] - old[key, date, name] for key, date in last.items())
        assert found.measures[name].net == net


# As it comes back from Parquet


@pytest.mark.parametrize("at_least", [1, 1000])
def test_a_table_read_back_from_parquet_is_found_unchanged(tmp_path: Path, at_least: int) -> None:
    pieces = published(BEFORE, tmp_path, at_least)
    assert all(isinstance(p["country_key"].dtype, pd.CategoricalDtype) for p in pieces)
    assert sum(map(len, pieces)) == 6
    assert counted(compare(repaired(BEFORE), pieces)) == Counted(compared=18)
    assert counted(compare(repaired(AFTER), pieces)) == Counted(compared=18, restated=2)


def test_small_pieces_of_a_parquet_file_give_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.load.table.PIECE_ROWS", 1)
    pieces = published(BEFORE, tmp_path)
    assert [len(piece) for piece in pieces] == [1] * 6
    assert counted(compare(repaired(AFTER), pieces)) == Counted(compared=18, restated=2)


# What is told of them


def test_each_restated_cell_is_told_with_before_and_after_the_biggest_first() -> None:
    found = compare(repaired(AFTER), [tidied(BEFORE)], names={"france": "France"})
    assert found.biggest == [
        RestatedCell("france", "France", date(2020, 3, 2), "cumulative_cases", 2, 7),
        RestatedCell("france", "France", date(2020, 3, 2), "cumulative_deaths", 1, 2),
    ]
    assert (found.rows_added, found.rows_removed) == (3, 0)
    assert found.appeared == [Series("austria", "austria")]  # of which no name was given
    assert found.restated_by_series == {"france": 2}


def test_the_net_effect_on_a_total_is_that_of_the_last_day_in_both_and_on_new_ones_of_all() -> None:
    before = rows(a=days("2020-03-01", [1, 2, 3]), b=days("2020-03-01", [5, 5]))
    after = rows(a=days("2020-03-01", [4, 5, 9, 20]), b=days("2020-03-01", [7, 5]))
    assert compare(repaired(after), [tidied(before)]).measures["cumulative_cases"] == MeasureChange(
        compared=5, restated=4, net=6
    )
    only_new = keep(tidied(before), "new", None)
    # a: 1, 1 became 1, 4; b: 0 became -2; what was missing on the first days still is
    assert compare(repaired(after), [only_new]).measures["new_cases"] == MeasureChange(
        compared=5, restated=2, net=1
    )


def test_only_the_ten_biggest_are_told() -> None:
    before, after = rows(a=days("2020-03-01", [0] * 30)), rows(a=days("2020-03-01", range(30)))
    found = compare(repaired(after), [tidied(before)])
    assert found.cells_restated == 29
    assert [cell.after for cell in found.biggest] == [29, 28, 27, 26, 25, 24, 23, 22, 21, 20]


def test_a_figure_that_was_missing_is_told_as_none() -> None:
    gap = rows(a=[("2020-03-01", 5, 0, 0), ("2020-03-03", 9, 0, 0)])
    filled = rows(a=days("2020-03-01", [5, 5, 9]))
    [cell, *_] = compare(repaired(filled), [keep(tidied(gap), "new", None)]).biggest
    assert (cell.measure, cell.before, cell.after) == ("new_cases", None, 4)


def test_rows_that_todays_filter_leaves_out_are_not_added() -> None:
    only_spain = BEFORE[BEFORE["country_key"] == "spain"]
    shown = (AFTER["country_key"] == "spain").to_numpy()
    found = compare(repaired(AFTER), [tidied(only_spain)], shown)
    assert (found.rows_added, found.appeared) == (1, [])
    whole = compare(repaired(AFTER), [tidied(only_spain)])
    assert [series.key for series in whole.appeared] == ["austria", "france"]


def test_series_that_are_gone_have_the_name_that_they_had() -> None:
    after = rows(france=days("2020-03-01", [1, 2, 3]))
    names = {"france": "France"}
    before = {"france": "Gaul", "spain": "Spain"}
    found = compare(repaired(after), [tidied(BEFORE)], None, names, lambda: before)
    assert found.gone == [Series("spain", "Spain")]
    assert {cell.name for cell in found.biggest} == {"France"}


def test_the_names_before_are_read_only_where_series_are_gone() -> None:
    def names_before() -> dict[str, str]:
        raise AssertionError

    assert not compare(repaired(AFTER), [tidied(BEFORE)], None, {}, names_before).gone


def test_compare_changes_none_of_its_arguments() -> None:
    now, was = repaired(AFTER), tidied(BEFORE)
    kept = now.copy(deep=True), was.copy(deep=True)
    compare(now, [was])
    assert_frame_equal(now, kept[0])
    assert_frame_equal(was, kept[1])
