"""Run the step that TRANSFORM names: `transform(table) -> table`, on groups of whole series.

What it returns is checked, and only the columns that it added are taken from it: ours stay as they
are, in the rows that it kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.errors import StepFailed, escaped, one_line
from etl.extract import levels
from etl.settings.tables import NAME, OwnStep
from etl.transform.columns import Field, latest_fields
from etl.transform.own_code import OwnCode
from etl.transform.own_columns import RESERVED
from etl.transform.own_values import Mismatch, column_of, differs, same_bits

Positions = NDArray[np.intp]
SAMPLED = 5
MEANING = "added by {name}"


@dataclass
class StepRun:
    """A step, and what became of the groups that it has been given so far.

    `added` has the type of each column that it adds, `dropped` those of ours that it leaves out.
    `sample` are the first rows where one of them has a value. A `trial` runs the first group twice.
    """

    code: OwnCode
    trial: bool = False
    added: dict[str, str] | None = None
    dropped: list[str] = field(default_factory=list)
    rows_dropped: int = 0
    infinite: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    sample: pd.DataFrame | None = None

    @property
    def own(self) -> OwnStep:
        return self.code.own

    @property
    def fields(self) -> list[Field]:
        """Return the columns that were added, with the units and meanings of COLUMNS."""
        made = []
        for name, kind in (self.added or {}).items():
            unit, meaning = self.code.columns.get(name, ("", ""))
            meaning = one_line(meaning) or MEANING.format(name=self.own.name)
            made.append(Field(name, kind, meaning, one_line(unit)))  # type: ignore[arg-type]
        return made

    def __call__(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that the step keeps, with all our columns and those that it adds.

        Raises StepFailed.
        """
        made = self._once(table)
        if self.trial and self.sample is None:
            infinite = dict(self.infinite)  # of one run
            if not made.equals(self._once(table)):
                same = "two runs on the same rows gave other results"
                self.warnings.append(f"{self.own.name}: {same}")
            self.infinite = infinite
        if self.sample is None:
            key = levels.key(table)
            shown = made[[key, "date", *(self.added or {})]]
            known = shown.dropna(how="all", subset=list(self.added or {}))
            self.sample = (known if len(known) else shown).head(SAMPLED)
        self.rows_dropped += len(table) - len(made)
        return made

    def groups(self, tables: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Give the step each group, or with GROUPS = "all" the whole table."""
        from etl.transform.derive import groups

        if not self.code.takes_all:
            yield from (made for one in tables if len(made := self(one)))
        elif len(made := self(pd.concat(list(tables), ignore_index=True))):
            yield from groups(made)

    def all_warnings(self) -> list[str]:
        name = self.own.name
        return [
            *self.warnings,
            *(
                f"{name}: {n} infinite values of {c}, taken as missing"
                for c, n in self.infinite.items()
            ),
        ]

    def _once(self, table: pd.DataFrame) -> pd.DataFrame:
        made = self.code.transform(table)
        try:
            return self._checked(table, made)
        except Mismatch as exc:
            raise StepFailed(f"{self.code.place}: {exc}") from exc
        except (TypeError, ValueError, ArithmeticError, LookupError) as exc:  # of odd values
            what = f"the table that transform returned can't be used: {one_line(str(exc), 200)}"
            raise StepFailed(f"{self.code.place}: {what}") from exc

    def _checked(self, table: pd.DataFrame, made: object) -> pd.DataFrame:
        if not isinstance(made, pd.DataFrame):
            raise Mismatch(f"transform returned {_kind(made)}, expected the table")
        keys = [levels.key(table), "date"]
        order = _order(table, made, keys)
        ours = table
        if order is not None:
            _refuse_new_rows(table, made, order, keys)
            ours, made = table.iloc[np.sort(order)], made.iloc[np.argsort(order)]
        there = [name for name in table.columns if name in made.columns]
        begin = made.iloc[:, : len(there)]  # most steps add columns behind ours
        for name in [] if begin.equals(ours) else there:
            if problem := differs(ours[name], made[name]):
                row = f"{ours[keys[0]].iloc[problem.row]} {ours['date'].iloc[problem.row]:%Y-%m-%d}"
                raise Mismatch(f"column {name} was changed, which is ours ({row}: {problem})")
        self._note_dropped([name for name in table.columns if name not in made.columns])
        names = [name for name in made.columns if name not in table.columns]
        columns = self._new_columns(made, names, levels.level(table))
        return pd.concat([ours, pd.DataFrame(columns, index=ours.index)], axis="columns")

    def _note_dropped(self, dropped: list[str]) -> None:
        if self.added is not None and dropped != self.dropped:
            raise Mismatch("it dropped other columns than in the countries before")
        self.dropped = dropped

    def _new_columns(self, made: pd.DataFrame, names: list[Any], level: str) -> dict[str, Any]:
        reserved = {one.name for one in latest_fields(level)} | RESERVED
        before, types, columns = self.added, dict[str, str](), dict[str, Any]()
        if before is not None and set(names) != set(before):
            raise Mismatch("it added other columns than in the countries before")
        for name in before or names:
            if not isinstance(name, str) or not re.fullmatch(NAME, name) or name in reserved:
                shown = escaped(str(name), 80)
                raise Mismatch(f"column {shown!r}: expected a new name such as growth_7d")
            values = made[name]
            if isinstance(values, pd.DataFrame):
                raise Mismatch(f"two columns are called {name}")
            types[name], columns[name], infinite = column_of(values, (before or {}).get(name))
            if infinite:
                self.infinite[name] = self.infinite.get(name, 0) + infinite
        self.added = before or types
        return columns


def _refuse_new_rows(
    table: pd.DataFrame, made: pd.DataFrame, order: Positions, keys: list[str]
) -> None:
    """Raise Mismatch if a row was added, or is there twice."""
    if (order < 0).any():
        row = made.iloc[int(np.flatnonzero(order < 0)[0])]
        raise Mismatch(f"a row was added: {_named(row, keys)}")
    kept = np.sort(order)
    if (again := np.flatnonzero(kept[1:] == kept[:-1])).size:
        raise Mismatch(f"a row appears twice: {_named(table.iloc[kept[again[0]]], keys)}")


def _order(table: pd.DataFrame, made: pd.DataFrame, keys: list[str]) -> Positions | None:
    """Return the position in `table` of each row of `made`, or -1; None if all are in order.

    Raises Mismatch.
    """
    for key in keys:
        if key not in made.columns:
            raise Mismatch(f"the key {key} was dropped; drop other columns, or rows")
        column = made[key]
        if isinstance(column, pd.DataFrame):
            raise Mismatch(f"two columns are called {key}")
        zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
        if column.dtype.kind != table[key].dtype.kind or zoned:
            was, now = table[key].dtype, column.dtype
            raise Mismatch(f"the key {key} is {now} now, and was {was}: leave its dtype as it is")
    if all(same_bits(table[key], made[key]) for key in keys):
        return None
    ours = pd.MultiIndex.from_arrays([table[keys[0]].astype("str"), table["date"]])
    theirs = pd.MultiIndex.from_arrays([made[keys[0]].astype("str"), made["date"]])
    order: Positions = ours.get_indexer(theirs)
    return order


def _named(row: "pd.Series[Any]", keys: list[str]) -> str:
    key, day = keys
    return escaped(f"{row[key]} {str(row[day])[:10]}", 80)


def _kind(made: object) -> str:
    return "None" if made is None else f"a {type(made).__name__}"
