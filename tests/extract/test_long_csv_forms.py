"""The forms in which WHO and OWID have written their CSV over the years."""

from pathlib import Path

import pytest

from etl.errors import SourceChanged
from etl.extract.countries import find_code
from etl.extract.sources import owid, who
from etl.extract.sources.long_csv import read_long
from etl.extract.sources.long_csv_form import CsvForm
from etl.extract.sources.table import Mended, SourceTable
from tests.support.frames import values

WHO = (
    "Date_reported,Country_code,Country,WHO_region,"
    "New_cases,Cumulative_cases,New_deaths,Cumulative_deaths"
)
OWID = "iso_code,continent,location,date,total_cases,new_cases,total_deaths,new_deaths,population"
BROKEN = "T\ufffdrkiye"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms") / "data.csv"


def read(path: Path, text: str, form: CsvForm = who.FORM) -> SourceTable:
    path.write_bytes(text.encode())
    return read_long(path, form)


def faults(path: Path, text: str) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        read(path, text)
    return caught.value.faults


def who_file(*rows: str, header: str = WHO) -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


def long_series(*negative: int, days: int = 1100) -> str:
    """Return a series with a cumulative count of -1 on some of its days."""
    start = 18262  # 2020-01-01
    rows = []
    for n in range(days):
        day = str(_day(start + n))
        rows.append(f"{day},ES,Spain,EURO,0,{-1 if n in negative else n},0,0")
    return who_file(*rows)


def _day(number: int) -> object:
    import numpy as np

    return np.datetime64(number, "D")


def test_the_header_of_2020_with_spaces_and_its_dates_are_read(path: Path) -> None:
    header = WHO.replace(",", ", ")
    table = read(path, who_file("2020-02-24T00:00:00Z,TD,Chad,AFRO,1,2,0,0", header=header))
    assert values(table.rows, "date", "chad") == ["2020-02-24"]
    assert values(table.rows, "cumulative_cases", "chad") == [2]


def test_dates_with_a_time_may_follow_many_without(path: Path) -> None:
    plain = long_series(days=20_000).removesuffix("\n")  # more than a block of Arrow's
    table = read(path, who_file(*plain.split("\n")[1:], "2020-02-24T00:00:00Z,TD,Chad,AFRO,1,2,,"))
    assert len(table.rows) == 20_001
    assert values(table.rows, "date", "chad") == ["2020-02-24"]


@pytest.mark.parametrize("day", ["0000-01-01", "", "2021-02-29"])
def test_a_day_that_does_not_exist_is_refused(path: Path, day: str) -> None:
    (fault,) = faults(path, who_file(f"{day},TD,Chad,AFRO,1,2,0,0"))
    assert fault == f"data.csv, line 2, Chad: expected a date such as 2020-01-22, got {day!r}"


def test_owids_header_of_2020_to_2024_is_read(path: Path) -> None:
    document = who_file(
        "AFG,Asia,Afghanistan,2020-02-24,5.0,5.0,,,41128772.0",
        "OWID_WRL,,World,2020-02-24,99.0,1.0,,,",
        "OWID_KOS,Europe,Kosovo,2020-02-24,7.0,0.0,1.0,0.0,",
        header=OWID,
    )
    table = read(path, document, owid.FORM)
    assert table.entities["country_key"].tolist() == ["afghanistan", "kosovo"]
    assert values(table.rows, "cumulative_cases") == [5, 7]
    assert values(table.rows, "cumulative_deaths") == [None, 1]


def test_a_name_with_broken_characters_is_ours_where_the_code_is_known(path: Path) -> None:
    table = read(
        path,
        who_file(
            f"2020-03-01,TR,{BROKEN},EURO,1,1,0,0",
            "2020-03-01,CI,C\ufffdte d\ufffdIvoire,AFRO,1,1,0,0",
            "2020-03-01,ZZ,N\ufffdwhere,OTHER,1,1,0,0",
        ),
    )
    ours = [country.name for code in ("TR", "CI") if (country := find_code(code))]
    assert table.entities["country"].tolist() == [*ours, "N\ufffdwhere"]
    assert table.mended == Mended(names_replaced=2)
    owids = (
        "CUW,North America,Cura\ufffdao,2020-02-24,5.0,5.0,,,1\nOWID_KOS,,K\ufffd,2020-02-24,1,,,,"
    )
    table = read(path, who_file(owids, header=OWID), owid.FORM)
    assert table.entities["country"].tolist() == ["Curacao", "Kosovo"]
    assert table.mended == Mended(names_replaced=2)


