"""TABLES: any file of countries becomes typed columns, or one clear error."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from etl.errors import SourceChanged
from etl.extract.fetch import Limits, fetch
from etl.extract.tables.files import MAX_COLUMNS
from etl.extract.tables.table import OwnTable, read_own_table
from etl.extract.tables.typed import snake_case
from etl.settings.tables import TableSpec
from tests.support.facts import Cell, workbook, xlsx

ROWS: list[dict[str, Any]] = [
    {"ISO": "ESP", "Beds per 1000": 3.5, "Doctors": 40, "Open": True, "Since": "2020-03-01"},
    {"ISO": "ITA", "Beds per 1000": 3, "Doctors": None, "Open": False, "Since": "2020-02-21"},
    {"ISO": "FRA", "Beds per 1000": None, "Doctors": 7, "Open": True, "Since": None},
]


def read(
    tmp_path: Path, body: bytes | str, *, country: str = "", date: str = "", fill_days: int = 0
) -> OwnTable:
    path = tmp_path / "table"
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return read_own_table(path, TableSpec("beds", "x", country, date, fill_days))


def fault(tmp_path: Path, body: bytes | str, *, country: str = "", date: str = "") -> str:
    with pytest.raises(SourceChanged) as caught:
        read(tmp_path, body, country=country, date=date)
    message = str(caught.value)
    assert message.startswith("table beds: ")
    assert "\n" not in message
    assert len(message) < 500
    return message.removeprefix("table beds: ")


def csv(delimiter: str) -> bytes:
    frame = pd.DataFrame(ROWS).astype({"Doctors": "Int64"})
    text = frame.to_csv(index=False, sep=delimiter, na_rep="..")
    return text.replace(".5", ",5" if delimiter == ";" else ".5").encode()


def parquet(tmp_path: Path) -> bytes:
    frame = pd.DataFrame(ROWS).astype({"Doctors": "Int64"})
    frame["Since"] = pd.to_datetime(frame["Since"])
    frame.to_parquet(tmp_path / "made")
    return (tmp_path / "made").read_bytes()


def book() -> bytes:
    rows: list[list[Cell]] = [[*ROWS[0]]]
    for one in ROWS:
        rows.append(["" if v is None else float(v) if type(v) is int else v for v in one.values()])
    return xlsx(*rows)


FORMS = {
    "comma": lambda tmp_path: csv(","),
    "semicolon": lambda tmp_path: csv(";"),
    "tab": lambda tmp_path: b"\xef\xbb\xbf" + csv("\t"),
    "workbook": lambda tmp_path: book(),
    "json": lambda tmp_path: json.dumps(ROWS).encode(),
    "parquet": parquet,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_columns(tmp_path: Path, form: str) -> None:
    table = read(tmp_path, FORMS[form](tmp_path))
    assert {name: one.type for name, one in table.columns.items()} == {
        "beds_per_1000": "number",
        "doctors": "integer",
        "open": "boolean",
        "since": "date",
    }
    assert [one.iso3 for one in table.numbers] == ["ESP", "ITA", "FRA"]
    values = {name: one.values.to_pylist() for name, one in table.columns.items()}
    assert values["beds_per_1000"] == [3.5, 3.0, None]
    assert values["doctors"] == [40, None, 7]
    assert values["open"] == [True, False, True]
    assert [str(day) for day in values["since"]] == ["2020-03-01", "2020-02-21", "None"]
    assert (table.day, table.rows, table.unmatched) == (None, 3, [])


@pytest.mark.parametrize(
    ("values", "kind", "read_as"),
    [
        (["1", "-2", "+3"], "integer", [1, -2, 3]),
        (["1", "2.5", "1e3"], "number", [1.0, 2.5, 1000.0]),
        (["007", "8", "9"], "string", ["007", "8", "9"]),
        (["NA", "N/A", ".."], "string", [None, None, None]),
        (["true", "FALSE", ""], "boolean", [True, False, None]),
        (["2021-02-28", "2021-03-01T00:00:00", "NA"], "date", ["2021-02-28", "2021-03-01", "None"]),
        (["2021-02-30", "2021-03-01", "NA"], "string", ["2021-02-30", "2021-03-01", None]),
        (["1", "inf", "-Infinity"], "number", [1.0, None, None]),
        (["-007", "1.5", "2"], "string", ["-007", "1.5", "2"]),
        (["0", "-0.5", "0.25"], "number", [0.0, -0.5, 0.25]),
        (["0x10", "1_000", "5"], "string", ["0x10", "1_000", "5"]),
        ([" a  b ", "c\x07", "=cmd()"], "string", ["a b", "c\ufffd", "=cmd()"]),
    ],
)
def test_types_come_from_the_contents(
    tmp_path: Path, values: list[str], kind: str, read_as: list[object]
) -> None:
    lines = [f"{code},{value}" for code, value in zip(("ESP", "ITA", "FRA"), values, strict=True)]
    table = read(tmp_path, "\n".join(["iso,x", *lines]))
    [column] = table.columns.values()
    found = column.values.to_pylist()
    assert column.type == kind
    assert (list(map(str, found)) if kind == "date" else found) == read_as
    assert len(table.warnings) == any("inf" in value.lower() for value in values)


def test_na_is_namibia_in_a_column_of_codes_and_missing_elsewhere(tmp_path: Path) -> None:
    table = read(tmp_path, "code,x\nNA,1\nES,NA\nFR,3\n")
    assert [one.name for one in table.numbers] == ["Namibia", "Spain", "France"]
    assert table.columns["x"].values.to_pylist() == [1, None, 3]


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (
            "country,x\nSpain,1\nCÔTE D\u2019IVOIRE,2\nKorea, Rep.,3\n".replace(
                "Korea, Rep.", '"Korea, Rep."'
            ),
            "ESP CIV KOR",
        ),
        ("a2,name,a3,x\nES,Spain,ESP,1\nFR,France,FRA,2\n", "ESP FRA"),
        ("place,x\nSpain,1\nItaly,1\nFrance,1\nPeru,1\nWorld,5\n", "ESP ITA FRA PER"),
        ("x,iso\n1,esp\n2,fra\n", "ESP FRA"),
    ],
)
def test_the_column_of_countries_is_found(tmp_path: Path, body: str, codes: str) -> None:
    table = read(tmp_path, body)
    assert [one.iso3 for one in table.numbers] == codes.split()
    assert list(table.columns) == ["x"]
    assert table.unmatched == (["World"] if "World" in body else [])


def test_a_named_column_of_countries_is_taken(tmp_path: Path) -> None:
    body = "from,to,n\nSpain,France,1\nItaly,Peru,2\n"
    assert "name different countries" in fault(tmp_path, body)
    assert [one.iso3 for one in read(tmp_path, body, country="to").numbers] == ["FRA", "PER"]


DAILY = (
    "iso,day,until,n\nESP,2021-01-02,2021-02-01,2\nESP,2021-01-01,2021-02-01,1\nITA,2021-01-01,,3\n"
)


def test_a_day_is_a_key_if_countries_repeat(tmp_path: Path) -> None:
    table = read(tmp_path, DAILY)
    assert table.day is not None
    assert table.day.tolist() == [18628, 18629, 18628]
    assert table.columns["n"].values.to_pylist() == [1, 2, 3]
    once = read(tmp_path, "iso,day,n\nESP,2021-01-02,2\nITA,2021-01-01,3\n")
    assert once.day is None
    assert once.columns["day"].type == "date"
    assert read(tmp_path, "iso,day,n\nESP,2021-01-02,2\nITA,,3\n", date="day").day is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<!doctype html><p>Sign in", "an HTML page, not a .csv"),
        ("", "the file is empty"),
        (" \r\n", "the file is empty"),
        (b"\xef\xbb", "truncated byte order mark"),
        ("iso,x\n", "0 rows below the header"),
        ("what,x\nred,1\nblue,2\n", "no column of countries"),
        ("iso\nESP\n", "no column besides"),
        ("iso,date,Date\nESP,1,2\n", "columns 2 and 3 are both called date"),
        ("iso,../etc\nESP,1\n", "column 2: a name with ../ in it"),
        ("iso,x\nESP,1\nITA,2\nESP,3\n", "ESP: rows 2 and 4 are of the same country, and there"),
        ("iso,x\nESP,1\nITA,2\nITA,3,4\n", "line 4: expected 2 values, got 3"),
        ('iso,x\nESP,"1\n', "line 2: not CSV"),
        ("iso,x\nESP,espa\xf1a\n".encode("latin-1"), "it is not UTF-8"),
        ("iso,x\nESP,1\n".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        ("iso," + ",".join("x" * (MAX_COLUMNS + 1)) + "\n", f"more than {MAX_COLUMNS} columns"),
        (DAILY.replace("02,", "01,", 1), "ESP: rows 2 and 3 are of the same country and day"),
        ('{"ESP": 1}', "the source is"),
        ("[1]", "record 1: expected an object"),
        ('[{"iso": "ESP", "x": [1]}]', "record 1, x: expected a value, got a list"),
        ('[{"iso": "ESP"}', "ends inside"),
        ("[]", "no records"),
        (b"PK\x03\x04 and so on", "not a zip"),
        (b"PAR1 and so on", "a Parquet file that can't be read"),
        (b"\x00\x01\x02\x03", "it is not a .csv"),
        (workbook('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'), "a cell as far out as ZZZ1"),
        (xlsx(["iso", "x"], ["y" * (1 << 26), 1.0]), "once unpacked"),
    ],
)
def test_what_is_no_table_of_countries_is_said_in_one_line(
    tmp_path: Path, body: bytes | str, said: str
) -> None:
    assert said.lower() in fault(tmp_path, body).lower()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"country": "land"}, "no column land; there are iso, day, until, n"),
        ({"country": "until"}, "column until: not of countries"),
        ({"date": "n"}, "column n: expected dates such as 2021-01-31"),
        ({"date": "until"}, "ESP: rows 2 and 3 are of the same country and day"),
        ({"date": "none"}, "ESP: rows 2 and 3 are of the same country"),
    ],
)
def test_options_that_do_not_fit_are_said(
    tmp_path: Path, options: dict[str, str], said: str
) -> None:
    assert said in fault(tmp_path, DAILY, **options)


def test_an_xml_bomb_in_a_workbook_is_an_error(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><sst><si><t>&e9;</t></si></sst>'
    cell = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    assert fault(tmp_path, workbook(cell, sharedStrings=bomb))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("UrbanPopulation", "urban_population"),
        ("GDPPerCapita", "gdp_per_capita"),
        ("Beds per 1.000 Inhabitants", "beds_per_1_000_inhabitants"),
        ("Población", "poblacion"),
        ("2020", "column_2020"),
        ("国家", "column_3"),
        ("", "column_3"),
    ],
)
def test_names_become_snake_case(given: str, name: str) -> None:
    assert snake_case(given, 3) == name


def test_a_gzip_is_unpacked_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "beds.csv.gz").write_bytes(gzip.compress(b"iso,x\nESP,1\n"))
    fetched = fetch(str(tmp_path / "beds.csv.gz"), tmp_path / "beds.csv", Limits(100))
    assert read_own_table(fetched.path, TableSpec("beds", "x")).rows == 1
