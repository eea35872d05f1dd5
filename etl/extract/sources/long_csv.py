"""A CSV with one row per country and day -> a SourceTable, with only a block of it in memory.

Arrow reads the columns that matter and no others. If it fails, long_csv_form reads the file again
to say what is wrong and where.
"""

from array import array
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from etl.errors import SourceChanged, one_line
from etl.extract.countries import find, find_code
from etl.extract.sources.assemble import Counts, Named, assemble
from etl.extract.sources.csv_files import header
from etl.extract.sources.faults import COUNT_LIMIT, named
from etl.extract.sources.long_csv_form import CsvForm, explain
from etl.extract.sources.table import SourceTable

BLOCK = 1 << 20


class _Rows:
    """The table while it grows: a typed array per column, and whether each count is known."""

    def __init__(self, form: CsvForm) -> None:
        self.named: list[Named] = []
        self.place_of: dict[str, int] = {}  # by code, or else by name
        self.columns = {name: array("i") for name in ("place", "day", *form.counts)}
        self.known = {name: bytearray() for name in form.counts}

    def table(self) -> SourceTable:
        places, days = (np.frombuffer(self.columns[name], np.int32) for name in ("place", "day"))
        counts = {
            name: Counts(np.frombuffer(self.columns[name], np.int32), np.frombuffer(known, bool))
            for name, known in self.known.items()
        }
        return assemble(self.named, places, days, counts)

    def place(self, code: str | None, name: str) -> int:
        """Return a country's index in `named`, and add it if it is new; -1: leave its rows out."""
        if code is None:
            return -1
        named(name)
        if (code or name) not in self.place_of:
            self.place_of[code or name] = len(self.named)
            self.named.append(Named(name, find_code(code) or find(name)))
        return self.place_of[code or name]


def read_long(path: Path, form: CsvForm) -> SourceTable:
    """Read a CSV in which days may come in any order, each only once per country.

    Raises SourceChanged with every fault: `line 12, Spain, 2020-05-25, New_cases: expected ...`.
    """
    header(path, form.columns)
    try:
        return _read(path, form)
    except (ValueError, SourceChanged) as exc:  # Arrow's errors are ValueErrors
        if faults := explain(path, form):
            raise SourceChanged(faults.lines()) from exc
        if isinstance(exc, SourceChanged):
            raise
        raise SourceChanged(f"{path.name}: {one_line(str(exc))}") from exc


def _read(path: Path, form: CsvForm) -> SourceTable:
    rows = _Rows(form)
    texts = dict.fromkeys((form.code, form.name), pa.dictionary(pa.int32(), pa.string()))
    numbers = dict.fromkeys(form.counts.values(), pa.float64())
    options = pa.csv.ConvertOptions(
        include_columns=form.columns,
        column_types={form.date: pa.date32(), **texts, **numbers},
        null_values=[""],  # NA is Namibia
    )
    reading = pa.csv.ReadOptions(use_threads=False, block_size=BLOCK)
    with pa.csv.open_csv(path, reading, convert_options=options) as blocks:
        for block in blocks:
            _add(rows, block, form)
    return rows.table()


def _add(rows: _Rows, block: pa.RecordBatch, form: CsvForm) -> None:
    places = _places(rows, block.column(form.code), block.column(form.name), form)
    kept = places >= 0
    dates = block.column(form.date)
    if dates.filter(pa.array(kept)).null_count:
        raise ValueError("a row without a date")
    rows.columns["place"].frombytes(places[kept].tobytes())
    rows.columns["day"].frombytes(dates.cast(pa.int32()).fill_null(0).to_numpy()[kept].tobytes())
    for ours, theirs in form.counts.items():
        column = block.column(theirs)
        known = column.is_valid().to_numpy(zero_copy_only=False)[kept]
        counts = column.fill_null(0).to_numpy()[kept]
        least = 0 if ours.startswith("cumulative") else -COUNT_LIMIT
        if not ((counts >= least) & (counts <= COUNT_LIMIT) & (np.floor(counts) == counts)).all():
            raise ValueError("a count that is none")
        rows.columns[ours].frombytes(counts.astype(np.int32).tobytes())
        rows.known[ours] += known.tobytes()


def _places(
    rows: _Rows, codes: pa.DictionaryArray, names: pa.DictionaryArray, form: CsvForm
) -> NDArray[np.int32]:
    """Return the place of each row; each pair of code and name is looked up once per block."""
    width = len(names.dictionary)
    pairs = codes.indices.to_numpy().astype(np.int64) * width + names.indices.to_numpy()
    different, inverse = np.unique(pairs, return_inverse=True)
    code, name = codes.dictionary.to_pylist(), names.dictionary.to_pylist()
    places = [
        rows.place(form.country_code(code[pair // width]), name[pair % width])
        for pair in different.tolist()
    ]
    return np.array(places, dtype=np.int32)[inverse]
