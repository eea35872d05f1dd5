"""The monthly report of a source in which a country is silent: dashes, and never zeros."""

import csv
import gzip
import io
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.load.month import Month
from etl.report.monthly.make import MonthlyReport
from etl.store.memory import MemoryStore
from tests.support.reports import at, made, page, table
from tests.support.runs import contents, run

HEADER = (
    "Date_reported,Country_code,Country,WHO_region,"
    "New_cases,Cumulative_cases,New_deaths,Cumulative_deaths"
)
FEBRUARY = Month(2020, 2)
SILENT_FROM, AGAIN_ON = date(2020, 1, 20), date(2020, 3, 10)
MISSING_OF_SPAIN = ("new_cases", "cases_change", "cases_change_pct", "cases_per_100k")


def who(until: date) -> bytes:
    """Write WHO's form: France reports 10 a day; Spain is silent, then reports 500 at once; Chad's
    rows end in January."""
    lines, day, totals = [HEADER], date(2020, 1, 1), {"FR": 0, "ES": 100, "TD": 0}
    while day <= until:
        silent = SILENT_FROM <= day < AGAIN_ON
        new = {"FR": 10, "ES": None if silent else 500 if day == AGAIN_ON else 1, "TD": 2}
        for code, name in (("FR", "France"), ("ES", "Spain"), ("TD", "Chad")):
            if code == "TD" and day > date(2020, 1, 9):
                continue
            totals[code] += new[code] or 0
            shown = "" if new[code] is None else new[code]
            lines.append(f"{day},{code},{name},X,{shown},{totals[code]},{shown},{totals[code]}")
        day += timedelta(days=1)
    return "\n".join(lines).encode() + b"\n"


def report_of(
    month: Month, until: date, tmp_path: Path, content: bytes = b""
) -> tuple[MemoryStore, MonthlyReport]:
    store, source = MemoryStore(), tmp_path / "who.csv"
    source.write_bytes(content or who(until))
    moment = at(f"{month.last}T20:00")
    assert run(store, source, now=moment, SOURCE="who").outcome == "published"
    return store, made(store, month)


def test_a_month_of_silence_is_missing_and_not_zero(tmp_path: Path) -> None:
    store, told = report_of(FEBRUARY, date(2020, 2, 28), tmp_path)
    spain, france = table(store, FEBRUARY)["spain"], table(store, FEBRUARY)["france"]
    assert [spain[name] for name in MISSING_OF_SPAIN] == [""] * 4
    assert [spain[name] for name in ("new_deaths", "deaths_change")] == [""] * 2
    assert (spain["new_cases_before"], spain["cumulative_cases"]) == ("119", "119")
    assert (france["new_cases"], france["new_cases_before"]) == ("280", "280")
    assert (
        "Countries that reported no cases in the month: 1. "
        "Their new cases are missing, and not 0." in told.notes
    )
    assert "<strong>280</strong>" in page(store, month=FEBRUARY)


def test_the_next_count_goes_to_the_month_in_which_it_is_reported(tmp_path: Path) -> None:
    march = Month(2020, 3)
    store, _ = report_of(march, march.last, tmp_path)
    spain = table(store, march)["spain"]
    assert (spain["new_cases"], spain["new_cases_before"]) == ("521", "")
    assert (spain["cases_change"], spain["cases_change_pct"]) == ("", "")


def test_a_measure_that_the_source_leaves_out_all_month_is_missing(tmp_path: Path) -> None:
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(59)]
    lines = [f"{d},FR,France,X,1,{n},,{5 if d.month == 1 else ''}" for n, d in enumerate(days)]
    content = "\n".join([HEADER, *lines, ""]).encode()
    store, _ = report_of(FEBRUARY, days[-1], tmp_path, content)
    france = table(store, FEBRUARY)["france"]
    assert (france["new_cases"], france["cumulative_deaths"]) == ("28", "5")
    assert (france["new_deaths"], france["deaths_change"]) == ("", "")
    text = page(store, month=FEBRUARY)
    assert "<strong>\u2013</strong> <span>\u2013; from 1 to 28 January 2020: 5</span>" in text


@pytest.mark.parametrize("name", ["final_report.csv", "final_report.html", "final_chart.html"])
def test_no_file_says_nat_or_nan(tmp_path: Path, name: str) -> None:
    store, _ = report_of(FEBRUARY, date(2020, 2, 28), tmp_path)
    text = contents(store)[f"reports/2020-02/{name}"].decode()
    for word in ("NaT", "NaN", "nan", "&lt;NA&gt;", "None"):
        assert f">{word}<" not in text
        assert f'"{word}"' not in text
        assert f",{word}," not in text
    if name == "final_report.csv":
        assert table(store, FEBRUARY)["chad"]["last_date"] == ""


def test_the_rows_of_the_snapshots_have_no_new_count(tmp_path: Path) -> None:
    store, _ = report_of(FEBRUARY, date(2020, 2, 28), tmp_path)
    text = gzip.decompress(contents(store)["reports/2020-02/snapshots.csv.gz"]).decode()
    rows = {row["country_key"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["spain"]["new_cases"], rows["spain"]["cumulative_cases"]) == ("", "119")
    assert rows["france"]["new_cases"] == "10"
