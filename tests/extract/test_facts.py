import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import SourceChanged
from etl.extract import facts, sheet
from etl.extract.facts import FACT_COLUMNS, read_facts
from etl.extract.workbook import Rows
from tests.support.facts import HEADER, Cell, csv_file, row, workbook, xlsx, xlsx_file


def faults_of(path: Path) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        read_facts(path)
    assert all("\n" not in fault and len(fault) < 1000 for fault in caught.value.faults)
    return caught.value.faults


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_facts_are_read_under_their_own_names_and_types(tmp_path: Path, kind: str) -> None:
    rows = [row("Spain"), row("Albania", Population_total="NA")]
    write = csv_file if kind == "csv" else xlsx_file
    facts = read_facts(write(tmp_path / "facts", *rows))
    assert list(facts.columns) == ["country", *FACT_COLUMNS]
    assert list(facts["country"]) == ["Spain", "Albania"]
    assert [str(dtype) for dtype in facts.dtypes] == [
        *["str"],
        *["category"] * 6,
        *["float64", "Int64", "float64"],
    ]
    assert facts["population"][0] == 1000000
    assert facts["population"].isna().tolist() == [False, True]
    assert facts["urban_population_pct"].tolist() == [56.25, 56.25]


def test_the_kind_of_file_goes_by_its_content_not_its_name(tmp_path: Path) -> None:
    as_xlsx = read_facts(xlsx_file(tmp_path / "facts.csv", row()))
    as_csv = read_facts(csv_file(tmp_path / "facts.xlsx", row()))
    pd.testing.assert_frame_equal(as_xlsx, as_csv)


def test_a_byte_order_mark_and_blank_rows_do_no_harm(tmp_path: Path) -> None:
    blank: list[Cell] = [""] * len(HEADER)
    facts = read_facts(csv_file(tmp_path / "f", row(), blank, [], row("Spain"), bom="\ufeff"))
    assert list(facts["country"]) == ["Albania", "Spain"]


def test_moved_and_further_columns_change_nothing(tmp_path: Path) -> None:
    moved = csv_file(
        tmp_path / "moved", [*reversed(row()), "x"], header=[*reversed(HEADER), "Capital"]
    )
    straight = csv_file(tmp_path / "straight", row())
    pd.testing.assert_frame_equal(read_facts(moved), read_facts(straight))


def test_no_information_is_missing_and_not_classified_is_not(tmp_path: Path) -> None:
    told = row(Corruption_preception="NI ", Government_Type="", Land_Conditions=" NA")
    facts = read_facts(xlsx_file(tmp_path / "f", told))
    missing = [name for name in FACT_COLUMNS if facts[name].isna()[0]]
    assert missing == ["government_type", "corruption_perception", "land_conditions"]
    assert facts["country_classification"][0] == "NC"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Parlamentary republic ", "Parliamentary republic"),
        ("Islamic Parlamentary Republic", "Islamic Parliamentary Republic"),
        ("Absolut monarchy", "Absolute monarchy"),
        ("Absolute monarchy", "Absolute monarchy"),
    ],
)
def test_misspelt_values_are_put_right(tmp_path: Path, theirs: str, ours: str) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row(Government_Type=theirs)))
    assert facts["government_type"][0] == ours


def test_a_country_the_table_does_not_know_is_kept(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row(" Atlantis "), row()))
    assert list(facts["country"]) == ["Atlantis", "Albania"]


@pytest.mark.parametrize("value", ["many", "1,234", "1_000", "nan", "inf", "1e999", "\u0663"])
def test_a_population_that_is_no_number_is_named_with_its_country(
    tmp_path: Path, value: str
) -> None:
    faults = faults_of(csv_file(tmp_path / "f", row(Population_total=value)))
    assert faults == [f"facts: Albania, Population_total: expected a number, got {value!r}"]


@pytest.mark.parametrize("value", [12.5, -1.0, 1e300])
def test_a_population_is_a_whole_number(tmp_path: Path, value: float) -> None:
    expected = "expected a whole number, not negative"
    assert faults_of(xlsx_file(tmp_path / "f", row(Population_total=value))) == [
        f"facts: Albania, Population_total: {expected}, got {value!r}"
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "56,25"])
def test_a_number_of_a_workbook_is_finite_and_a_number(tmp_path: Path, value: Cell) -> None:
    faults = faults_of(
        xlsx_file(tmp_path / "f", row(Urban_population_PC_of_total_population=value))
    )
    assert len(faults) == 1
    assert f"expected a number, got {value!r}" in faults[0]


def test_a_number_where_text_belongs_is_refused(tmp_path: Path) -> None:
    faults = faults_of(xlsx_file(tmp_path / "f", row(Continent=5.0)))
    assert faults == ["facts: Albania, Continent: expected text, got 5.0"]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        csv_file(
            tmp_path / "f",
            row("Spain", Population_total="x", GDP_per_unit_of_energy_use_constant="y"),
            row(""),
            row("Albania")[:4],
        )
    )
    assert faults == [
        "facts: row 3, COUNTRY: expected a name, got ''",
        "facts: row 4: expected 10 values, got 4",
        "facts: Spain, GDP_per_unit_of_energy_use_constant: expected a number, got 'y' "
        "(and 1 more like it)",
    ]


@pytest.mark.parametrize("second", ["Congo, Rep.", "CONGO", "Congo (Brazzaville)"])
def test_two_rows_for_one_country_are_refused(tmp_path: Path, second: str) -> None:
    faults = faults_of(csv_file(tmp_path / "f", row("Congo"), row(second)))
    assert faults == [f"facts: {second}, row 3: this country is also in row 2"]


