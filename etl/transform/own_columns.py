"""Join the tables of TABLES with the tidy table, a group of whole series at a time. Pure.

Tables are columns sorted by country and day, so that each group takes its cells by a search and the
whole join is never in memory.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from etl.errors import SourceChanged
from etl.extract import levels
from etl.extract.countries import Country, find, find_code
from etl.extract.sources.table import APART, day_numbers
from etl.extract.tables.table import OwnTable
from etl.extract.tables.typed import Typed
from etl.transform.columns import NAMES, Field, latest_fields

# names that the published files use beside the columns
HEADER = ("format", "notice", "source", "attribution", "licence", "last_date")
RESERVED = {"iso2", "file", *HEADER, *NAMES}
Days = NDArray[np.int64]


def _cells(column: Typed, at: Days) -> Any:
    """Return a column's values at these positions, -1 for missing, as an array for a frame."""
    taken = column.values.take(pa.array(at, mask=at < 0))
    missing = taken.is_null().to_numpy(zero_copy_only=False)
    if column.type == "string":
        codes = taken.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return pd.Categorical.from_codes(codes, pd.Index(taken.dictionary.to_pylist(), dtype="str"))
    if column.type == "number":
        return taken.to_numpy(zero_copy_only=False)
    if column.type == "date":
        return taken.to_numpy(zero_copy_only=False).astype("datetime64[s]")
    if column.type == "boolean":
        known = taken.fill_null(False).to_numpy(zero_copy_only=False)
        return pd.arrays.BooleanArray(known, missing)
    return pd.arrays.IntegerArray(taken.fill_null(0).to_numpy(), missing)


@dataclass(frozen=True)
class Joined:
    """A table that is ready to be joined.

    `columns` are by their published names. `number` has the number that each series' country has in
    the table, by the code of its key, or -1; `axis` puts the rows in one order. `matched` counts
    the countries that the table and the statistics share, `left_out` its rows of other countries
    and days.
    """

    table: OwnTable
    columns: Mapping[str, Typed]
    number: Days
    axis: Days
    matched: int
    left_out: int

    @property
    def fields(self) -> list[Field]:
        meaning = f"from the table {self.table.name}"
        return [Field(name, column.type, meaning) for name, column in self.columns.items()]

    @property
    def by_day(self) -> bool:
        return self.table.day is not None


def prepare(tables: Sequence[OwnTable], entities: pd.DataFrame, rows: pd.DataFrame) -> list[Joined]:
    """Name the tables' columns, and find out which countries and days are theirs.

    `entities` is as `merge.attach` returns it, `rows` as in SourceTable. Raises SourceChanged if
    two columns have one name.
    """
    level = levels.level(entities)
    taken = {field.name for field in latest_fields(level)} | RESERVED
    joined = []
    for table in tables:
        columns = {}
        for name, column in table.columns.items():
            columns[free := _free_name(name, table.name, taken)] = column
            taken.add(free)
        joined.append(_joined(table, columns, entities, rows))
    return joined


def _free_name(name: str, table: str, taken: Collection[str]) -> str:
    if name in taken:
        name = f"{table}_{name}"
    if name in taken:
        raise SourceChanged(f"table {table}: two columns are called {name}; rename one of them")
    return name


def _joined(
    table: OwnTable, columns: Mapping[str, Typed], entities: pd.DataFrame, rows: pd.DataFrame
) -> Joined:
    key = levels.key(rows)
    numbers = [table.numbers.get(one, -1) if one else -1 for one in countries(entities)]
    by_key = pd.Series(numbers, index=entities[key])
    by_code = by_key.reindex(rows[key].cat.categories, fill_value=-1)
    number: Days = by_code.to_numpy().astype(np.int64)
    of_rows = number[rows[key].cat.codes.to_numpy()]
    known = of_rows >= 0
    if table.day is None:
        axis, wanted = table.country, of_rows[known]
    else:
        axis = table.country * APART + table.day
        wanted = of_rows[known] * APART + day_numbers(rows)[known]
    at = np.searchsorted(axis, wanted)
    hit = axis[np.minimum(at, len(axis) - 1)] == wanted if len(axis) else at < 0
    used = np.count_nonzero(np.bincount(at[hit], minlength=1))
    return Joined(
        table=table,
        columns=columns,
        number=number,
        axis=axis,
        matched=len({one for one in numbers if one >= 0}),
        left_out=int(table.rows - used),
    )


def countries(entities: pd.DataFrame) -> list[Country | None]:
    """Return the country of each entity."""
    return [
        find(name) if pd.isna(code) else find_code(code)
        for name, code in zip(entities["country"], entities["iso3"], strict=True)
    ]


def join(group: pd.DataFrame, tables: Sequence[Joined]) -> pd.DataFrame:
    """Add the tables' columns to a tidy table of whole series."""
    codes = group[levels.key(group)].cat.codes.to_numpy()
    columns = dict[str, Any]()
    for one in tables:
        number = one.number[codes]
        wanted = number if not one.by_day else number * APART + day_numbers(group)
        exact = _positions(one.axis, wanted, number, 0)
        for name, column in one.columns.items():
            at = exact
            if one.by_day and one.table.fill_days:
                known = np.flatnonzero(column.values.is_valid().to_numpy(zero_copy_only=False))
                at = _positions(one.axis[known], wanted, number, one.table.fill_days)
                at = np.where(at < 0, -1, known[at]) if len(known) else at
            columns[name] = _cells(column, at)
    return pd.concat([group, pd.DataFrame(columns, index=group.index)], axis="columns")


def _positions(axis: Days, wanted: Days, number: Days, fill_days: int) -> Days:
    """Return where each wanted point, or one at most `fill_days` before, is on the axis; or -1."""
    if not len(axis):
        return np.full(len(wanted), -1)
    at = np.searchsorted(axis, wanted, side="right") - 1
    near = (at >= 0) & (number >= 0) & (wanted - axis[at] <= fill_days)
    found: Days = np.where(near, at, -1)
    return found


def describe(entities: pd.DataFrame, rows: pd.DataFrame, tables: Sequence[Joined]) -> pd.DataFrame:
    """Add the columns of tables without days to the entities, for the list of countries."""
    at = rows[levels.key(rows)].cat.categories.get_indexer(pd.Index(entities[levels.key(entities)]))
    columns = dict[str, Any]()
    for one in tables:
        if not one.by_day:
            number = np.where(at < 0, -1, one.number[at])
            positions = _positions(one.axis, number, number, 0)
            columns |= {name: _cells(column, positions) for name, column in one.columns.items()}
    return pd.concat([entities, pd.DataFrame(columns, index=entities.index)], axis="columns")
