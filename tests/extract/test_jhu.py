"""JHU's three wide CSVs: what is right becomes exactly this table, and what is wrong is named."""

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import SourceChanged
from etl.extract.sources import MEASURES, SAMPLES, SOURCES
from etl.extract.sources.jhu import LAST_RECOVERIES, read
from etl.extract.sources.table import SourceTable, read_table
from tests.support.frames import values

FILES = SOURCES["jhu"].files
ABOUT = "Province/State,Country/Region,Lat,Long"
DAYS = ("1/22/20", "1/23/20", "1/24/20")


class Reading:
    """Writes three documents to files and reads them."""

    def __init__(self, folder: Path) -> None:
        self.paths = [folder / name for name in FILES]

    def __call__(self, *documents: str | bytes) -> SourceTable:
        for path, document in zip(self.paths, documents, strict=True):
            path.write_bytes(document if isinstance(document, bytes) else document.encode())
        return read(*self.paths)

    def faults(self, *documents: str | bytes) -> list[str]:
        with pytest.raises(SourceChanged) as caught:
            self(*documents)
        assert "\n" not in str(caught.value)
        return caught.value.faults


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(tmp_path_factory.mktemp("jhu"))


def wide(*rows: str, days: Sequence[str] = DAYS, about: str = ABOUT) -> str:
    return "".join(f"{row}\n" for row in (",".join([about, *days]), *rows))


def quiet(*names: str, days: Sequence[str] = DAYS) -> str:
    return wide(*(f",{name},0,0" + ",0" * len(days) for name in names), days=days)


SPAIN = ",Spain,40.4,-3.7,1,2,3"


# ---- what is right


def test_provinces_are_summed_and_names_find_their_countries(reading: Reading) -> None:
    names = (',"Korea, South",1,2,5,6,7', ",Taiwan*,1,2,1,1,1", ",US,1,2,9,9,8")
    table = reading(
        wide("New South Wales,Australia,,,1,2,3", "Victoria,Australia,-37,144,10,20,30", *names),
        wide("New South Wales,Australia,,,0,0,1", "Victoria,Australia,-37,144,0,1,0"),
        quiet("Australia"),
    )
    assert table.entities.iloc[:, 1:].to_numpy().tolist() == [
        ["Australia", "AUS"],
        ["Korea, South", "KOR"],
        ["Taiwan*", "TWN"],
        ["US", "USA"],
    ]
    assert table.entities["country_key"].tolist()[1:] == ["south-korea", "taiwan", "united-states"]
    assert list(table.rows.columns) == [
        "country_key",
        "date",
        *(f"cumulative_{measure}" for measure in MEASURES),
    ]
    assert values(table.rows, "date", "australia") == ["2020-01-22", "2020-01-23", "2020-01-24"]
    assert values(table.rows, "cumulative_cases", "australia") == [11, 22, 33]
    assert values(table.rows, "cumulative_deaths", "australia") == [0, 1, 1]
    assert values(table.rows, "cumulative_cases", "united-states") == [9, 9, 8]


def test_what_one_of_the_three_lacks_is_missing_and_not_zero(reading: Reading) -> None:
    table = reading(
        wide(SPAIN, ",US,0,0,1,1,1"),
        wide(",Spain,0,0,0,1", days=DAYS[:2]),
        wide(",US,0,0,5,5,5", ",Nauru,0,0,0,0,0"),
    )
    assert values(table.rows, "cumulative_deaths", "spain") == [0, 1, None]
    assert values(table.rows, "cumulative_recoveries", "spain") == [None] * 3
    assert values(table.rows, "cumulative_deaths", "united-states") == [None] * 3
    assert values(table.rows, "cumulative_cases", "nauru") == [None] * 3


def test_recoveries_end_with_their_last_day(reading: Reading) -> None:
    days = ("8/3/21", "8/4/21", "8/5/21")
    cases = wide(",Spain,0,0,8,9,9", days=days)
    table = reading(cases, quiet("Spain", days=days), wide(",Spain,0,0,5,6,0", days=days))
    assert str(LAST_RECOVERIES) == "2021-08-04"
    assert values(table.rows, "cumulative_recoveries") == [5, 6, None]
    assert values(table.rows, "cumulative_deaths") == [0, 0, 0]


