"""Workbooks that would end or starve the process that reads them, read in a process of its own."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.extract import workbook as reader
from etl.extract.sheet import MAX_UNPACKED_BYTES
from etl.extract.workbook import read_workbook
from tests.support.facts import workbook

TEXT = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'


def shared(count: str) -> str:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<sst xmlns="{main}" count="1" uniqueCount="{count}"><si><t>COUNTRY</t></si></sst>'


def lying(whole: bytes) -> bytes:
    """Add a part that unpacks to too much, and says that it unpacks to ten bytes."""
    file = io.BytesIO(whole)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", bytes(MAX_UNPACKED_BYTES + 1))
        archive.getinfo("xl/sharedStrings.xml").file_size = 10
    return file.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a shared string count of a trillion": (
        lambda: workbook(TEXT, sharedStrings=shared("1000000000000")),
        "reading it ended with SIGABRT: memory allocation of ",
    ),
    "a shared string count beyond any": (
        lambda: workbook(TEXT, sharedStrings=shared("9223372036854775808")),
        "the library that reads it failed: capacity overflow",
    ),
    "a row number of four billion": (
        lambda: workbook(
            '<row r="1"><c><v>1</v></c></row><row r="4294967295"><c><v>2</v></c></row>'
        ),
        "",
    ),
    "a cell far out": (
        lambda: workbook('<row r="1"><c r="XFD1048576"><v>1</v></c></row>'),
        "a cell as far out as XFD1048576",
    ),
    "a part that lies about its size": (
        lambda: lying(workbook(TEXT)),
        "more than 67,108,864 bytes once unpacked",
    ),
    "a cell whose place is ten million letters": (
        lambda: workbook(f'<row r="1"><c r="{"A" * 10_000_000}"><v>1</v></c></row>'),
        "a cell as far out as AAAAAAAAAAAAAAAAAAAA",
    ),
    "a cell of a type of ten million letters": (
        lambda: workbook(f'<row r="1"><c r="A1" t="{"A" * 10_000_000}"><v>1</v></c></row>'),
        "Unknown cell 't' attribute: ",
    ),
    "a long text in many cells": (
        lambda: workbook(
            f'<row r="1">{500 * """<c t="s"><v>0</v></c>"""}</row>',
            sharedStrings=shared("1").replace("COUNTRY", "é" * 30_000),
        ),
        "cells that take more than 25,165,824 bytes as text",
    ),
    "many cells": (
        lambda: workbook('<row r="1"><c r="A1"><v>1</v></c><c r="ZZ9999"><v>1</v></c></row>'),
        "a sheet of 9,999 rows and 702 columns",
    ),
}


@pytest.mark.parametrize(("build", "why"), REFUSED.values(), ids=REFUSED)
def test_a_workbook_that_would_end_its_reader_is_refused(
    tmp_path: Path, build: Callable[[], bytes], why: str
) -> None:
    path = tmp_path / "facts.xlsx"
    path.write_bytes(build())
    with pytest.raises(ValueError, match=r".") as caught:
        read_workbook(path)
    assert str(caught.value).startswith(why)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_values_keep_their_types(tmp_path: Path) -> None:
    cells = (
        '<c t="s"><v>0</v></c><c><v>1.5</v></c><c t="b"><v>1</v></c>'
        '<c t="d"><v>2021-02-03T00:00:00</v></c><c/><c t="str"><v>&#x1F1EA;</v></c>'
    )
    path = tmp_path / "facts.xlsx"
    path.write_bytes(workbook(f"<row>{cells}</row>", sharedStrings=shared("1")))
    [[text, number, truth, moment, blank, flag]] = read_workbook(path)
    assert (text, number, truth, blank, flag) == ("COUNTRY", 1.5, True, "", "\U0001f1ea")
    assert moment == {"datetime": "2021-02-03 00:00:00"}


def test_the_process_that_reads_needs_nothing_of_this_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts.xlsx"
    path.write_bytes(workbook(TEXT, sharedStrings=shared("1")))
    alone = shutil.copy(reader.READER, tmp_path)
    monkeypatch.setattr(reader, "READER", alone)
    monkeypatch.chdir(tmp_path)
    assert read_workbook(path) == [["COUNTRY"]]


def test_a_workbook_that_takes_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LIMIT_S", 0.001)
    path = tmp_path / "facts.xlsx"
    path.write_bytes(workbook(TEXT))
    with pytest.raises(ValueError, match=r"it takes more than 0\.001 s to read"):
        read_workbook(path)
