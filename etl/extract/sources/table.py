"""The table that every source is read into, and helpers for its rows.

A series is a country, a region or a place, depending on the table's level; its key identifies it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from etl.errors import SourceChanged, listed, one_line
from etl.extract import levels
from etl.extract.sources import MEASURES, Source
from etl.extract.sources.faults import MOST, NEGATIVE, rare

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NEW = [f"new_{measure}" for measure in MEASURES]
CUMULATIVE = [f"cumulative_{measure}" for measure in MEASURES]
# distance in days between two series when all are put on one axis; the years 1 to 9999 have fewer
APART = 4_000_000
NAMED = 5  # cells that a warning names


class Mended(Struct, frozen=True):
    """What a reader put right.

    `negative`: the cells whose cumulative count was negative and is missing now, each described.
    `names_replaced`: names with broken characters, replaced by our own name for the same code.
    `rows_nameless`: rows that name nothing, left out.
    """

    negative: tuple[str, ...] = ()
    names_replaced: int = 0
    rows_nameless: int = 0

    def warnings(self) -> list[str]:
        """Word it, one line per kind; replaced names are not worth a warning."""
        lines = []
        if self.negative:
            cells = one_line(listed(self.negative, NAMED))
            lines.append(f"negative counts, treated as missing: {cells}")
        if self.rows_nameless:
            lines.append(f"rows without a name, left out: {self.rows_nameless}")
        return lines


NOTHING_MENDED = Mended()


class SourceTable(Struct, frozen=True):
    """A source's data, before anything is repaired.

    `entities`: one row per series, in the source's order: the keys and names of its level
    (`country_key, country`), and `iso3` if the source has codes.
    `rows`: one row per series and day, sorted by key and date. The key comes first (categorical,
    its categories sorted), then `date` (datetime64[s]), then `new_*` and `cumulative_*` of cases,
    deaths and recoveries as the source has them: int32, or Int32 if some are missing. A measure
    that the source lacks has no columns.
    """

    entities: pd.DataFrame
    rows: pd.DataFrame
    mended: Mended = NOTHING_MENDED


def read_table(
    source: Source, paths: Iterable[Path], named: Sequence[str] | None = None
) -> SourceTable:
    """Read a source's documents, given in the order of `source.files`.

    In messages each is called as in `named`, by default as its file. Imports the source's module.
    Raises SourceChanged with every fault of the documents.
    """
    paths = list(paths)
    read: Callable[..., SourceTable] = getattr(import_module(source.module), source.function)
    if named is None:
        return read(*paths)
    name_of = dict(zip((path.name for path in paths), named, strict=True))
    try:
        table = read(*paths)
    except SourceChanged as exc:
        faults, each = (
            [_renamed(fault, name_of) for fault in found] for found in (exc.faults, exc.each)
        )
        raise SourceChanged(faults, each) from exc
    negative = tuple(_renamed(cell, name_of) for cell in table.mended.negative)
    return replace(table, mended=replace(table.mended, negative=negative))


def _renamed(message: str, name_of: Mapping[str, str]) -> str:
    for name, better in name_of.items():
        message = message.replace(name, better)
    if len(name_of) == 1 and message.startswith("the source "):
        [better] = name_of.values()
        message = better + message.removeprefix("the source")
    return message


def without_negative(table: SourceTable) -> SourceTable:
    """Make negative cumulative counts missing if they are rare; `mended` names them.

    Rows and series without any other count are left out. Raises SourceChanged if they are not rare.
    """
    rows = table.rows
    columns = [f"cumulative_{measure}" for measure in measures(rows)]
    negative = {name: counts(rows[name])[0] < 0 for name in columns}
    found = sum(int(cells.sum()) for cells in negative.values())
    if not found:
        return table
    key = levels.key(rows)
    if not rare(found, len(rows) * len(columns)):
        places = (
            (name, at) for name, cells in negative.items() for at in np.flatnonzero(cells).tolist()
        )
        each = [_cell(rows, *place, f"{NEGATIVE}, got") for place in islice(places, MOST)]
        more = f" (and {found - 1} more like it)" if found > 1 else ""
        left_out = [f"and {found - MOST:,} more like it"] if found > MOST else []
        raise SourceChanged(f"{each[0]}{more}", [*each, *left_out])
    told = tuple(
        _cell(rows, name, at)
        for name, cells in negative.items()
        for at in np.flatnonzero(cells).tolist()
    )
    missing = {name: rows[name].astype("Int32").mask(cells) for name, cells in negative.items()}
    rows = rows.assign(**missing)
    counted = rows[columns].notna().any(axis=1).to_numpy()
    rows = rows[counted].reset_index(drop=True)
    rows[key] = rows[key].cat.remove_unused_categories()
    there = table.entities[key].isin(rows[key].cat.categories)
    entities = table.entities[there].reset_index(drop=True)
    return SourceTable(entities, rows, replace(table.mended, negative=told))


def _cell(rows: pd.DataFrame, name: str, at: int, problem: str = "") -> str:
    """Describe a count of a row: `spain, 2020-05-25, cumulative_cases: -1`."""
    key, day = rows[levels.key(rows)].iloc[at], rows["date"].iloc[at]
    what = f"{problem} " if problem else ""
    return f"{key}, {day:%Y-%m-%d}, {name}: {what}{rows[name].iloc[at]}"


def measures(rows: pd.DataFrame) -> list[str]:
    """List those of MEASURES that the source has."""
    return [measure for measure in MEASURES if f"cumulative_{measure}" in rows]


def counts(column: "pd.Series[Any]") -> tuple[NDArray[np.int32], Bools]:
    """Return a column of counts as int32 (0 where missing), and whether each one is known."""
    known = column.notna().to_numpy()
    return column.to_numpy(dtype=np.int32, na_value=0), known


def starts_of(values: NDArray[Any]) -> Bools:
    """Mark the values that differ from the one before, and the first."""
    differs: Bools = np.r_[True, values[1:] != values[:-1]][: len(values)]
    return differs


def starts(rows: pd.DataFrame) -> Bools:
    """Mark the first row of each series in a table sorted by series."""
    return starts_of(rows[levels.key(rows)].cat.codes.to_numpy())


def ends(rows: pd.DataFrame) -> Bools:
    """Mark the last row of each series in a table sorted by series."""
    last: Bools = np.r_[starts(rows)[1:], True][: len(rows)]
    return last


def day_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return `date` as days since 1970-01-01."""
    return rows["date"].to_numpy().astype("datetime64[D]").astype(np.int64)


def floats(column: "pd.Series[Any] | ExtensionArray") -> Floats:
    """Return a column as float64, NaN where missing."""
    return column.to_numpy(dtype=float, na_value=np.nan)