def test_a_count_that_one_province_does_not_tell_is_unknown(reading: Reading) -> None:
    table = reading(
        wide("A,Canada,0,0,1,,3", "B,Canada,0,0,5,5,5"),
        wide("A,Canada,0,0,1.0,2,3", "B,Canada,0,0,1,0,0"),
        quiet("Canada"),
    )
    assert values(table.rows, "cumulative_cases") == [6, None, 8]
    assert values(table.rows, "cumulative_deaths") == [2, 2, 3]


def test_columns_may_move(reading: Reading) -> None:
    moved = "1/24/20,Long,Country/Region,1/22/20,Lat,Province/State,1/23/20\r\n3,0,Spain,1,0,,2\r\n"
    there = reading("\ufeff" + moved, quiet("Spain"), quiet("Spain"))
    assert there.rows.equals(reading(wide(SPAIN), quiet("Spain"), quiet("Spain")).rows)


# ---- what is wrong

GOOD = (wide(SPAIN), quiet("Spain"), quiet("Spain"))
BAD = {
    "text": (wide(",Spain,0,0,1,x,3"), "{}, line 2, Spain: expected a whole number, got 'x'"),
    "half": (wide(",Spain,0,0,1,2.5,3"), "{}, line 2, Spain: expected a whole number, got '2.5'"),
    "negative": (
        wide("A,Spain,0,0,1,-7,3", "B,Spain,0,0,1,2,3"),
        "{}, line 2, A, Spain, 1/23/20: expected a count that is not negative, got -7",
    ),
    "too many": (
        wide(*(f"{n},Spain,0,0,1,999999999,3" for n in range(3))),
        "{}, Spain, 1/23/20: expected a count of at most 2147483647, got 2999999997",
    ),
    "a province twice": (
        wide("A,Spain,0,0,1,2,3", "B,Spain,0,0,1,2,3", "A,Spain,0,0,1,2,3"),
        "{}, line 4, A, Spain: this province is also in line 2",
    ),
    "a country twice": (
        wide(SPAIN, SPAIN),
        "{}, line 3, Spain: this province is also in line 2",
    ),
    "no country": (
        wide("A,,0,0,1,2,3"),
        "{}, line 2, A: expected a name of 1 to 200 characters, got 0",
    ),
    "a cell too few": (wide(",Spain,0,0,1,2"), "{}, line 2: expected 7 values, got 6"),
    "a column renamed": (
        wide(SPAIN, about="Province/State,Nation,Lat,Long"),
        "{}: columns missing or duplicated: Country/Region; expected "
        "Province/State, Country/Region, Lat, Long; "
        "got Province/State, Nation, Lat, Long, 1/22/20, 1/23/20, 1/24/20",
    ),
    "a day renamed": (
        wide(SPAIN, days=("1/22/20", "23.1.20", "1/24/20")),
        "{}: expected columns such as 1/22/20, the month first, got '23.1.20'",
    ),
    "a day there is not": (
        wide(SPAIN, days=("1/22/20", "13/1/20", "1/24/20")),
        "{}: expected columns such as 1/22/20, the month first, got '13/1/20'",
    ),
    "a day twice": (
        wide(SPAIN, days=("1/22/20", "1/23/20", "01/22/20")),
        "{}, 01/22/20: another column has the same day",
    ),
    "no days": (wide(",Spain,0,0", days=()), "{}: there is no column for a day"),
    "HTML": (
        "<!doctype html>\n",
        "{} is an HTML page, not a CSV of this source: "
        "expected Province/State, Country/Region, Lat, Long; "
        "it begins '<!doctype html>'",
    ),
    "cut": (wide(SPAIN)[:-3], "{} ends in the middle of its last line: '...,Spain,40.4,-3.7,1,2'"),
}


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize(("document", "message"), BAD.values(), ids=BAD)
def test_a_fault_is_named_by_its_file_and_place(
    reading: Reading, document: str, message: str, at: int
) -> None:
    documents = [*GOOD]
    documents[at] = document
    assert reading.faults(*documents) == [message.format(FILES[at])]


