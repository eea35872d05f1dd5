"""A file -> named columns: CSV, workbook, JSON records or Parquet, told apart by their contents.

Text stays text here. Functions raise ValueError or SourceChanged, which say what is wrong.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from msgspec import Struct

from etl.errors import escaped, one_line
from etl.extract.sources.json_elements import elements
from etl.extract.workbook import read_workbook
from etl.extract.wrong_kind import LOOKED_AT, wrong_kind

DELIMITERS = (",", ";", "\t")  # a comma if none of them is in the header
MAX_ROWS = 2_000_000
MAX_COLUMNS = 200
MAX_UNPACKED_BYTES = 1 << 28  # of a Parquet file
PIECE_ROWS = 10_000
KINDS = "a .csv, .xlsx, .json or .parquet file"


class Columns(Struct, frozen=True):
    """A file's columns, by position. Values are text, or what a Parquet file has them as."""

    names: Sequence[str]
    values: list[pa.ChunkedArray]
    decimal_comma: bool = False


def read_columns(path: Path) -> Columns:
    """Read a table. Raises ValueError or SourceChanged."""
    with path.open("rb") as file:
        begins = file.read(LOOKED_AT)
    text = begins.decode("utf-8-sig", "replace").strip()
    if not text:
        raise ValueError("the file is empty")
    if begins.startswith(b"PK"):
        return _workbook(path)
    if begins.startswith(b"PAR1"):
        return _parquet(path)
    if kind := wrong_kind(begins):
        raise ValueError(f"{kind}, not {KINDS}; it begins {text[:80]!r}")
    if begins.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it is UTF-16; save it as UTF-8")
    if "\x00" in text[:1000]:
        raise ValueError(f"it is not {KINDS}; it begins {text[:20]!r}")
    return _json(path) if text[0] in "[{" else _csv(path, text)


def delimiter_of(first_line: str) -> str:
    return max(DELIMITERS, key=first_line.count)


def _workbook(path: Path) -> Columns:
    rows = read_workbook(path)
    if not rows:
        raise ValueError("the first sheet is empty")
    names = [_text(cell) for cell in rows[0]]
    body = [[_text(cell) for cell in row] for row in rows[1:]]
    values = zip(*body, strict=True) if body else [[] for _ in names]
    columns = [pa.chunked_array([pa.array(column, pa.string())]) for column in values]
    return Columns(names, columns)


def _text(cell: object) -> str:
    """Write a cell of a workbook or of JSON as text; a date comes as a mapping of its type."""
    if isinstance(cell, Mapping):
        [cell] = cell.values()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else str(cell)


def _csv(path: Path, begins: str) -> Columns:
    quotes = _count_quotes(path)
    header = begins.partition("\n")[0]
    delimiter = delimiter_of(header)
    if header.count(delimiter) >= MAX_COLUMNS and '"' not in header:
        raise ValueError(f"more than {MAX_COLUMNS} columns")  # PyArrow would make them all first
    read = pa.csv.ReadOptions(use_threads=False, autogenerate_column_names=True)
    text = {f"f{n}": pa.string() for n in range(MAX_COLUMNS)}
    try:
        table = pa.csv.read_csv(
            path,
            read_options=read,
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=quotes > 0),
            convert_options=pa.csv.ConvertOptions(column_types=text, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as exc:
        raise ValueError(_why_no_csv(path, delimiter) or one_line(str(exc), 200)) from exc
    if quotes % 2:
        raise ValueError(_why_no_csv(path, delimiter) or "a quotation mark that is not closed")
    if table.num_columns > MAX_COLUMNS:
        raise ValueError(f"more than {MAX_COLUMNS} columns")
    names = [column[0].as_py() for column in table.columns]
    return Columns(names, table.slice(1).columns, decimal_comma=delimiter == ";")


def _why_no_csv(path: Path, delimiter: str) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True, delimiter=delimiter)
        try:
            width = len(next(rows, []))
            for row in rows:
                if row and len(row) != width:
                    return f"line {rows.line_num}: expected {width} values, got {len(row)}"
        except csv.Error as exc:
            return f"line {rows.line_num}: not CSV: {exc}"
    return ""


