"""Encode columns of values as steps, in a few bytes per day. Pure.

A step is the difference from the last known value, each value multiplied by its column's scale and
rounded; null where the value is unknown. A scale of 7 makes averages of 7 whole numbers exact.
Averages that follow from the totals, as almost all do, are written as 0: the browser computes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOTALS = ("cumulative_cases", "cumulative_deaths", "cumulative_recoveries")
AVERAGES = {"cases_7d_avg": "cumulative_cases", "deaths_7d_avg": "cumulative_deaths"}
WEEK = 7
MOST = 2.0**53  # a browser's whole numbers are exact up to here
Values = NDArray[np.float64]
Steps = list[int | None] | int | None  # 0: it follows from the totals; None: nothing is known


@dataclass(frozen=True)
class ChartColumns:
    """The columns of the chart with their scales; `every`: one day in so many is encoded."""

    scales: Mapping[str, int]
    every: int

    def encode(self, day: int, dense: Values) -> tuple[int, list[Steps]]:
        """Encode a series: `dense` has a row for each day from `day` on, a column for each name.

        Returns the first day encoded, counted back from the last, and the steps of each column.
        """
        skipped = (len(dense) - 1) % self.every
        by_name = dict(zip(self.scales, dense.T, strict=True))
        steps: list[Steps] = []
        for name, values in by_name.items():
            total = by_name.get(AVERAGES.get(name, ""))
            if total is not None and self.every <= WEEK and follows(values, total):
                steps.append(0)
            else:
                steps.append(to_steps(values[skipped :: self.every] * self.scales[name]))
        return day + skipped, steps


def to_dense(days: NDArray[np.int64], values: Values) -> Values:
    """Return a row for every day from the first of `days` to the last; NaN where one is missing."""
    dense = np.full((int(days[-1] - days[0]) + 1, values.shape[1]), np.nan)
    dense[days - days[0]] = values
    return dense


def follows(averages: Values, totals: Values) -> bool:
    """Say whether the averages are what the totals gained in 7 days, to the nearest seventh."""
    gained = np.full_like(totals, np.nan)
    gained[WEEK:] = totals[WEEK:] - totals[:-WEEK]
    return bool(np.array_equal(np.rint(averages * WEEK), gained, equal_nan=True))


def to_steps(values: Values) -> Steps:
    """Encode the values as steps; None if none is known. Values are cut off at +-2^53."""
    unknown = np.isnan(values)
    if unknown.all():
        return None
    # an unknown day repeats the last known value: the next step is the difference from it
    last_known = np.maximum.accumulate(np.where(unknown, -1, np.arange(len(values))))
    known = np.rint(np.clip(values[last_known], -MOST, MOST))
    filled = np.where(last_known < 0, 0, known).astype(np.int64)
    steps: list[int | None] = np.diff(filled, prepend=0).tolist()
    for at in np.flatnonzero(unknown).tolist():
        steps[at] = None
    return steps
