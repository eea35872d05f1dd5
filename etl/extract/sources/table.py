"""The table that every source is read into, and helpers for its rows.

A series is a country, a region or a place, depending on the table's level; its key identifies it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.errors import SourceChanged, listed, one_line
from etl.extract import levels
from etl.extract.sources import MEASURES, Source

NEW = [f"new_{measure}" for measure in MEASURES]
CUMULATIVE = [f"cumulative_{measure}" for measure in MEASURES]
# distance in days between two series when all are put on one axis; the years 1 to 9999 have fewer
APART = 4_000_000
NAMED = 5  # cells that a warning names


@dataclass(frozen=True)
class Mended:
    """What a reader put right. `warnings` names it, one line per kind.

    `negative_missing`: cells whose cumulative count was negative and is missing now.
    `names_replaced`: names with broken characters, replaced by our own name for the same code.
    `rows_nameless`: rows that name nothing, left out.
    """

    negative_missing: int = 0
    names_replaced: int = 0
    rows_nameless: int = 0
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, negative: Sequence[str], names_replaced: int = 0, rows_nameless: int = 0) -> Self:
        """Count what was put right and word the warnings; `negative` describes each such cell."""
        warnings = []
        if negative:
            cells = one_line(listed(negative, NAMED))
            warnings.append(f"negative counts, taken as missing: {cells}")
        if rows_nameless:
            warnings.append(f"rows that name nothing, left out: {rows_nameless}")
        return cls(len(negative), names_replaced, rows_nameless, tuple(warnings))


NOTHING_MENDED = Mended()


@dataclass(frozen=True)
class SourceTable:
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
        raise SourceChanged([_renamed(fault, name_of) for fault in exc.faults]) from exc
    warnings = tuple(_renamed(warning, name_of) for warning in table.mended.warnings)
    return replace(table, mended=replace(table.mended, warnings=warnings))


def _renamed(message: str, name_of: Mapping[str, str]) -> str:
    for name, better in name_of.items():
        message = message.replace(name, better)
    if len(name_of) == 1 and message.startswith("the source "):
        [better] = name_of.values()
        message = better + message.removeprefix("the source")
    return message


def measures(rows: pd.DataFrame) -> list[str]:
    """List those of MEASURES that the source has."""
    return [measure for measure in MEASURES if f"cumulative_{measure}" in rows]


def counts(column: "pd.Series[Any]") -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return a column of counts as int32 (0 where missing), and whether each one is known."""
    known = column.notna().to_numpy()
    return column.to_numpy(dtype=np.int32, na_value=0), known


def starts(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark the first row of each series in a table sorted by series."""
    codes = rows[levels.key(rows)].cat.codes.to_numpy()
    first: NDArray[np.bool_] = np.r_[True, codes[1:] != codes[:-1]][: len(codes)]
    return first


def day_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return `date` as days since 1970-01-01."""
    return rows["date"].to_numpy().astype("datetime64[D]").astype(np.int64)


def floats(column: "pd.Series[Any]") -> NDArray[np.float64]:
    """Return a column as float64, NaN where missing."""
    return column.to_numpy(dtype=float, na_value=np.nan)