def _count_quotes(path: Path) -> int:
    """Count the quotation marks. Raises ValueError if the file is not UTF-8."""
    decoder, at, quotes = codecs.getincrementaldecoder("utf-8")(), 0, 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as exc:
                why = f"near byte {at + exc.start}; perhaps it is latin-1: save it as UTF-8"
                raise ValueError(f"it is not UTF-8 ({why})") from exc
            at, quotes = at + len(piece), quotes + piece.count(b'"')
    return quotes


def _json(path: Path) -> Columns:
    names: dict[str, None] = {}
    pieces: list[tuple[list[str], pa.Table]] = []
    records = enumerate(elements(path), start=1)
    while batch := list(islice(records, PIECE_ROWS)):
        made = [_record(number, element) for number, element in batch]
        names |= dict.fromkeys(name for record in made for name in record)
        if len(names) > MAX_COLUMNS or batch[-1][0] > MAX_ROWS:
            raise ValueError(f"more than {MAX_COLUMNS} columns or {MAX_ROWS:,} records")
        texts = [pa.array([one.get(name, "") for one in made], pa.string()) for name in names]
        pieces.append((list(names), pa.table(texts, [str(n) for n in range(len(texts))])))
    if not names:
        raise ValueError("no records in it")
    return Columns(list(names), _joined(pieces, len(names)))


def _record(number: int, element: bytes) -> dict[str, str]:
    try:
        record = msgspec.json.decode(element)
    except msgspec.DecodeError as exc:
        raise ValueError(f"record {number}: not JSON: {exc}") from exc
    if not isinstance(record, dict):
        raise ValueError(f"record {number}: expected an object, got {one_line(element, 40)}")
    for name, value in record.items():
        if isinstance(value, list | dict):
            raise ValueError(f"record {number}, {escaped(name, 80)}: expected a value, got a list")
    return {name: _text(value) for name, value in record.items()}


def _joined(pieces: Iterable[tuple[list[str], pa.Table]], width: int) -> list[pa.ChunkedArray]:
    """Join the pieces; an earlier one may lack columns that appear in later records."""
    columns: list[list[pa.Array]] = [[] for _ in range(width)]
    for names, piece in pieces:
        for n, chunks in enumerate(columns):
            missing = pa.array([""], pa.string()).take(pa.array(np.zeros(len(piece), np.int32)))
            chunks += piece.column(n).chunks if n < len(names) else [missing]
    return [pa.chunked_array(chunks, pa.string()) for chunks in columns]


def _parquet(path: Path) -> Columns:
    try:
        with pa.parquet.ParquetFile(path) as file:
            about = file.metadata
            groups = (about.row_group(n).total_byte_size for n in range(about.num_row_groups))
            if about.num_rows > MAX_ROWS or sum(groups) > MAX_UNPACKED_BYTES:
                raise ValueError(f"{about.num_rows:,} rows, too many to read")
            if about.num_columns > MAX_COLUMNS:
                raise ValueError(f"more than {MAX_COLUMNS} columns")
            table = file.read(use_threads=False)
    except (pa.ArrowException, OSError) as exc:
        raise ValueError(f"a Parquet file that can't be read: {one_line(str(exc), 200)}") from exc
    return Columns(table.column_names, table.columns)


def csv_rows(data: str, most: int) -> list[list[str]]:
    """Read a small CSV strictly, at most `most` rows. Raises ValueError with the line."""
    reader = csv.reader(
        io.StringIO(data, newline=""), strict=True, delimiter=delimiter_of(data.partition("\n")[0])
    )
    try:
        return list(islice(reader, most))
    except csv.Error as exc:
        raise ValueError(f"line {reader.line_num}: {exc}") from exc
