"""A CSV with one row per country and day -> a SourceTable, with only a block of it in memory.

Arrow reads the columns that matter and no others. If it fails, long_csv_form reads the file again
to say what is wrong and where.
"""

from array import array
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from msgspec.structs import replace
from numpy.typing import NDArray

from etl.errors import SourceChanged, one_line
from etl.extract.countries import find, find_code
from etl.extract.sources.assemble import Counts, Named, assemble
from etl.extract.sources.csv_files import header
from etl.extract.sources.faults import COUNT_LIMIT, as_day, named
from etl.extract.sources.long_csv_form import CsvForm, explain
from etl.extract.sources.table import SourceTable

BLOCK = 1 << 20
LEFT_OUT = -1
NO_DAY = np.iinfo(np.int32).min
EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date.min.toordinal() - EPOCH  # Arrow knows a year 0, Python doesn't
TEXT = pa.dictionary(pa.int32(), pa.string())


class _Rows:
    """The table while it grows: a typed array per column, and whether each count is known."""

    def __init__(self, form: CsvForm) -> None:
        self.named: list[Named] = []
        self.place_of: dict[str, int] = {}  # by code, or else by name
        self.columns = {name: array("i") for name in ("place", "day", *form.counts)}
        self.known = {name: bytearray() for name in form.counts}
        self.days: dict[str, int] = {}  # a cache: days since 1970-01-01, or NO_DAY
        self.nameless = 0

    def table(self) -> SourceTable:
        places, days = (np.frombuffer(self.columns[name], np.int32) for name in ("place", "day"))
        counts = {
            name: Counts(np.frombuffer(self.columns[name], np.int32), np.frombuffer(known, bool))
            for name, known in self.known.items()
        }
        table = assemble(self.named, places, days, counts)
        return replace(table, mended=replace(table.mended, rows_nameless=self.nameless))

    def place(self, code: str | None, name: str) -> int:
        """Return a country's index in `named`, and add it if it is new; or LEFT_OUT."""
        if code is None:
            return LEFT_OUT
        named(name)
        if (code or name) not in self.place_of:
            self.place_of[code or name] = len(self.named)
            self.named.append(Named(name, find_code(code) or find(name)))
        return self.place_of[code or name]

    def day(self, text: str) -> int:
        """Return a date as days since 1970-01-01, or NO_DAY if it can't be read."""
        if text not in self.days:
            try:
                self.days[text] = as_day(text.strip()).toordinal() - EPOCH
            except ValueError:
                self.days[text] = NO_DAY
        return self.days[text]


def read_long(path: Path, form: CsvForm) -> SourceTable:
    """Read a CSV in which days may come in any order, each only once per country.

    Raises SourceChanged with every fault: `line 12, Spain, 2020-05-25, New_cases: expected ...`.
    """
    names = header(path, form.columns, form.older)
    try:
        try:
            return _read(path, form, names)  # the fast way
        except pa.ArrowInvalid:  # dates such as 2020-02-24T00:00:00Z, or faults in rows left out
            return _read(path, form, names, as_text=True)
    except (ValueError, SourceChanged) as exc:  # Arrow's errors are ValueErrors
        if faults := explain(path, form):
            raise faults.error() from exc
        if isinstance(exc, SourceChanged):
            raise
        raise SourceChanged(f"{path.name}: {one_line(str(exc))}") from exc


def _read(path: Path, form: CsvForm, names: list[str], *, as_text: bool = False) -> SourceTable:
    """Read the rows; with `as_text`, parse dates and counts only in the rows that are kept."""
    rows = _Rows(form)
    texts = dict.fromkeys((form.code, form.name), TEXT)
    numbers = dict.fromkeys(form.counts.values(), pa.string() if as_text else pa.float64())
    options = pa.csv.ConvertOptions(
        include_columns=form.columns,
        column_types={form.date: TEXT if as_text else pa.date32(), **texts, **numbers},
        null_values=["", " ", "  "],  # NA is Namibia
    )
    reading = pa.csv.ReadOptions(
        use_threads=False, block_size=BLOCK, column_names=names, skip_rows_after_names=1
    )
    with pa.csv.open_csv(path, reading, convert_options=options) as blocks:
        for block in blocks:
            _add(rows, block, form)
    return rows.table()


def _add(rows: _Rows, block: pa.RecordBatch, form: CsvForm) -> None:
    places = _places(rows, block.column(form.code), block.column(form.name), form)
    kept = places != LEFT_OUT
    days = _days(rows, block.column(form.date))[kept]
    if (days < FIRST_DAY).any():
        raise ValueError("a row without a date")
    rows.columns["place"].frombytes(places[kept].tobytes())
    rows.columns["day"].frombytes(days.tobytes())
    for ours, theirs in form.counts.items():
        column = _numbers(block.column(theirs), kept)
        known = column.is_valid().to_numpy(zero_copy_only=False)
        counts = column.fill_null(0).to_numpy()
        if not ((np.abs(counts) <= COUNT_LIMIT) & (np.floor(counts) == counts)).all():
            raise ValueError("a count that is none")
        rows.columns[ours].frombytes(counts.astype(np.int32).tobytes())
        rows.known[ours] += known.tobytes()


def _numbers(counts: pa.Array, kept: NDArray[np.bool_]) -> pa.Array:
    """Return the kept rows' counts (float64); null if blank. Raises ArrowInvalid if one is none."""
    if not kept.all():
        counts = counts.filter(pa.array(kept))
    if pa.types.is_string(counts.type):
        trimmed = pc.utf8_trim(counts, " \t")
        counts = pc.if_else(pc.equal(trimmed, ""), None, trimmed).cast(pa.float64())
    return counts


def _days(rows: _Rows, dates: pa.Array) -> NDArray[np.int32]:
    """Return dates as days since 1970-01-01; NO_DAY for those that can't be read."""
    if isinstance(dates, pa.DictionaryArray):
        day_of = np.array([rows.day(text) for text in dates.dictionary.to_pylist()], np.int32)
        days: NDArray[np.int32] = day_of[dates.indices.to_numpy()]
    else:
        days = dates.cast(pa.int32()).fill_null(NO_DAY).to_numpy()
    return days


def _places(
    rows: _Rows, codes: pa.DictionaryArray, names: pa.DictionaryArray, form: CsvForm
) -> NDArray[np.int32]:
    """Return the place of each row; each pair of code and name is looked up once per block.

    Rows without code and name are counted and left out.
    """
    width = len(names.dictionary)
    pairs = codes.indices.to_numpy().astype(np.int64) * width + names.indices.to_numpy()
    different, inverse = np.unique(pairs, return_inverse=True)
    code, name = (
        [text.strip() for text in column.dictionary.to_pylist()] for column in (codes, names)
    )
    places = []
    for number, pair in enumerate(different.tolist()):
        of_pair = code[pair // width], name[pair % width]
        if any(of_pair):
            places.append(rows.place(form.country_code(of_pair[0]), of_pair[1]))
        else:
            places.append(LEFT_OUT)
            rows.nameless += int((inverse == number).sum())
    return np.array(places, dtype=np.int32)[inverse]
