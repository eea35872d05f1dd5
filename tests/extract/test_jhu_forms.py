"""The forms in which JHU has written its time series, and what they hold that is no count."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.errors import SourceChanged
from etl.extract.sources import SOURCES
from etl.extract.sources.jhu import read
from etl.extract.sources.table import Mended, SourceTable
from tests.support.frames import values

CONFIRMED, DEATHS, RECOVERED = SOURCES["jhu"].files
ABOUT = "Province/State,Country/Region,Lat,Long"


def write(folder: Path, recovered: str = "", **others: str) -> SourceTable:
    for name in (CONFIRMED, DEATHS, RECOVERED):
        (folder / name).write_text(recovered or others["every"])
    for name in (CONFIRMED, DEATHS):
        (folder / name).write_text(others["every"])
    return read(*(folder / name for name in (CONFIRMED, DEATHS, RECOVERED)))


def wide(days: list[str], *rows: str) -> str:
    return "".join(f"{row}\n" for row in (",".join([ABOUT, *days]), *rows))


def days_from(first: date, count: int) -> list[str]:
    every = (first + timedelta(days=n) for n in range(count))
    return [f"{day.month}/{day.day}/{day:%y}" for day in every]


def faults(folder: Path, every: str) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        write(folder, every=every)
    return caught.value.faults


def test_what_comes_after_the_last_recoveries_is_not_even_checked(tmp_path: Path) -> None:
    days = ["8/4/21", "9/12/22", "9/13/22"]
    good = wide(days, "Pitcairn,United Kingdom,1,1,4,4,4", ",United Kingdom,1,1,10,11,12")
    odd = wide(days, "Pitcairn,United Kingdom,1,1,3,-1,x", ",United Kingdom,1,1,2,0,99999999999")
    table = write(tmp_path, every=good, recovered=odd)
    assert values(table.rows, "cumulative_recoveries") == [5, None, None]
    assert values(table.rows, "cumulative_cases") == [14, 15, 16]
    assert table.mended == Mended()


def test_years_of_four_digits_are_read(tmp_path: Path) -> None:
    table = write(tmp_path, every=wide(["1/22/2020", "1/23/20"], ",Spain,1,1,4,5"))
    assert values(table.rows, "date") == ["2020-01-22", "2020-01-23"]


def test_a_rare_negative_count_is_missing_and_named_with_its_line(tmp_path: Path) -> None:
    days = days_from(date(2020, 1, 22), 600)
    cells = [*map(str, range(600))]
    wrong = [*cells[:300], "-1", *cells[301:]]
    north, south = f"North,Canada,1,1,{','.join(wrong)}", f"South,Canada,1,1,{','.join(cells)}"
    table = write(tmp_path, wide(days, south), every=wide(days, north, south))
    counts = values(table.rows, "cumulative_cases")
    assert [n for n, count in enumerate(counts) if count is None] == [300]
    (warning,) = table.mended.warnings()
    assert f"{CONFIRMED}, line 2, North, Canada, 11/17/20: -1, {DEATHS}, line 2" in warning
    alone = faults(tmp_path, wide(days, north))
    place = "line 2, North, Canada, 11/17/20"
    fault = "expected a count that is not negative, got -1 (and 2 more like it)"
    assert alone == [f"{CONFIRMED}, {place}: {fault}"]


def test_days_that_come_first_are_refused_in_one_line(tmp_path: Path) -> None:
    found = faults(tmp_path, wide(["22/1/20", "23/1/20", "24/1/20"], ",Spain,1,1,1,2,3"))
    assert found == [
        f"{CONFIRMED}: expected columns such as 1/22/20, the month first, "
        "got '22/1/20', '23/1/20', '24/1/20' (and 2 more like it)"
    ]


def test_days_that_could_be_months_are_refused_where_only_they_are_consecutive(
    tmp_path: Path,
) -> None:
    (fault,) = faults(tmp_path, wide(["1/2/20", "2/2/20", "3/2/20"], ",Spain,1,1,1,2,3"))
    assert fault == (
        f"{CONFIRMED}: the days of the columns are consecutive only if the day comes first: "
        "1/2/20, 2/2/20 ...; expected the month first (and 2 more like it)"
    )


def test_a_row_that_names_nothing_is_left_out_and_counted(tmp_path: Path) -> None:
    table = write(tmp_path, every=wide(["1/22/20"], ",Spain,1,1,4", ",,,,", ", ,0,0,x"))
    assert table.entities["country"].tolist() == ["Spain"]
    assert table.mended == Mended(rows_nameless=6)
    assert table.mended.warnings() == ["rows without a name, left out: 6"]


def test_a_last_row_without_a_newline_is_complete_if_it_has_all_cells(tmp_path: Path) -> None:
    text = wide(["1/22/20", "1/23/20"], ",Spain,1,1,4,5")
    assert len(write(tmp_path, every=text.removesuffix("\n")).rows) == 2
    assert "ends in the middle of its last line" in faults(tmp_path, text.removesuffix(",5\n"))[0]
