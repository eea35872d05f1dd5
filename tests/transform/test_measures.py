"""Measures that a source lacks, and single counts it does not tell: missing, never zero."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from etl.extract.sources.table import CUMULATIVE, NEW, measures
from etl.load.stats import write_stats
from etl.transform.changes import compare
from etl.transform.columns import table_columns
from etl.transform.derive import tidy
from etl.transform.repair import repair
from etl.transform.world import latest, world
from tests.support.frames import countries, days, rows, some, tables, tidied, values

Cells = Sequence[int | None]


def told(table: pd.DataFrame, **counts: Cells) -> pd.DataFrame:
    """The table with these cumulative counts, as Int32; new ones are not told."""
    columns = {
        f"cumulative_{name}": pd.array(list(cells), dtype="Int32") for name, cells in counts.items()
    }
    return table.assign(**columns).drop(columns=[f"new_{name}" for name in counts])


def lacking(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    columns = [f"{kind}_{name}" for name in names for kind in ("new", "cumulative")]
    return table.drop(columns=columns)


def spain(cases: Cells, first: str = "2020-03-01") -> pd.DataFrame:
    return told(rows(spain=days(first, [0] * len(cases))), cases=cases)


def stats(table: pd.DataFrame, path: Path) -> list[dict[str, Any]]:
    about = countries(*table["country_key"].cat.categories)
    write_stats(path, about, table, "all", None)
    content: list[dict[str, Any]] = msgspec.json.decode(path.read_bytes())
    return content


# ---- a measure that is not there


def test_a_measure_the_source_lacks_is_missing_throughout_the_tidy_table() -> None:
    table = lacking(rows(spain=days("2020-03-01", range(9), range(9), range(9))), "recoveries")
    frame = tidied(table)
    assert list(frame.columns) == table_columns()
    assert frame["cumulative_recoveries"].isna().all()
    assert frame["new_recoveries"].isna().all()
    assert str(frame["new_recoveries"].dtype) == "Int64"
    assert values(frame, "new_cases") == [None, *[1] * 8]


def test_active_is_unknown_where_recoveries_are() -> None:
    whole = rows(spain=days("2020-03-01", [7], [1], [2]))
    assert values(latest(tidied(whole)), "active") == [4]
    assert values(latest(tidied(lacking(whole, "recoveries"))), "active") == [None]


def test_a_measure_the_source_lacks_is_missing_in_the_world() -> None:
    table = lacking(rows(spain=days("2020-03-01", [1, 2], [0, 1])), "recoveries")
    total = world(table, set())
    assert list(total.columns) == ["date", *CUMULATIVE, *NEW]
    for kind in ("new", "cumulative"):
        assert values(total, f"{kind}_recoveries") == [None, None]
    assert values(total, "cumulative_deaths") == [0, 1]


def test_a_measure_the_source_lacks_is_null_in_stats_json(tmp_path: Path) -> None:
    table = lacking(rows(spain=days("2020-03-01", [5, 7], [0, 1])), "recoveries")
    (element,) = stats(table, tmp_path / "stats.json")
    assert element["dates"] == {
        f"2020-03-0{n}": {
            "new": {"cases": new, "deaths": died, "recoveries": None},
            "cumulative": {"cases": all_cases, "deaths": died, "recoveries": None},
        }
        for n, new, all_cases, died in ((1, 5, 5, 0), (2, 2, 7, 1))
    }


def test_a_measure_that_is_in_one_of_two_tables_alone_is_not_compared() -> None:
    whole = repair(rows(spain=days("2020-03-01", [1, 2], [0, 1], [0, 1])))[0]
    less = repair(lacking(whole, "recoveries", "deaths"))[0]
    published = tidied(less)
    assert compare(whole, [tidied(whole)]).cells_compared == 6
    assert compare(less, [published]).cells_compared == 2
    assert compare(less, [tidied(whole)]).cells_compared == 2
    assert measures(less) == ["cases"]


# ---- a single count that is not there


def test_the_new_count_is_missing_beside_a_count_that_is() -> None:
    repaired, found = repair(spain([5, None, 9, 12, None]))
    assert values(repaired, "new_cases") == [None, None, None, 3, None]
    assert found.new_unknowable == 1  # on the third day, as behind a gap
    assert found.days_missing == 0


def test_what_the_source_does_not_say_of_new_counts_is_not_called_wrong() -> None:
    table = spain([5, 6, 8]).assign(new_cases=pd.array([None, 1, None], dtype="Int32"))
    assert repair(table)[1].new_recomputed == 0
    table = spain([5, 6, 8]).assign(new_cases=pd.array([None, 2, None], dtype="Int32"))
    assert repair(table)[1].new_recomputed == 1


def test_averages_take_the_straight_line_across_counts_that_are_missing() -> None:
    table = tidied(spain([None, 0, 7, None, None, None, 35, 42, 49, 56, None]))
    plain = tidied(rows(spain=[*days("2020-03-02", [0, 7]), *days("2020-03-07", [35, 42, 49, 56])]))
    known = table[table["cumulative_cases"].notna()]
    assert values(known, "cases_7d_avg") == values(plain, "cases_7d_avg")
    assert values(table, "cases_7d_avg")[-2:] == [7.0, None]
    assert values(table, "cases_7d_avg")[7] is None  # 6 days behind the first known count


def test_case_fatality_needs_both_counts() -> None:
    table = told(spain([100, 100, None]), deaths=[1, None, 1])
    assert values(tidied(table), "case_fatality") == [0.01, None, None]


def test_the_world_goes_on_with_the_last_count_until_nobody_tells_any() -> None:
    table = told(
        rows(a=days("2020-03-01", [0] * 4), b=days("2020-03-01", [0] * 4)),
        recoveries=[5, None, None, None, 10, 20, 30, None],
    )
    total = world(table, set())
    assert values(total, "cumulative_recoveries") == [15, 25, 35, None]
    assert values(total, "new_recoveries") == [None, 10, 10, None]
    assert values(total, "cumulative_cases") == [0, 0, 0, 0]


def test_stats_json_says_null_and_adds_up_across_it(tmp_path: Path) -> None:
    table = lacking(spain([None, 5, None, None, 3]), "deaths", "recoveries")
    (element,) = stats(table, tmp_path / "stats.json")
    new = [day["new"]["cases"] for day in element["dates"].values()]
    cumulative = [day["cumulative"]["cases"] for day in element["dates"].values()]
    assert cumulative == [None, 5, None, None, 3]
    assert new == [None, 5, None, None, -2]


# ---- whatever comes


@some
@given(tables(), st.data())
def test_a_missing_count_changes_no_other_than_its_neighbours(
    table: pd.DataFrame, data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.integers(0, len(table) - 1)))
    gapped = table.astype({"cumulative_cases": "Int32", "new_cases": "Int32"})
    gapped.loc[list(hidden), ["cumulative_cases", "new_cases"]] = pd.NA
    about = countries(*table["country_key"].cat.categories)
    whole, less = (tidy(repair(t)[0], about, set()) for t in (table, gapped))
    for row in range(len(table)):
        expected = None if row in hidden else values(whole, "cumulative_cases")[row]
        assert values(less, "cumulative_cases")[row] == expected
        beside = row in hidden or row - 1 in hidden
        expected = None if beside else values(whole, "new_cases")[row]
        assert values(less, "new_cases")[row] == expected
    others = ["cumulative_deaths", "new_deaths", "deaths_7d_avg", "new_recoveries"]
    assert less[others].equals(whole[others])