def test_rows_that_name_nothing_are_left_out_and_counted(path: Path) -> None:
    nothing = "2023-12-01,,,,0,0,0,0"
    table = read(path, who_file(nothing, "2023-12-01,TD,Chad,AFRO,0,9,0,0", "not a day, , ,,,1,,"))
    assert values(table.rows, "cumulative_cases") == [9]
    assert table.mended == Mended(rows_nameless=2)
    assert table.mended.warnings() == ["rows without a name, left out: 2"]


@pytest.mark.parametrize("form", [who.FORM, owid.FORM])
def test_what_stands_in_a_row_that_is_left_out_is_not_looked_at(path: Path, form: CsvForm) -> None:
    header = ",".join(form.columns)
    code = "ESP" if form is owid.FORM else "ES"
    rows = [f"2020-03-01,{code},Spain,3,1, 4\t,"]
    rows += [",,,x,-,1.5,nan", "03/04/2020,,,1e99,,-7,"]
    if form is owid.FORM:
        rows += ["soon,OWID_WRL,World,many,0.5,-1,9e9", "2020-03-01,OWID_EUR,\x07,?,,,"]
    table = read(path, who_file(*rows, "", header=header), form)
    assert table.mended.rows_nameless == 2
    assert len(table.rows) == 1
    assert values(table.rows, "new_cases") == [3]
    assert values(table.rows, "cumulative_cases") == [4]
    assert values(table.rows, "cumulative_deaths") == [None]


def test_a_last_line_without_a_newline_is_complete_if_it_has_all_fields(path: Path) -> None:
    text = who_file("2020-03-01,TD,Chad,AFRO,0,9,0,0", "2020-03-01,ZW,Zimbabwe,AFRO,0,8,0,5")
    for end in ("", "\r\n"):
        assert len(read(path, text.removesuffix("\n") + end).rows) == 2
    (fault,) = faults(path, text.removesuffix(",0,5\n"))
    assert "ends in the middle of its last line" in fault
    (fault,) = faults(path, text.removesuffix(",0,5\n") + "\n")
    assert "line 3: expected 8 values, got 6" in fault


def test_a_rare_negative_count_becomes_missing_and_is_named(path: Path) -> None:
    table = read(path, long_series(400, 401))
    counts = values(table.rows, "cumulative_cases")
    assert [n for n, count in enumerate(counts) if count is None] == [400, 401]
    assert table.mended.warnings() == [
        "negative counts, treated as missing: spain, 2021-02-04, cumulative_cases: -1, "
        "spain, 2021-02-05, cumulative_cases: -1"
    ]


def test_a_file_with_many_negative_counts_is_refused_in_one_line(path: Path) -> None:
    (fault,) = faults(path, long_series(400, 401, 402))
    assert fault == (
        "data.csv, line 402, Spain, 2021-02-04, Cumulative_cases: "
        "expected a count that is not negative, got -1 (and 2 more like it)"
    )


def test_dates_that_may_begin_with_the_day_are_refused_in_one_line(path: Path) -> None:
    rows = [f"0{n}/04/2020,TD,Chad,AFRO,0,{n},0,0" for n in range(1, 10)]
    assert faults(path, who_file(*rows)) == [
        "data.csv, line 2, Chad: expected a date such as 2020-01-22, got '01/04/2020', "
        "where the day or the month may come first (and 8 more like it)"
    ]


@pytest.mark.parametrize("blank", ["", "\n" * 7, "\ufeff \r\n\r\n"])
def test_an_html_page_is_called_one_even_behind_blank_lines(path: Path, blank: str) -> None:
    (fault,) = faults(path, f'{blank}<!DOCTYPE html>\n<html lang="en">\n')
    assert fault.startswith(
        "data.csv is an HTML page, not a CSV of this source: expected Date_reported, "
    )
    assert fault.endswith("; it begins '<!DOCTYPE html> <html lang=\"en\">'")
