from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from frames import MOST, countries, days, rows, some, tables, tidied
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl.changes import Changes, compare
from etl.filters import keep
from etl.outputs.table import PARQUET, TableFiles, read_table
from etl.transform import CUMULATIVE, NEW, groups, repair, tidy

WANTED = ("country_key", "date", *CUMULATIVE, *NEW)


def repaired(table: pd.DataFrame) -> pd.DataFrame:
    return repair(table)[0]


def published(table: pd.DataFrame, folder: Path, at_least: int = 1) -> list[pd.DataFrame]:
    """The tidy table as it comes back from a Parquet file."""
    about = countries(*table["country_key"].cat.categories)
    folder.mkdir(exist_ok=True)
    with TableFiles(folder) as files:
        for group in groups(repaired(table), at_least):
            files.add(tidy(group, about, set()))
    return list(read_table(folder / PARQUET, WANTED))


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
    assert compare(repaired(AFTER), [tidied(BEFORE)]) == Changes(compared=18, restated=2)


def test_new_countries_and_days_are_no_change() -> None:
    more = rows(a=days("2020-03-01", [1, 2, 3]), b=days("2020-03-01", [1]))
    less = rows(a=days("2020-03-02", [2]))
    assert compare(repaired(more), [tidied(less)]) == Changes(compared=3)


def test_a_day_that_is_no_longer_there_is_not_compared() -> None:
    more = rows(a=days("2020-03-01", [1, 2, 3]))
    less = rows(a=[("2020-03-01", 1, 0, 0), ("2020-03-03", 3, 0, 0)])
    assert compare(repaired(less), [tidied(more)]) == Changes(compared=6)


def test_countries_that_are_gone_are_named_in_order_and_not_compared() -> None:
    before = rows(zambia=days("2020-03-01", [1]), austria=days("2020-03-01", [1]), b=[])
    after = rows(malta=days("2020-03-01", [1]))
    changes = compare(repaired(after), [tidied(before)])
    assert changes == Changes(gone=("austria", "zambia"))


def test_a_country_that_the_filter_had_kept_out_is_not_gone(tmp_path: Path) -> None:
    # COUNTRIES=spain was in force; since then the source has dropped France
    only_spain = BEFORE[BEFORE["country_key"] == "spain"]
    after = rows(spain=days("2020-03-01", [5, 6]))
    for pieces in ([tidied(only_spain)], published(only_spain, tmp_path)):
        assert "france" in pieces[0]["country_key"].cat.categories
        assert compare(repaired(after), pieces) == Changes(compared=6)


def test_a_filter_that_was_in_force_is_no_change() -> None:
    table = tidied(BEFORE)
    since = table[table["date"] >= "2020-03-02"]
    assert compare(repaired(BEFORE), [since]) == Changes(compared=4 * 3)
    assert compare(repaired(BEFORE), [keep(table, "cumulative", None)]) == Changes(compared=18)
    assert compare(repaired(BEFORE), [keep(table, "new", None)]) == Changes(compared=18)
    assert compare(repaired(BEFORE), [table[["country_key", "date"]]]) == Changes()


def test_where_only_new_was_published_new_is_compared() -> None:
    was = keep(tidied(BEFORE), "new", None)
    # France: cases on the 2nd and the 3rd, deaths on the 2nd and the 3rd; the 4th is new
    assert compare(repaired(AFTER), [was]) == Changes(compared=18, restated=4)


def test_a_missing_new_equals_a_missing_one_and_differs_from_zero() -> None:
    gap = rows(a=[("2020-03-01", 5, 0, 0), ("2020-03-03", 5, 0, 0)])
    filled = rows(a=days("2020-03-01", [5, 5, 5]))
    was = keep(tidied(gap), "new", None)
    assert compare(repaired(gap), [was]) == Changes(compared=6)
    assert compare(repaired(filled), [was]) == Changes(compared=6, restated=3)
    was = keep(tidied(filled), "new", None)
    assert compare(repaired(gap), [was]) == Changes(compared=6, restated=3)


def test_huge_counts_that_differ_by_one_are_told_apart() -> None:
    was, now = rows(a=days("2020-03-01", [MOST])), rows(a=days("2020-03-01", [MOST - 1]))
    assert compare(repaired(now), [tidied(was)]) == Changes(compared=3, restated=1)
    fell = rows(a=days("2020-03-01", [MOST, 0]))
    assert compare(repaired(fell), [keep(tidied(fell), "new", None)]) == Changes(compared=6)


def test_dates_from_the_first_year_to_the_last_meet_only_their_own() -> None:
    table = rows(
        a=[("0001-01-01", 1, 0, 0), ("9999-12-31", 2, 0, 0)],
        b=[("0001-01-01", 3, 0, 0), ("1970-01-01", 4, 0, 0), ("9999-12-31", 5, 0, 0)],
        c=[("0001-01-01", 6, 0, 0)],
    )
    assert compare(repaired(table), [tidied(table)]) == Changes(compared=18)


def test_against_nothing_published_nothing_has_changed() -> None:
    assert compare(repaired(BEFORE), []) == Changes()
    assert compare(repaired(BEFORE), [tidied(BEFORE).head(0)]) == Changes()


def test_against_an_empty_table_everything_is_gone() -> None:
    assert compare(repaired(rows()), [tidied(BEFORE)]) == Changes(gone=("france", "spain"))


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
    assert compare(repaired(now), [tidied(was)]) == Changes(
        compared=len(both),
        restated=sum(new[cell] != old[cell] for cell in both),
        gone=tuple(sorted(set(was["country_key"]) - set(now["country_key"]))),
    )


# As it comes back from Parquet


@pytest.mark.parametrize("at_least", [1, 1000])
def test_a_table_read_back_from_parquet_is_found_unchanged(tmp_path: Path, at_least: int) -> None:
    pieces = published(BEFORE, tmp_path, at_least)
    assert all(isinstance(p["country_key"].dtype, pd.CategoricalDtype) for p in pieces)
    assert sum(map(len, pieces)) == 6
    assert compare(repaired(BEFORE), pieces) == Changes(compared=18)
    assert compare(repaired(AFTER), pieces) == Changes(compared=18, restated=2)


def test_small_pieces_of_a_parquet_file_give_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.outputs.table.PIECE_ROWS", 1)
    pieces = published(BEFORE, tmp_path)
    assert [len(piece) for piece in pieces] == [1] * 6
    assert compare(repaired(AFTER), pieces) == Changes(compared=18, restated=2)


def test_compare_changes_none_of_its_arguments() -> None:
    now, was = repaired(AFTER), tidied(BEFORE)
    kept = now.copy(deep=True), was.copy(deep=True)
    compare(now, [was])
    assert_frame_equal(now, kept[0])
    assert_frame_equal(was, kept[1])
