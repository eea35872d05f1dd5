"""CSV files with odd line endings and cells, and the names in any source's documents."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import SourceChanged
from etl.extract.facts import read_facts
from etl.extract.sources import SOURCES, Source
from etl.extract.sources.faults import whole
from etl.extract.sources.table import SourceTable, read_table
from samples.living import WHO_HEADER
from tests.support.builders import country, stats_json
from tests.support.facts import csv_file, row

WHO = f"{WHO_HEADER}\n2020-03-01,ES,Spain,EUR,1,1,0,0\n"
JHU = "Province/State,Country/Region,Lat,Long,1/22/20\n,Spain,40,-4,7\n"


def read(folder: Path, source: Source, document: bytes) -> SourceTable:
    for name in source.files:
        (folder / name).write_bytes(document)
    return read_table(source, [folder / name for name in source.files])


def faults(folder: Path, source: Source, document: bytes) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        read(folder, source, document)
    assert str(caught.value).isprintable()
    return caught.value.faults


@pytest.mark.parametrize(("source", "text"), [("who", WHO), ("jhu", JHU)])
@pytest.mark.parametrize("ending", ["\r", "\r\n"])
def test_line_endings_of_other_systems_are_read(
    tmp_path: Path, source: str, text: str, ending: str
) -> None:
    table = read(tmp_path, SOURCES[source], text.replace("\n", ending).encode())
    assert table.entities["country"].tolist() == ["Spain"]


@pytest.fixture
def csv_limit() -> Iterator[None]:
    """Python's own limit: frictionless, which other tests import, raises it for the process."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("csv_limit")
@pytest.mark.parametrize(("source", "text"), [("who", WHO), ("jhu", JHU)])
def test_a_header_that_no_csv_reader_takes_is_refused_with_its_line(
    tmp_path: Path, source: str, text: str
) -> None:
    broken = text.replace(",", ",\r", 1)
    assert "columns missing or duplicated" in faults(tmp_path, SOURCES[source], broken.encode())[0]
    large = text.replace(",", f",{'x' * 140_000},", 1)
    (first, *_) = faults(tmp_path, SOURCES[source], large.encode())
    assert first.endswith(", line 1: not CSV: field larger than field limit (131072)")
    stray = text.replace("Spain", f"{'x' * 140_000}")
    (first, *_) = faults(tmp_path, SOURCES[source], stray.encode())
    assert ", line 2" in first


def test_a_long_row_of_digits_is_refused_in_linear_time() -> None:
    began_s = time.process_time()
    with pytest.raises(ValueError, match="expected a whole number"):
        whole("1" * 131_000 + "x")
    assert time.process_time() - began_s < 1  # quadratic: minutes


ODD = ["Sp\x1b[31main", "Sp\nain", "Sp\u202eain", "Sp\u2028ain", "Sp\ufeffain", "Sp\x85ain"]


@pytest.mark.parametrize("name", [*ODD, " \u3000"], ids=ascii)
def test_a_name_with_control_characters_or_of_blanks_is_refused_with_its_place(
    tmp_path: Path, name: str
) -> None:
    shown = ascii(name[2:3])[1:-1]
    why = f"expected a name without control characters, got {shown}"
    documents = {
        "who": WHO.replace("Spain", f'"{name}"'),
        "jhu": JHU.replace("Spain", f'"{name}"'),
        "coviddata": stats_json([country("spain", name)]).decode(),
    }
    for source, text in documents.items():
        (first, *_) = faults(tmp_path, SOURCES[source], text.encode())
        place, _, problem = first.partition(": ")
        assert place.startswith(("spain", *(f"{file}, line " for file in SOURCES[source].files)))
        assert problem.startswith("expected a name" if name not in ODD else why)


@pytest.mark.parametrize("name", ODD, ids=ascii)
@pytest.mark.parametrize("column", ["COUNTRY", "Land_Conditions"])
def test_facts_with_control_characters_are_broken(tmp_path: Path, name: str, column: str) -> None:
    with pytest.raises(SourceChanged) as caught:
        read_facts(csv_file(tmp_path / "f", row(**{column: name})))
    assert f"{column}: expected text without control characters" in str(caught.value)
    assert str(caught.value).isprintable()
