"""The comparison of a table with an earlier one: every restatement is counted here. Pure.

changes.json and `diff` show one comparison. The monthly report and revisions.csv add up those of
many snapshots, each compared with what was known before it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import APART, CUMULATIVE, NEW, day_numbers, floats
from etl.transform.difference import Difference, MeasureChange, RestatedCell, Series

BIGGEST = 10  # restated cells that are listed one by one

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


class Tally:
    """What was found of one measure so far; the arrays have one item per series.

    `net` is as in MeasureChange. `cells` are the biggest restated cells, one column each: by how
    much it differs, the code of its series, its row in today's table, its value before and after.
    With `each_series` they are the biggest of every series, else the BIGGEST of all.
    """

    def __init__(self, measure: str, series: int, *, each_series: bool = False) -> None:
        self.compared = np.zeros(series, np.int64)
        self.restated = np.zeros(series, np.int64)
        self.net = np.zeros(series)
        self.cells: Floats = np.empty((5, 0))
        self._cumulative, self._each_series = measure in CUMULATIVE, each_series

    def add(self, codes: Positions, at: Positions, was: Floats, now: Floats) -> None:
        """Count cells that are in both tables, sorted by series and day; NaN where missing."""
        differ = (was != now) & ~(np.isnan(was) & np.isnan(now))
        # what is missing counts as 0: a figure that appears adds its whole value
        change = np.nan_to_num(now) - np.nan_to_num(was)
        self.compared += np.bincount(codes, minlength=len(self.compared))
        self.restated += np.bincount(codes[differ], minlength=len(self.restated))
        if self._cumulative:
            self.net[codes] = change  # of a series' days the last one remains
        else:
            self.net += np.bincount(codes, change, minlength=len(self.net))
        restated = [part[differ] for part in (np.abs(change), codes, at, was, now)]
        self.cells = self._biggest(np.concatenate([self.cells, np.stack(restated)], axis=1))

    def _biggest(self, cells: Floats) -> Floats:
        """Keep the biggest; among equals the first in the table's order."""
        order = np.lexsort((cells[2], -cells[0]))
        if self._each_series:
            order = order[np.unique(cells[1, order], return_index=True)[1]]
        else:
            order = order[:BIGGEST]
        return cells[:, order]


