"""Encode every country's series for the chart, in a few bytes per day.

They are 7-day averages, or totals if KEEP leaves the averages out. Each value is multiplied by
`scale`, rounded, and written as the difference from the value before (null: unknown). A scale of 7
makes averages of 7 whole numbers exact.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import day_numbers
from etl.load.table import read_table
from etl.load.values import spans
from etl.report.page.averages import world_averages
from etl.store.layout import TABLE_PARQUET, WORLD

AVERAGES, TOTALS = ("cases_7d_avg", "deaths_7d_avg"), ("cumulative_cases", "cumulative_deaths")
DAYS_OF_AN_AVERAGE = 7
Values = NDArray[np.float64]
Table = tuple[NDArray[np.int64], Values]  # days since 1970, and a row of values for each


def encode(folder: Path, level: str = "countries", every: int = 1) -> bytes:
    """Encode the series as `{"averaged", "scale", "every", "world": LINE, "countries": LINES}`.

    LINES: `{key: LINE}`; for other levels "countries" has regions or places, and "world" is null.
    LINE: `[first day, [steps of cases], [steps of deaths]]`, days counted from 1970-01-01. There is
    a step for every day or, with `every`, for one day in so many, always including the last.
    """
    key = levels.names(level)[0]
    pieces = read_table(folder / TABLE_PARQUET, (key, "date", *AVERAGES, *TOTALS))
    first = next(pieces)
    averaged = AVERAGES[0] in first
    scale = DAYS_OF_AN_AVERAGE if averaged else 1
    lines = (
        msgspec.json.encode(key) + b":" + msgspec.json.encode(_line(days, values, scale, every))
        for key, (days, values) in _whole(chain([first], pieces), AVERAGES if averaged else TOTALS)
    )
    world = _world(folder, averaged, scale, every) if level == "countries" else None
    head = {"averaged": averaged, "scale": scale, "every": every, "world": world}
    return msgspec.json.encode(head)[:-1] + b',"countries":{' + b",".join(lines) + b"}}"


def _whole(pieces: Iterable[pd.DataFrame], columns: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """Yield each country whole: its rows may be spread over several pieces of the table."""
    held: list[Table] = []
    before = ""
    for piece in pieces:
        days = day_numbers(piece)
        values = piece.reindex(columns=list(columns)).to_numpy(dtype=float, na_value=np.nan)
        for key, begin, end in spans(piece):
            if held and key != before:
                yield before, _joined(held)
                held = []
            before = key
            held.append((days[begin:end], values[begin:end]))
    if held:
        yield before, _joined(held)


def _joined(parts: Sequence[Table]) -> Table:
    return np.concatenate([d for d, _ in parts]), np.concatenate([v for _, v in parts])


def _world(folder: Path, averaged: bool, scale: int, every: int) -> list[Any]:
    series = msgspec.json.decode((folder / WORLD).read_bytes())["series"]
    days = np.array(series["date"], "datetime64[D]").astype(np.int64)
    if not len(days):
        return [0, [], []]
    both = ("cases", "deaths")
    columns = [world_averages(series, m) if averaged else series[f"cumulative_{m}"] for m in both]
    return _line(days, np.array(columns, dtype=float).T, scale, every)


def _line(days: NDArray[np.int64], values: Values, scale: int, every: int) -> list[Any]:
    """Encode one series, on every day from its first to its last; days it lacks are unknown."""
    first = int(days[0])
    dense = np.full((int(days[-1]) - first + 1, values.shape[1]), np.nan)
    dense[days - first] = values
    left_out = (len(dense) - 1) % every  # so that the last day is included
    return [first + left_out, *(_steps(column * scale) for column in dense[left_out::every].T)]


def _steps(values: Values) -> list[int | None]:
    unknown = np.isnan(values)
    # an unknown day repeats the last known value: the next step is the difference from it
    last_known = np.maximum.accumulate(np.where(unknown, -1, np.arange(len(values))))
    filled = np.where(last_known < 0, 0, np.rint(values[last_known])).astype(np.int64)
    steps: list[int | None] = np.diff(filled, prepend=0).tolist()
    for at in np.flatnonzero(unknown).tolist():
        steps[at] = None
    return steps
