"""latest.xlsx and countries/*.csv: what a spreadsheet finds in them."""

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from etl.store.memory import MemoryStore
from etl.transform.columns import latest_fields, table_fields
from tests.support.runs import NOW, assert_settled, contents, document, run

KINDS: dict[str, Any] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "string": str,
    "date": datetime,
}


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    source = tmp_path_factory.mktemp("source") / "stats.json"
    body = document({"spain": list(range(0, 200, 10)), "evil": [5] * 20})
    source.write_bytes(body.replace(b'"Evil"', b'"=HYPERLINK(1)"'))
    store = MemoryStore()
    run(store, source, OUTPUTS="xlsx,countries,countries-csv")
    assert_settled(contents(store))
    return contents(store)


def rows_of(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["latest"]
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def test_the_workbook_has_the_types_of_the_register(objects: dict[str, bytes]) -> None:
    rows = rows_of(objects["latest.xlsx"])
    assert list(rows[0]) == [field.name for field in latest_fields()]
    spain = next(row for row in rows if row["country_key"] == "spain")
    assert spain["cumulative_cases"] == 190
    assert spain["date"].date() == date(2021, 1, 20)
    for row in rows:
        for field in latest_fields():
            assert row[field.name] is None or isinstance(row[field.name], KINDS[field.type])


def test_the_workbook_says_what_latest_json_says(objects: dict[str, bytes]) -> None:
    lines = list(csv.DictReader(io.StringIO(objects["latest.csv"].decode())))
    for row, line in zip(rows_of(objects["latest.xlsx"]), lines, strict=True):
        for name, value in row.items():
            if value is None or isinstance(value, str):
                assert line[name].removeprefix("'") == (value or "")
            elif isinstance(value, datetime):
                assert line[name] == str(value.date())
            else:
                assert float({"true": 1, "false": 0}.get(line[name], line[name])) == value


def test_text_that_looks_like_a_formula_stays_text(objects: dict[str, bytes]) -> None:
    assert "=HYPERLINK(1)" in {row["country"] for row in rows_of(objects["latest.xlsx"])}
    with zipfile.ZipFile(io.BytesIO(objects["latest.xlsx"])) as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name)


def test_the_same_rows_give_the_same_bytes(objects: dict[str, bytes], tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    body = document({"spain": list(range(0, 200, 10)), "evil": [5] * 20})
    source.write_bytes(body.replace(b'"Evil"', b'"=HYPERLINK(1)"'))
    run(store, source, now=NOW.replace(hour=9), OUTPUTS="xlsx")
    assert contents(store)["latest.xlsx"] == objects["latest.xlsx"]


def test_a_country_s_csv_has_its_rows_of_the_table(objects: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(objects["countries/ESP.csv"].decode())))
    assert list(rows[0]) == [field.name for field in table_fields()]
    assert [row["cumulative_cases"] for row in rows] == [str(10 * n) for n in range(20)]
    assert {row["iso3"] for row in rows} == {"ESP"}
    evil = list(csv.DictReader(io.StringIO(objects["countries/evil.csv"].decode())))
    assert {row["country"] for row in evil} == {"'=HYPERLINK(1)"}
    files = {key.rpartition(".")[0] for key in objects if key.startswith("countries/")}
    assert {f"{name}.csv" for name in files} <= set(objects)
