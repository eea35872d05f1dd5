"""The form of our Parquet files: timeseries.parquet and those in vintages/.

Text is string, a day date32, a count int64. Each field has its unit and description, from the
register of columns, and the schema has title, source, licence and format. Rows are sorted by series
and day, in row groups of whole series, so that a reader of one series skips the others.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from etl.extract.facts import FACT_COLUMNS
from etl.transform.columns import FORMAT, Field, described, metadata
from etl.transform.derive import cuts

GROUP_ROWS = 7_000  # at least; a reader of one country gets the footer and one group


def open_writer(
    path: Path, schema: pa.Schema, about: Mapping[str, str], own: Iterable[Field] = ()
) -> "pa.parquet.ParquetWriter":
    """Open a Parquet file for tables of `schema`, as `to_plain` returns them, sorted by series.

    `about` goes into the metadata of the file: title, source, licence and so on. `own` describes
    columns that the register lacks.
    """
    names = schema.names
    text = [field.name for field in schema if pa.types.is_string(field.type)]
    whole = [f.name for f in schema if pa.types.is_date32(f.type) or pa.types.is_int64(f.type)]
    return pa.parquet.ParquetWriter(
        path,
        _with_metadata(schema, about, own),
        compression="zstd",
        use_dictionary=text,
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        # Of the numbers they would be a third of the footer, which every reader reads. Of the facts
        # they would help few readers, since a group has countries of several continents.
        write_statistics=[*(name for name in text if name not in FACT_COLUMNS), "date"],
        sorting_columns=[pa.parquet.SortingColumn(n) for n in (0, names.index("date"))],
    )


def write_groups(writer: "pa.parquet.ParquetWriter", table: pa.Table, rows: pd.DataFrame) -> None:
    """Write a table in row groups of whole series; `rows` is the frame that it was made of."""
    for begin, end in cuts(rows, GROUP_ROWS):
        writer.write_table(table.slice(begin, end - begin))


def to_frame(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Convert rows that were read: text to categories, days to times."""
    text = [field.name for field in table.schema if pa.types.is_string(field.type)]
    # working with date objects takes ten times as long
    frame: pd.DataFrame = table.to_pandas(categories=text, date_as_object=False)
    return frame


def to_plain(table: pa.Table) -> pa.Table:
    """Convert categories to strings, and times to days."""
    schema = plain_schema(table.schema)
    columns = [column.cast(field.type) for field, column in zip(schema, table.columns, strict=True)]
    return pa.table(columns, schema=schema)


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the types that `to_plain` gives to columns."""
    return pa.schema([(field.name, _plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.date32()
    text = (pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string)
    return pa.string() if any(is_text(kind) for is_text in text) else kind


def _with_metadata(schema: pa.Schema, about: Mapping[str, str], own: Iterable[Field]) -> pa.Schema:
    added = {field.name: metadata(field) for field in own}
    fields = [
        field.with_metadata(added.get(field.name) or described(field.name)) for field in schema
    ]
    counts = [field.name for field in schema if pa.types.is_int64(field.type)]
    # by this pandas reads counts as Int64, and not as floats because some are missing
    in_pandas = [
        {
            "name": n,
            "field_name": n,
            "pandas_type": "int64",
            "numpy_type": "Int64",
            "metadata": None,
        }
        for n in counts
    ]
    known = {"index_columns": [], "column_indexes": [], "columns": in_pandas}
    for_pandas = json.dumps({**known, "pandas_version": pd.__version__})
    return pa.schema(fields, {**about, "format": str(FORMAT), "pandas": for_pandas})
