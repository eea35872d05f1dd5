"""Compare a table with an earlier one; this is the only place that counts restatements. Pure.

changes.json and `diff` show one comparison. The monthly report and revisions.csv add up many: each
snapshot is compared with what was known before it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import APART, CUMULATIVE, NEW, Bools, Floats, day_numbers, floats
from etl.transform.difference import Difference, MeasureChange, RestatedCell, Series

BIGGEST = 10  # restated cells that are listed one by one

Positions = NDArray[np.int64]


class Tally:
    """The running counts of one measure; the arrays have one item per series.

    `net` is as in MeasureChange; `lost` counts the restated cells that became missing. `cells` are
    the biggest restated cells. Each is a column of five: the absolute change, the code of its
    series, its row in today's table, the value before and after. With `each_series` they are the
    biggest one of every series, else the BIGGEST of all.
    """

    def __init__(self, measure: str, series: int, *, each_series: bool = False) -> None:
        self.compared = np.zeros(series, np.int64)
        self.restated = np.zeros(series, np.int64)
        self.net = np.zeros(series)
        self.lost = 0
        self.cells: Floats = np.empty((5, 0))
        self._cumulative, self._each_series = measure in CUMULATIVE, each_series

    def add(self, codes: Positions, at: Positions, was: Floats, now: Floats) -> None:
        """Count cells that are in both tables: series code, row in today's table, both values.

        They are sorted by series and day. NaN is a missing value.
        """
        differ = (was != now) & ~(np.isnan(was) & np.isnan(now))
        # a missing figure counts as 0, so one that appears adds its whole value
        change = np.nan_to_num(now) - np.nan_to_num(was)
        self.compared += np.bincount(codes, minlength=len(self.compared))
        self.lost += int(np.isnan(now[differ]).sum())
        self.restated += np.bincount(codes[differ], minlength=len(self.restated))
        if self._cumulative:
            # numpy keeps the last value of a repeated index: the change on the series' last day
            self.net[codes] = change
        else:
            self.net += np.bincount(codes, change, minlength=len(self.net))
        restated = [part[differ] for part in (np.abs(change), codes, at, was, now)]
        self.cells = self._biggest(np.concatenate([self.cells, np.stack(restated)], axis=1))

    def _biggest(self, cells: Floats) -> Floats:
        """Keep the biggest cells; of equal ones, the first in the table's order."""
        order = np.lexsort((cells[2], -cells[0]))
        if self._each_series:
            order = order[np.unique(cells[1, order], return_index=True)[1]]
        else:
            order = order[:BIGGEST]
        return cells[:, order]


class Comparison:
    """The comparison of a table with an earlier one of the same level, which comes in pieces.

    `rows` are sorted by series and day; their key is categorical with sorted categories (`keys`).
    `measures` are compared if both tables have them; by default the cumulative ones, or the new
    ones if there are no cumulative ones. `known_only`: leave out cells whose value is missing in
    one of the tables; otherwise missing differs from any value. `each_series`: see Tally.
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
        # Series and day as one number, ascending like the rows. One binary search then finds the
        # rows that both tables have.
        self._axis = self._codes * APART + day_numbers(rows)
        self._met, self._known = np.zeros(len(rows), bool), np.zeros(len(self.keys), bool)
        self._gone: set[str] = set()
        self._removed = 0
        self._tallies: dict[str, Tally] = {}

    def tally(self, measure: str) -> Tally:
        """Return the running counts of a measure."""
        if measure not in self._tallies:
            tally = Tally(measure, len(self.keys), each_series=self._each_series)
            self._tallies[measure] = tally
        return self._tallies[measure]

    def add(self, piece: pd.DataFrame) -> Bools:
        """Compare a piece of the earlier table, sorted by series and day.

        Return which of its rows are also in the later table.
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
        """Sum up the comparison. The parameters are those of `compare`."""
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
            cells_lost=sum(tally.lost for tally in self._tallies.values()),
        )

    def _codes_in(self, piece: pd.DataFrame) -> Positions:
        """Return the code of each row's series in the later table; -1: it is not there."""
        names = piece[self._key].astype("category").cat
        codes: Positions = self.keys.get_indexer(names.categories)[names.codes.to_numpy()]
        # only those that rows use: a filtered table has more categories than series
        self._gone |= set(names.categories[np.unique(names.codes[codes < 0])])
        self._known[codes[codes >= 0]] = True
        return codes

    def _find(self, codes: Positions, days: Positions) -> tuple[Bools, Positions]:
        """Return which of the given series and days are in the later table, and in which row."""
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
        """Yield the biggest cells of all measures; equal ones come in the table's order."""
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

    The pieces have the same key, `date`, and the `cumulative_*` and `new_*` that were published;
    they are sorted by key and day. Columns that a filter removed do not count as a change. `shown`
    says which rows pass today's filter; only those can count as added. `names` are the names of the
    rows' series, by key; `names_before` is called for the published names if series are gone.
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
