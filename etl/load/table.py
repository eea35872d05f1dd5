"""timeseries.parquet and timeseries.csv.gz: the whole table, written and read in pieces."""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from etl.load import parquet
from etl.load.own import OwnColumns
from etl.load.values import Cells
from etl.store.layout import TABLE_CSV, TABLE_PARQUET

GZIP_LEVEL = 1
PIECE_ROWS = 15_000
CSV_BATCH_ROWS = 4096  # joined at once
RUNNABLE = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs text that begins with these


class TableFiles:
    """Writes both files, a group of whole series at a time; without `csv`, only the Parquet file.

    `about` is the metadata of the Parquet file; `own` has the columns of TABLES and TRANSFORM.
    """

    def __init__(
        self,
        folder: Path,
        about: Mapping[str, str],
        own: OwnColumns | None = None,
        *,
        csv: bool = True,
    ) -> None:
        self._folder = folder
        self._about = about
        self._own = own or OwnColumns()
        self._parquet: pa.parquet.ParquetWriter | None = None
        self._with_csv = csv
        self.rows = {TABLE_PARQUET: 0} | ({TABLE_CSV: 0} if csv else {})

    def __enter__(self) -> Self:
        self._open = ExitStack()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, group: pd.DataFrame, cells: Cells | None = None) -> None:
        """Append the rows of a tidy table to both files. `cells` may have more columns."""
        cells = cells or Cells(group)
        table = cells.arrow.select(list(group.columns))
        if self._parquet is None:
            schema, path = parquet.plain_schema(table.schema), self._folder / TABLE_PARQUET
            writer = parquet.open_writer(path, schema, self._about, self._own.declared())
            self._parquet = self._open.enter_context(writer)
            self._csv = self._open_csv(table.column_names) if self._with_csv else None
        parquet.write_groups(self._parquet, parquet.to_plain(table), group)
        if self._csv is not None:
            self._csv.writelines(csv_lines(cells, table.column_names))
        self.rows = {name: rows + len(group) for name, rows in self.rows.items()}

    def _open_csv(self, names: Sequence[str]) -> gzip.GzipFile:
        file = self._open.enter_context((self._folder / TABLE_CSV).open("wb"))
        packed = self._open.enter_context(gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0))
        packed.write(",".join(f'"{name}"' for name in names).encode() + b"\n")
        return packed


def read_table(path: Path, columns: Iterable[str]) -> Iterator[pd.DataFrame]:
    """Yield the table in pieces of at most 15,000 rows, with those of `columns` that it has.

    `path` is a timeseries.parquet. Raises ValueError or OSError if it can't be read.
    """
    # pre_buffer would read far ahead, which pays with slow storage only
    with pa.parquet.ParquetFile(path, pre_buffer=False) as file:
        names = [name for name in columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(PIECE_ROWS, columns=names, use_threads=False):
            yield parquet.to_frame(batch)


def read_whole(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Like `read_table`, but return the whole table at once."""
    with pa.parquet.ParquetFile(path) as file:
        names = [name for name in columns if name in file.schema_arrow.names]
        return parquet.to_frame(file.read(names, use_threads=False))


def column_bytes(path: Path) -> Counter[str]:
    """Return how many bytes each column of a timeseries.parquet takes, compressed."""
    about, sizes = pa.parquet.read_metadata(path), Counter[str]()
    for group in map(about.row_group, range(about.num_row_groups)):
        for column in map(group.column, range(about.num_columns)):
            sizes[column.path_in_schema] += column.total_compressed_size
    return sizes


def find_value(path: Path, key: str, column: str, day: date) -> int | None:
    """Find a series' value for a day in a timeseries.parquet; None if it is missing.

    `key` is the series' key, which the first column has. Raises ValueError or OSError if the file
    can't be read.
    """
    with pa.parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
    if column not in names:
        return None
    wanted = [(names[0], "=", key), ("date", "=", day)]
    found = pa.parquet.read_table(path, columns=[column], filters=wanted, use_threads=False)
    value = found[column][0].as_py() if len(found) else None
    return None if value is None else int(value)


def to_csv_table(table: pa.Table) -> pa.Table:
    """Convert the table for CSV: days without a time, and text that a spreadsheet can't run.

    Such text gets an apostrophe in front, as OWASP advises against CSV injection.
    """
    schema = parquet.plain_schema(table.schema)
    columns = []
    for field, column in zip(schema, table.columns, strict=True):
        if field.type == pa.string():
            column = pa.chunked_array([_harmless(c) for c in column.chunks], pa.string())
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def csv_lines(cells: Cells, names: Sequence[str]) -> Iterator[bytes]:
    """Yield rows as Arrow's CSV writer writes `to_csv_table`, but of texts that are there already.

    To convert numbers for it again takes three times as long.
    """
    texts = map(cells.text, names)
    columns = [_in_quotes(one) if pa.types.is_dictionary(one.type) else one for one in texts]
    for begin in range(0, len(columns[0]), CSV_BATCH_ROWS):
        batch = (_decoded(column.slice(begin, CSV_BATCH_ROWS)) for column in columns)
        lines = pc.binary_join_element_wise(*(column.fill_null("") for column in batch), ",")
        whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
        yield pc.binary_join(whole, "\n")[0].as_buffer()
        yield b"\n"


def _decoded(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _in_quotes(values: pa.DictionaryArray) -> pa.DictionaryArray:
    texts = [text and _safe(text).replace('"', '""') for text in values.dictionary.to_pylist()]
    quoted = [text if text is None else f'"{text}"' for text in texts]
    return pa.DictionaryArray.from_arrays(values.indices, pa.array(quoted, pa.string()))


def _harmless(values: pa.Array) -> pa.Array:
    if isinstance(values, pa.DictionaryArray):
        harmless = _harmless(values.dictionary)
        return pa.DictionaryArray.from_arrays(values.indices, harmless).dictionary_decode()
    return pa.array([text and _safe(text) for text in values.to_pylist()], pa.string())


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(RUNNABLE) else text
