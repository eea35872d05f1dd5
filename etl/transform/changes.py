"""Today's table against the one that is published. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import APART, CUMULATIVE, NEW, day_numbers

BIGGEST = 10  # restated cells that are told one by one

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A figure that was restated; None where it is missing."""

    key: str
    date: date
    measure: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Measured:
    """A measure's cells. `net` is what its restatements come to: of a cumulative measure the
    difference on each series' last day that both tables have, of a new one that of all days."""

    compared: int
    restated: int
    net: int


@dataclass(frozen=True)
class Changes:
    """`compared` cells (a measure of a series on a day) stand in both tables, of which
    `restated` differ; `gone` are the keys of series that were published and aren't there now.
    `by_country` tells how many of `restated` each series' key has, those with most first.

    `added` and `removed` count rows that stand in one table alone, `appeared` are the keys of
    series that are new, `biggest` the restated cells that differ most.
    """

    compared: int = 0
    restated: int = 0
    gone: tuple[str, ...] = ()
    by_country: Mapping[str, int] = field(default_factory=dict, compare=False)
    added: int = field(default=0, compare=False)
    removed: int = field(default=0, compare=False)
    appeared: tuple[str, ...] = field(default=(), compare=False)
    measures: Mapping[str, Measured] = field(default_factory=dict, compare=False)
    biggest: tuple[Cell, ...] = field(default=(), compare=False)

    @property
    def restated_share(self) -> float:
        return self.restated / self.compared if self.compared else 0.0


class _Tally:
    """What is found of one measure, piece by piece; the arrays have an item a series."""

    def __init__(self, measure: str, series: int) -> None:
        self.measure = measure
        self.compared = 0
        self.restated = np.zeros(series, dtype=np.int64)
        self._net = np.zeros(series)
        # of the biggest: by how much, the row in today's table, before and after
        self.biggest = np.empty((4, 0))

    def add(self, codes: Places, at: Places, was: Floats, now: Floats) -> None:
        """Cells that stand in both tables, in their order."""
        differ = (was != now) & ~(np.isnan(was) & np.isnan(now))
        change = np.nan_to_num(now) - np.nan_to_num(was)
        self.compared += len(was)
        self.restated += np.bincount(codes[differ], minlength=len(self.restated))
        if self.measure in CUMULATIVE:
            self._net[codes] = change  # of a series' days the last one stays
        else:
            self._net += np.bincount(codes, change, minlength=len(self._net))
        found = np.stack([np.abs(change), at, was, now])[:, differ]
        found = np.concatenate([self.biggest, found], axis=1)
        self.biggest = found[:, np.lexsort((found[1], -found[0]))[:BIGGEST]]

    def measured(self) -> Measured:
        return Measured(self.compared, int(self.restated.sum()), int(self._net.sum()))


def compare(
    rows: pd.DataFrame,
    published: Iterable[pd.DataFrame],
    shown: NDArray[np.bool_] | None = None,
) -> Changes:
    """Compare repaired rows with the published table, which comes in pieces of any size.

    The pieces have the same key, `date` and those of `cumulative_*` (else `new_*`) that were
    published, in the order of key and day; a filter that was in force then does not show as
    a change. `shown` tells which rows pass today's filter: of the others none counts as added.
    """
    key = levels.key(rows)
    keys = rows[key].cat.categories
    codes_now = rows[key].cat.codes.to_numpy().astype(np.int64)
    axis = codes_now * APART + day_numbers(rows)
    met, known = np.zeros(len(axis), bool), np.zeros(len(keys), bool)
    gone: set[str] = set()
    removed = 0
    tallies: dict[str, _Tally] = {}
    for piece in published:
        names = piece[key].astype("category")
        code_of = keys.get_indexer(names.cat.categories)
        codes = code_of[names.cat.codes.to_numpy()]
        # in a filtered table the categories name more series than its rows
        gone |= set(names.cat.categories[np.unique(names.cat.codes[codes < 0])])
        known[codes[codes >= 0]] = True
        wanted = codes * APART + day_numbers(piece)
        at = np.minimum(np.searchsorted(axis, wanted), max(len(axis) - 1, 0))
        here = (codes >= 0) & (axis[at] == wanted) if len(axis) else np.zeros(len(piece), bool)
        removed += int((~here).sum())
        codes, at = codes[here], at[here]
        met[at] = True
        for measure in _measures(piece, rows):
            was = piece[measure].to_numpy(dtype=float, na_value=np.nan)[here]
            tally = tallies.setdefault(measure, _Tally(measure, len(keys)))
            tally.add(codes, at, was, _floats(rows[measure].array[at]))
    added = ~met if shown is None else ~met & shown
    new = np.setdiff1d(codes_now[added], np.flatnonzero(known))
    restated = sum((t.restated for t in tallies.values()), np.zeros(len(keys), np.int64))
    most = np.argsort(-restated, kind="stable")
    return Changes(
        compared=sum(tally.compared for tally in tallies.values()),
        restated=int(restated.sum()),
        gone=tuple(sorted(gone)),
        by_country={str(keys[n]): int(restated[n]) for n in most if restated[n]},
        added=int(added.sum()),
        removed=removed,
        appeared=tuple(str(keys[code]) for code in new),
        measures={name: tally.measured() for name, tally in tallies.items()},
        biggest=_biggest(tallies, rows),
    )


def _measures(piece: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """What both have: the totals where there are any."""
    both = [name for name in (*CUMULATIVE, *NEW) if name in piece and name in rows]
    return [name for name in both if name in CUMULATIVE] or both


def _floats(values: Any) -> Floats:
    return np.asarray(pd.array(values).astype("Float64").to_numpy(float, np.nan))


def _biggest(tallies: Mapping[str, _Tally], rows: pd.DataFrame) -> tuple[Cell, ...]:
    """Of all measures; where they differ as much, in the table's order."""
    found = [(tally.measure, *cell) for tally in tallies.values() for cell in tally.biggest.T]
    found.sort(key=lambda cell: (-cell[1], cell[2]))
    keys, dates = rows[levels.key(rows)], rows["date"]
    return tuple(
        Cell(str(keys.iloc[int(at)]), dates.iloc[int(at)].date(), measure, _whole(was), _whole(now))
        for measure, _, at, was, now in found[:BIGGEST]
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