def test_a_name_that_is_no_utf_8_is_named(reading: Reading) -> None:
    wrong = wide(",T\xfcrkiye,0,0,1,2,3").encode("latin-1")
    assert reading.faults(wrong, *GOOD[1:]) == [f"{FILES[0]}, line 2, T\ufffdrkiye: not UTF-8"]


def test_the_faults_of_all_three_are_collected(reading: Reading) -> None:
    found = reading.faults(wide(",Spain,0,0,x,y,3"), "", wide(",Spain,0,0,1,2"))
    assert [fault.partition(": ")[0].partition(" is ")[0] for fault in found] == [
        FILES[1],
        f"{FILES[0]}, line 2, Spain",
        f"{FILES[2]}, line 2",
    ]


def test_a_file_that_is_cut_anywhere_in_a_row_is_refused(reading: Reading) -> None:
    text = wide("A,Australia,0,0,12,13,14", "B,Australia,0,0,15,16,17")
    for end in range(len(text)):
        last = text[:end].rpartition("\n")[2]
        if last and (last.count(",") < 6 or "\n" not in text[:end]):
            assert reading.faults(text[:end], *GOOD[1:])


# ---- whatever comes

CELL = st.integers(0, 10**8).map(str) | st.sampled_from(["", "7.0", "0"])
PLACES = [("", "Spain"), ("North", "Canada"), ("South, far", "Canada"), ("", "Korea, South")]


def naive(path: Path) -> dict[tuple[str, str], int | None]:
    """By country and day, the sum of its provinces; None where one of them is blank."""
    found: dict[tuple[str, str], int | None] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for column, cell in row.items():
                if column in ABOUT.split(","):
                    continue
                month, day, year = map(int, column.split("/"))
                at = (row["Country/Region"], str(date(2000 + year, month, day)))
                before = found.get(at, 0)
                known = before is not None and cell
                found[at] = before + int(float(cell)) if known and before is not None else None
    return found


def assert_read_as(table: SourceTable, paths: list[Path]) -> None:
    files = [naive(path) for path in paths]
    name_of = dict(zip(table.entities["country_key"], table.entities["country"], strict=True))
    columns = zip(
        table.rows["country_key"],
        values(table.rows, "date"),
        *(values(table.rows, f"cumulative_{measure}") for measure in MEASURES),
        strict=True,
    )
    read = {(name_of[key], day): tuple(counts) for key, day, *counts in columns}
    told = {}
    for at in {at for file in files for at in file}:
        cases, deaths, recoveries = (file.get(at) for file in files)
        if at[1] > str(LAST_RECOVERIES):
            recoveries = None
        if (cases, deaths, recoveries) != (None, None, None):
            told[at] = (cases, deaths, recoveries)
    assert read == told


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_three_right_files_give_what_the_csv_module_reads(
    reading: Reading, data: st.DataObject
) -> None:
    for path in reading.paths:
        days = [date(2021, 8, 2) + timedelta(days=n) for n in range(5)]
        days = data.draw(st.lists(st.sampled_from(days), min_size=1, unique=True))
        places = data.draw(st.lists(st.sampled_from(PLACES), unique=True))
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*ABOUT.split(","), *(f"{d.month}/{d.day}/{d:%y}" for d in days)])
            for place in places:
                cells = data.draw(st.lists(CELL, min_size=len(days), max_size=len(days)))
                writer.writerow([*place, "1.5", "", *cells])
    assert_read_as(read(*reading.paths), reading.paths)


def test_the_sample_is_read_by_the_register_as_the_csv_module_reads_it() -> None:
    paths = [SAMPLES / "jhu" / name for name in FILES]
    table = read_table(SOURCES["jhu"], paths)
    assert_read_as(table, paths)
    assert len(table.rows) == 700
    assert values(table.rows, "cumulative_recoveries", "spain").count(None) == 35
