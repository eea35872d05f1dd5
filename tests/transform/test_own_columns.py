"""The tables of TABLES, joined with the tidy table."""

from pathlib import Path

import pandas as pd
import pytest

from etl.errors import SourceChanged
from etl.extract.tables.table import read_own_table
from etl.settings.tables import TableSpec
from etl.transform.own_columns import Joined, describe, join, prepare

DAYS = pd.date_range("2021-01-01", periods=5, unit="s")
KEYS = ("atlantis", "france", "spain")
ENTITIES = pd.DataFrame(
    {
        "country_key": pd.array(KEYS, "str"),
        "country": pd.array(["Atlantis", "France", "Spain"], "str"),
        "iso3": pd.array([None, "FRA", "ESP"], "str"),
    }
)


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "country_key": pd.Categorical([key for key in KEYS for _ in DAYS], categories=KEYS),
            "date": [day for _ in KEYS for day in DAYS],
            "cumulative_cases": range(len(KEYS) * len(DAYS)),
        }
    )


def joined(tmp_path: Path, *texts: str, fill_days: int = 0) -> list[Joined]:
    tables = []
    for n, text in enumerate(texts):
        (tmp_path / f"{n}.csv").write_text(text)
        spec = TableSpec(f"t{n}", "x", fill_days=fill_days)
        tables.append(read_own_table(tmp_path / f"{n}.csv", spec))
    return prepare(tables, ENTITIES, rows())


def test_a_table_by_country_is_the_same_on_each_day(tmp_path: Path) -> None:
    text = "iso,beds,open,note,since\nESP,3,true,a,2020-01-01\nPER,4,false,b,2020-01-02\n"
    table = join(rows(), joined(tmp_path, text))
    spain = table[table["country_key"] == "spain"]
    assert spain["beds"].tolist() == [3] * 5
    assert set(spain["note"]) == {"a"}
    assert (
        table[table["country_key"] != "spain"][["beds", "open", "note", "since"]]
        .isna()
        .all(axis=None)
    )
    assert [str(table[name].dtype) for name in ("beds", "open", "since")] == [
        "Int64",
        "boolean",
        "datetime64[s]",
    ]
    listed = describe(ENTITIES, rows(), joined(tmp_path, text))
    assert listed["beds"].fillna(-1).tolist() == [-1, -1, 3]


DAILY = """iso,day,n
ESP,2021-01-02,2
ESP,2021-01-05,
ESP,2021-02-01,9
FRA,2021-01-01,7
PER,2021-01-01,1
"""


@pytest.mark.parametrize(
    ("fill_days", "spain", "france"),
    [(0, [0, 2, 0, 0, 0], [7, 0, 0, 0, 0]), (2, [0, 2, 2, 2, 0], [7, 7, 7, 0, 0])],
)
def test_a_table_by_day_is_joined_by_day_and_filled_only_if_asked(
    tmp_path: Path, fill_days: int, spain: list[int], france: list[int]
) -> None:
    [one] = tables = joined(tmp_path, DAILY, fill_days=fill_days)
    table = join(rows(), tables)
    for key, values in (("atlantis", [0] * 5), ("france", france), ("spain", spain)):
        assert table[table["country_key"] == key]["n"].fillna(0).tolist() == values
    assert (one.table.rows, one.matched, one.left_out) == (5, 2, 2)
    assert list(describe(ENTITIES, rows(), tables)) == list(ENTITIES)


def test_a_group_of_countries_gets_the_same_as_the_whole(tmp_path: Path) -> None:
    tables = joined(tmp_path, DAILY, "country,text\nSpain,x\nFrance,y\n")
    whole = join(rows(), tables)
    parts = [join(rows().iloc[at : at + 5], tables) for at in (0, 5, 10)]
    pd.testing.assert_frame_equal(pd.concat(parts), whole)


def test_names_that_are_taken_get_the_name_of_their_table(tmp_path: Path) -> None:
    tables = joined(tmp_path, "iso,population,n\nESP,1,2\n", "iso,n,file\nESP,3,4\n")
    names = [list(one.columns) for one in tables]
    assert names == [["t0_population", "n"], ["t1_n", "t1_file"]]
    with pytest.raises(SourceChanged, match="table t1: two columns are called t1_active"):
        joined(tmp_path, "iso,t1_active\nESP,1\n", "iso,active\nESP,1\n")


def test_a_table_without_countries_of_the_statistics_leaves_its_columns_empty(
    tmp_path: Path,
) -> None:
    [one] = tables = joined(tmp_path, "iso,n\nPER,1\nCHL,2\n")
    assert join(rows(), tables)["n"].isna().all()
    assert (one.matched, one.left_out) == (0, 2)
