"""Convert frames to plain values for JSON, and make the header of JSON files."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from etl.extract import levels
from etl.extract.sources.table import starts_of
from etl.store.layout import PAGE
from etl.transform.columns import FORMAT

RUNS = 4  # equal neighbours, on average, that make it worth while to convert each run once


class Header(Struct, frozen=True):
    """What each JSON file says about its source.

    `licence_id` is the SPDX identifier, or None if the source states no licence. `creator`,
    `public_url` (PUBLIC_URL) and `home`, the file at which people begin, are for catalogues.
    """

    source: str
    attribution: str
    licence: str
    last_date: str
    notice: str | None = None
    licence_id: str | None = None
    level: str = "countries"
    creator: str = ""
    public_url: str = ""
    home: str = PAGE

    def fields(self) -> dict[str, Any]:
        """Return the fields that each JSON file begins with; `notice` comes first."""
        about = {
            "format": FORMAT,
            "source": self.source,
            "attribution": self.attribution,
            "licence": self.licence,
            "last_date": self.last_date,
        }
        return {"notice": self.notice, **about} if self.notice else about

    def of_table(self) -> dict[str, str]:
        """Return the metadata of the table's Parquet file."""
        title = f"COVID-19 by {levels.one(self.level)} and day, tidied and checked"
        return {"title": title} | {name: str(value) for name, value in self.fields().items()}


def write_json(path: Path, content: object) -> None:
    path.write_bytes(msgspec.json.encode(content) + b"\n")


def spans(table: pd.DataFrame) -> Iterator[tuple[str, int, int]]:
    """Yield each country's key, the position of its first row, and the position after its last.

    The rows of a country must be consecutive.
    """
    keys = table[levels.key(table)].cat
    codes = keys.codes.to_numpy()
    for begin, end in pairwise([*np.flatnonzero(starts_of(codes)).tolist(), len(codes)]):
        yield str(keys.categories[codes[begin]]), begin, end


def joined(texts: pa.Array, lengths: Sequence[int]) -> list[pa.Buffer]:
    """Join the texts of each country with commas; `lengths` has the number of texts of each.

    Returns UTF-8, all of it in one piece of memory.
    """
    offsets = pa.array(np.cumsum([0, *lengths]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, texts)
    return [one.as_buffer() for one in pc.binary_join(lists, ",")]


class Cells:
    """The cells of a tidy table in Arrow, and as text, to which each column is converted once."""

    def __init__(self, table: pd.DataFrame) -> None:
        # Table.from_pandas would take a third longer
        self.arrow = pa.table({str(n): pa.array(table[n], from_pandas=True) for n in table.columns})
        self._texts: dict[str, pa.Array] = {}

    def text(self, name: str) -> pa.Array:
        """Return a column as `to_text` does."""
        if name not in self._texts:
            self._texts[name] = to_text(self.arrow[name].combine_chunks())
        return self._texts[name]

    def json(self, name: str) -> pa.Array:
        """Return the JSON text of a column's values: 3.5, null, "2020-01-22", "text", true."""
        texts = self.text(name)
        if pa.types.is_dictionary(texts.type):
            known = [msgspec.json.encode(text).decode() for text in texts.dictionary.to_pylist()]
            texts = pa.array(known, pa.string()).take(texts.indices)
        elif pa.types.is_timestamp(self.arrow[name].type):
            texts = pc.binary_join_element_wise('"', texts, '"', "")
        return texts.fill_null("null")


def to_text(values: pa.Array) -> pa.Array:
    """Convert numbers, days and booleans to text, null where missing; text becomes a dictionary."""
    if pa.types.is_dictionary(values.type):
        return values
    if pa.types.is_large_string(values.type) or pa.types.is_string(values.type):
        return values.dictionary_encode()
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.date32()).cast(pa.string())
    if pa.types.is_floating(values.type) and len(values):
        floats = values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        bits = floats.view(np.int64)  # which are equal for NaN, too
        begins = np.flatnonzero(starts_of(bits))
        if len(begins) < len(values) / RUNS:  # such as a country's facts
            lengths = np.diff(np.append(begins, len(values)))
            texts = pa.array(floats[begins], from_pandas=True).cast(pa.string())
            return texts.take(pa.array(np.repeat(np.arange(len(begins)), lengths)))
    return values.cast(pa.string())


def to_list(column: "pd.Series[Any]") -> list[Any]:
    """Return plain Python values: None for missing (NaN in floats), days as "2020-01-22"."""
    values: list[Any]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fb":
        values = column.to_numpy().tolist()  # msgspec writes NaN as null
        return values
    missing = np.flatnonzero(column.isna().to_numpy())
    if column.dtype.kind == "M":
        values = np.datetime_as_string(column.to_numpy().astype("datetime64[D]")).tolist()
    elif column.dtype.kind in "iu":
        values = column.to_numpy(dtype=np.int64, na_value=0).tolist()
    else:
        values = column.astype(object).tolist()
    for at in missing.tolist():
        values[at] = None
    return values


def full_names(listed: pd.DataFrame) -> dict[str, str]:
    """Return the full name of each series, such as "Ohio, United States", by key."""
    return {row[levels.key(listed)]: levels.full_name(row) for row in records(listed)}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a small table as dictionaries of plain values."""
    columns = {str(name): to_list(table[name]) for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def json_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Like `records`, for JSON: numbers are the text that they have in all files (5, not 5.0)."""
    texts = {
        str(name): [
            msgspec.Raw((text or "null").encode())
            for text in to_text(pa.array(table[name], from_pandas=True)).to_pylist()
        ]
        for name in table.columns
        if table[name].dtype.kind == "f"
    }
    columns = {name: texts.get(name) or to_list(table[name]) for name in map(str, table.columns)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