def test_a_missing_column_is_named_beside_what_was_expected_and_what_came(tmp_path: Path) -> None:
    header = ["Kontinent" if name == "Continent" else name for name in HEADER]
    [fault] = faults_of(csv_file(tmp_path / "f", row(), header=header))
    assert "missing or duplicated: Continent;" in fault
    assert f"expected: {', '.join(HEADER)};" in fault
    assert f"got: {', '.join(header)}" in fault


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    [fault] = faults_of(csv_file(tmp_path / "f", [*row(), "Asia"], header=[*HEADER, "Continent"]))
    assert "missing or duplicated: Continent;" in fault


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html>\n<html lang='en'><body>Not found</body></html>",
        b"\xef\xbb\xbf  <html>\r\n",
        b'<p class="x">one, "two"\rthree</p>',
        b'{"error": "not found"}',
        b"404: Not Found",
        b"COUNTRY|Continent|Population_total\nAlbania|Europe|1\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
    ],
)
def test_another_kind_of_file_is_refused_and_shown(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "facts.xlsx"
    path.write_bytes(data)
    [fault] = faults_of(path)
    assert fault.startswith("country facts: ")
    assert "not an .xlsx or .csv" in fault or "neither .xlsx nor UTF-8 .csv" in fault
    assert "it begins " in fault
    assert "\ufeff" not in fault


@pytest.mark.parametrize("data", [b"", b" \n\r\n", b"\xef\xbb\xbf", workbook("")])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "facts"
    path.write_bytes(data)
    assert faults_of(path) == ["country facts: the file is empty"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_without_rows_is_refused(tmp_path: Path, kind: str) -> None:
    write = csv_file if kind == "csv" else xlsx_file
    assert faults_of(write(tmp_path / "f")) == ["country facts: no country below the header"]


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "f", row())
    path.write_bytes(path.read_bytes()[:-40])
    [fault] = faults_of(path)
    assert fault.startswith("country facts: an .xlsx that can't be read: ")


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f", "w") as archive:
        archive.writestr("facts.csv", "COUNTRY")
    assert "no worksheet in it" in faults_of(tmp_path / "f")[0]


def test_a_stray_cell_far_out_does_not_exhaust_the_memory(tmp_path: Path) -> None:
    cell = '<c r="XFD1048576"><v>1</v></c>'
    (tmp_path / "f").write_bytes(workbook(f'<row r="1"><c r="A1"/></row><row>{cell}</row>'))
    assert "a cell as far out as XFD1048576" in faults_of(tmp_path / "f")[0]


def test_a_broken_quote_is_named_with_its_line(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "f", row())
    path.write_bytes(path.read_bytes() + b'"Spain"?,Europe\n')
    assert "line 3: " in faults_of(path)[0]


def test_a_file_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "f", row())
    path.write_bytes(path.read_bytes() + b"x\n" * 10_000)
    assert faults_of(path) == ["country facts: more than 10,000 rows"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in faults_of(tmp_path / "absent.xlsx")[0]


CELLS = st.one_of(
    st.text(max_size=10),
    st.floats(),
    st.booleans(),
    st.sampled_from(["NA", "Spain", "Congo", "Congo, Rep.", "12", "1e400", "\u2028"]),
)
ROWS = st.lists(st.lists(CELLS, min_size=9, max_size=11), max_size=3)


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    return text.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[Cell]]) -> bytes:
    return xlsx(HEADER, *rows)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(as_xlsx([row(), row("Spain")]))
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[at] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@pytest.fixture(scope="module")
def _in_this_process() -> Iterator[None]:
    """Hundreds of child processes would take minutes."""

    def read(path: Path) -> Rows:
        try:
            return sheet.sheet_rows(str(path))
        except Exception as exc:
            raise ValueError(str(exc)) from exc

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "read_workbook", read)
        yield


@pytest.mark.usefixtures("_in_this_process")
@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda data: b"PK" + data),
        st.text().map(str.encode),
        ROWS.map(as_csv),
        ROWS.map(as_xlsx),
        damaged(),
    )
)
def test_whatever_the_bytes_the_facts_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary"
    path.write_bytes(data)
    columns, message = ["country", *FACT_COLUMNS], ""
    try:
        columns = list(read_facts(path).columns)
    except SourceChanged as exc:
        message = str(exc)
    assert columns == ["country", *FACT_COLUMNS]
    assert len(message.splitlines()) <= 1


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_an_index_and_more_columns_change_nothing(
    tmp_path: Path, delimiter: str
) -> None:
    rows = [row(), row("Spain, the kingdom", Population_total="7")]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["", *HEADER, "iso_code"])
    writer.writerows([n, *cells, "X,Y;Z"] for n, cells in enumerate(rows, start=1))
    path = tmp_path / "f"
    path.write_text(text.getvalue())
    expected = read_facts(csv_file(tmp_path / "g", *rows))
    pd.testing.assert_frame_equal(read_facts(path), expected)


def test_what_the_file_is_instead_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(csv_file(path, row("Cura\u00e7ao")).read_bytes().decode().encode("latin-1"))
    (fault,) = faults_of(path)
    assert "is not UTF-8; perhaps it is latin-1: save it as UTF-8" in fault
    path.write_bytes(b"\n \r\n<!DOCTYPE html>\n")
    (fault,) = faults_of(path)
    assert fault.startswith("country facts: an HTML page, not an .xlsx or .csv file")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    (fault,) = faults_of(path)
    assert fault.startswith("country facts: a Git LFS pointer, not an .xlsx or .csv file")
    path.write_bytes(csv_file(path, row("Korea, South")).read_bytes() + b'"Korea, Dem. People')
    (fault,) = faults_of(path)
    assert fault.startswith("country facts: the file was cut (line 3: unexpected end of data)")