class Comparison:
    """A table set against an earlier one of the same level, which comes in pieces.

    `rows` are sorted by series and day, the key is categorical with sorted categories (`keys`).
    `measures`: those that are compared if both tables have them; by default the cumulative ones,
    or the new ones where there are no cumulative ones. `known_only`: leave out cells that one of
    the tables lacks, which otherwise differ from any value.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        measures: Sequence[str] = (),
        *,
        known_only: bool = False,
        each_series: bool = False,
    ) -> None:
        self._rows, self._key = rows, levels.key(rows)
        self.keys = rows[self._key].cat.categories
        self._measures, self._known_only, self._each_series = measures, known_only, each_series
        self._codes = rows[self._key].cat.codes.to_numpy().astype(np.int64)
        # Series and day as one number, in the order of the rows: a single search then finds the
        # rows that both tables have.
        self._axis = self._codes * APART + day_numbers(rows)
        self._met, self._known = np.zeros(len(rows), bool), np.zeros(len(self.keys), bool)
        self._gone: set[str] = set()
        self._removed = 0
        self._tallies: dict[str, Tally] = {}

    def tally(self, measure: str) -> Tally:
        """Return what was found of a measure so far."""
        if measure not in self._tallies:
            tally = Tally(measure, len(self.keys), each_series=self._each_series)
            self._tallies[measure] = tally
        return self._tallies[measure]

    def add(self, piece: pd.DataFrame) -> Bools:
        """Compare a piece of the earlier table; its rows are sorted by series and day.

        Return which of its rows the table has, too.
        """
        codes = self._codes_in(piece)
        both, at = self._find(codes, day_numbers(piece))
        self._removed += int((~both).sum())
        codes, at = codes[both], at[both]
        self._met[at] = True
        for measure in self._measures_in(piece):
            was = floats(piece[measure])[both]
            now = _as_floats(self._rows[measure].array[at])
            known = ~(np.isnan(was) | np.isnan(now)) if self._known_only else slice(None)
            self.tally(measure).add(codes[known], at[known], was[known], now[known])
        return both

    def difference(
        self,
        shown: Bools | None = None,
        names: Mapping[str, str] | None = None,
        names_before: Callable[[], Mapping[str, str]] = dict,
    ) -> Difference:
        """Sum up what was compared. See `compare`."""
        called = {**(names_before() if self._gone else {}), **(names or {})}
        added = ~self._met if shown is None else ~self._met & shown
        appeared = np.setdiff1d(self._codes[added], np.flatnonzero(self._known))
        measures = {
            measure: MeasureChange(
                int(tally.compared.sum()), int(tally.restated.sum()), int(tally.net.sum())
            )
            for measure, tally in self._tallies.items()
        }
        compared = sum(change.compared for change in measures.values())
        restated = sum(change.restated for change in measures.values())
        return Difference(
            rows_added=int(added.sum()),
            rows_removed=self._removed,
            cells_compared=compared,
            cells_restated=restated,
            restated_share=round(restated / compared, 6) if compared else 0.0,
            measures=measures,
            biggest=list(self._biggest(called)),
            appeared=[_series(key, called) for key in self.keys[appeared]],
            gone=[_series(key, called) for key in sorted(self._gone)],
            restated_by_series=self._restated_by_series(),
        )

    def _codes_in(self, piece: pd.DataFrame) -> Positions:
        """Return the code of each row's series; -1: the table does not have it."""
        names = piece[self._key].astype("category").cat
        codes: Positions = self.keys.get_indexer(names.categories)[names.codes.to_numpy()]
        # in a filtered table the categories name more series than its rows
        self._gone |= set(names.categories[np.unique(names.codes[codes < 0])])
        self._known[codes[codes >= 0]] = True
        return codes

    def _find(self, codes: Positions, days: Positions) -> tuple[Bools, Positions]:
        """Return which of another table's rows are in this one, and at which row."""
        if not len(self._axis):
            return np.zeros(len(codes), bool), np.zeros(len(codes), np.int64)
        wanted = codes * APART + days
        at = np.minimum(np.searchsorted(self._axis, wanted), len(self._axis) - 1)
        return (codes >= 0) & (self._axis[at] == wanted), at

    def _measures_in(self, piece: pd.DataFrame) -> list[str]:
        wanted = self._measures or (*CUMULATIVE, *NEW)
        both = [name for name in wanted if name in piece and name in self._rows]
        return [name for name in both if name in CUMULATIVE] or both

    def _biggest(self, names: Mapping[str, str]) -> Iterator[RestatedCell]:
        """Of all measures; those that differ as much come in the table's order."""
        found = [(m, *cell) for m, tally in self._tallies.items() for cell in tally.cells.T]
        found.sort(key=lambda cell: (-cell[1], cell[3]))
        dates = self._rows["date"]
        for measure, _, code, at, was, now in found[:BIGGEST]:
            series = _series(self.keys[int(code)], names)
            day = dates.iloc[int(at)].date()
            yield RestatedCell(series.key, series.name, day, measure, _whole(was), _whole(now))

    def _restated_by_series(self) -> dict[str, int]:
        nothing = np.zeros(len(self.keys), np.int64)
        restated = sum((tally.restated for tally in self._tallies.values()), nothing)
        most = np.argsort(-restated, kind="stable")
        return {str(self.keys[n]): int(restated[n]) for n in most if restated[n]}


def compare(
    rows: pd.DataFrame,
    published: Iterable[pd.DataFrame],
    shown: Bools | None = None,
    names: Mapping[str, str] | None = None,
    names_before: Callable[[], Mapping[str, str]] = dict,
) -> Difference:
    """Compare repaired rows with the published table, which comes in pieces of any size.

    The pieces have the same key, `date` and those of `cumulative_*` and `new_*` that were
    published, sorted by key and day. What a filter left out of them does not count as a change.
    `shown` says which rows pass today's filter: none of the others counts as added. `names` are
    those of the rows' series by key; `names_before` reads the published ones if series are gone.
    """
    comparison = Comparison(rows)
    for piece in published:
        comparison.add(piece)
    return comparison.difference(shown, names, names_before)


def _series(key: object, names: Mapping[str, str]) -> Series:
    return Series(str(key), names.get(str(key), str(key)))


def _as_floats(values: Any) -> Floats:
    return np.asarray(pd.array(values).astype("Float64").to_numpy(float, np.nan))


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
