"""The chart's sums: the world and the continents, day by day. Pure.

As in world.json, series that are stale are left out, and on a day that a country lacks, within its
series or after its end, its last value counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from etl.extract.countries import key_of
from etl.report.page.encoding import Values

SUMMED = ("cumulative_cases", "cumulative_deaths")


@dataclass
class Sum:
    """The totals of some countries, and of those with a known `population`.

    Each is a list of arrays that are added up; an array begins at its `first` day.
    """

    name: str
    members: int = 0
    peopled: int = 0
    population: int = 0
    parts: list[tuple[int, Values, bool]] = field(default_factory=list)

    def add(self, first: int, filled: Values, population: int | None) -> None:
        self.parts.append((first, filled, bool(population)))
        self.members += 1
        self.peopled += bool(population)
        self.population += population or 0

    def total(self, last: int, *, heads: bool = False) -> tuple[int, Values]:
        """Add up all countries or, with `heads`, those with a known population.

        Returns the first day and a row of SUMMED for each day until `last`.
        """
        parts = [(first, filled) for first, filled, peopled in self.parts if peopled or not heads]
        begin = min(first for first, _ in parts)
        summed = np.zeros((last - begin + 1, len(SUMMED)))
        for first, filled in parts:
            end = first + len(filled)
            summed[first - begin : end - begin] += filled
            summed[end - begin :] += filled[-1]
        return begin, summed


class Sums:
    """Collects the sums while the series are read."""

    def __init__(self) -> None:
        self._sums: dict[str, Sum] = {"": Sum("")}
        self._last = 0
        self._reach = np.zeros(len(SUMMED))

    def add(self, about: Mapping[str, Any], first: int, totals: Values) -> None:
        """Add a country: `totals` has a row of SUMMED for every day from `first` on.

        `about` is its row in latest.json.
        """
        self._last = max(self._last, first + len(totals) - 1)
        if about.get("stale"):
            return
        filled = _filled(totals)
        known = len(totals) - np.argmax(~np.isnan(totals[::-1]), axis=0) + first
        self._reach = np.maximum(self._reach, np.where(np.isnan(totals).all(axis=0), 0, known))
        continent = about.get("continent")
        names = {"": ""}
        if continent:
            names[f"@{key_of(continent) or continent}"] = continent
        for of, name in names.items():
            self._sums.setdefault(of, Sum(name)).add(first, filled, about.get("population"))

    def total(self, of: Sum, *, heads: bool = False) -> tuple[int, Values]:
        """Return `Sum.total`, unknown after the last day on which any country has a figure."""
        begin, summed = of.total(self._last, heads=heads)
        for n, reach in enumerate(self._reach.astype(int)):
            summed[max(reach - begin, 0) :, n] = np.nan
        return begin, summed

    def items(self) -> Iterator[tuple[str, Sum]]:
        """Yield the key and the sum of each continent and of the world that has countries."""
        return ((key, of) for key, of in sorted(self._sums.items()) if of.members)


def _filled(totals: Values) -> Values:
    """Repeat the last known value where one is missing; 0 before the first."""
    known = ~np.isnan(totals)
    if known.all():
        return totals
    last = np.maximum.accumulate(np.where(known, np.arange(len(totals))[:, None], -1), axis=0)
    values: Values = np.take_along_axis(totals, np.maximum(last, 0), axis=0)
    return np.where(last < 0, 0, values)
