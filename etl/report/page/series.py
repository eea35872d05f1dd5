"""Encode every series for the chart, from the published files; encoding.py says how."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from msgspec import Struct
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources.table import day_numbers
from etl.load.read_back import complete
from etl.load.table import column_bytes, read_table
from etl.load.values import spans
from etl.report.page.averages import world_averages
from etl.report.page.encoding import AVERAGES, TOTALS, WEEK, ChartColumns, Steps, Values, to_dense
from etl.report.page.reported import Reporting, describe
from etl.report.page.sums import SUMMED, Sum, Sums
from etl.report.page.words import Measure
from etl.store.layout import LATEST_JSON, TABLE_PARQUET, WORLD

Table = tuple[NDArray[np.int64], Values]  # days since 1970, and a row of values for each


class Line(Struct, frozen=True, omit_defaults=True):
    """One series, from its `first` day, in days since 1970; `steps` has those of each column.

    `stale`: the series ended. A sum has `members`, of which `peopled` have a known population; if
    that is not all, `heads` has the steps of their sum alone.
    """

    first: int
    steps: Sequence[Steps]
    name: str = ""
    iso3: str = ""
    population: int | None = None
    stale: bool = False
    silent_since: str = ""
    reported: Reporting = Reporting()
    members: int = 0
    peopled: int = 0
    heads: Sequence[Steps] = ()


def encode(
    folder: Path, level: str = "countries", each: Sequence[int] = (1,), own: Sequence[Measure] = ()
) -> list[bytes]:
    """Encode the series as `{"every", "columns", "scales", "own", "sums": LINES, "series": LINES}`.

    LINES: `{key: Line}`. "columns" and "scales" are those of a line's steps. "own": name, meaning,
    decimals and share of each of the user's columns in `own`. "sums", for countries only: the
    world, whose key is empty, and the continents, such as @europe.

    The table is read once and encoded for each number in `each`: with a step for one day in so
    many, always including the last.
    """
    key = levels.names(level)[0]
    places = {one.column: one.places + 2 * one.share for one in own}
    names = (*TOTALS, *AVERAGES, *places)
    pieces = read_table(folder / TABLE_PARQUET, (key, "date", *names))
    first = next(pieces)
    scales = {n: WEEK if n in AVERAGES else 10 ** places.get(n, 0) for n in names if n in first}
    densities = [ChartColumns(scales, every) for every in each]
    about = _about(folder, level)
    world = _world(folder) if level == "countries" else None
    sums = Sums() if world and {*SUMMED} <= {*scales} and _has_all(world, about) else None
    whole = _whole(chain([first], pieces), list(scales))
    lines: list[list[bytes]] = [[] for _ in each]
    for one, of in whole:
        for encoded, line in zip(lines, _lines(densities, *of, about[one], sums), strict=True):
            encoded.append(msgspec.json.encode(one) + b":" + msgspec.json.encode(line))
    encoded_heads = (
        msgspec.json.encode(_head(columns, own, _summed(columns, sums, world) if world else {}))
        for columns in densities
    )
    return [
        b"".join([head[:-1], b',"series":{', b",".join(encoded), b"}}"])  # copied once, unlike by +
        for head, encoded in zip(encoded_heads, lines, strict=True)
    ]


def _head(
    columns: ChartColumns, own: Iterable[Measure], summed: Mapping[str, Line]
) -> dict[str, Any]:
    return {
        "every": columns.every,
        "columns": [*columns.scales],
        "scales": [*columns.scales.values()],
        "own": [
            (m.column, m.meaning, m.places, m.share) for m in own if m.column in columns.scales
        ],
        "sums": summed,
    }


def estimate_bytes(folder: Path, own: Sequence[Measure]) -> float:
    """Estimate how long all scripts are if every day is in them, without making them.

    From what the columns take in the Parquet file: the script takes 1.7 times that for totals, and
    0.5 to 2 times for columns of the user's own; the other scripts take 130 kB.
    """
    sizes = column_bytes(folder / TABLE_PARQUET)
    totals = sum(sizes.get(name, 0) for name in TOTALS)
    return 130_000 + 1.7 * totals + 0.6 * sum(sizes.get(one.column, 0) for one in own)


def _about(folder: Path, level: str) -> dict[str, dict[str, Any]]:
    """Read the row of each series in latest.json, by key."""
    rows = msgspec.json.decode((folder / LATEST_JSON).read_bytes())[level]
    return {row[levels.names(level)[0]]: complete(row, level) for row in rows}


def _world(folder: Path) -> dict[str, Any]:
    world: dict[str, Any] = msgspec.json.decode((folder / WORLD).read_bytes())
    return world


def _has_all(world: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether the world's total is of these countries: COUNTRIES may have left some out."""
    known = [one.get("cumulative_cases") or 0 for one in about.values() if not one["stale"]]
    return bool(sum(known) == (world["totals"].get("cumulative_cases") or 0))


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


def _lines(
    densities: Sequence[ChartColumns],
    days: NDArray[np.int64],
    values: Values,
    about: Mapping[str, Any],
    sums: Sums | None,
) -> Iterator[Line]:
    """Yield one series, encoded in each density, and add it to the sums."""
    dense = to_dense(days, values)
    silent_since = about["last_reported"] if about.get("silent") else ""
    silent_from = int(np.datetime64(silent_since, "D").astype(int)) + 1 if silent_since else None
    by_name = dict(zip(densities[0].scales, dense.T, strict=True))
    if sums:
        sums.add(about, int(days[0]), np.column_stack([by_name[name] for name in SUMMED]))
    name = levels.full_name(about)
    is_country = name == about["country"]  # a region has the code of the country it lies in
    line = Line(
        first=0,
        steps=(),
        name=name,
        iso3=(about["iso3"] or "") if is_country else "",
        population=about.get("population") if is_country else None,
        stale=about["stale"],
        silent_since=silent_since,
        reported=describe(int(days[0]), by_name, silent_from),
    )
    for columns in densities:
        first, steps = columns.encode(int(days[0]), dense)
        yield msgspec.structs.replace(line, first=first, steps=steps)


def _summed(
    columns: ChartColumns, sums: Sums | None, of_world: Mapping[str, Any]
) -> dict[str, Line]:
    """Encode the continents and the world, whose own figures are those of world.json."""
    series = of_world["series"]
    found = {key: _sum(columns, sums, one) for key, one in sums.items()} if sums else {}
    if not series["date"]:
        return {}
    first = int(np.array(series["date"][0], "datetime64[D]").astype(int))
    averages = {name: world_averages(series, name.partition("_")[0]) for name in AVERAGES}
    figures = {name: series.get(name) for name in SUMMED} | averages
    dense = _columns(columns, {n: np.array(v, float) for n, v in figures.items() if v})
    first, steps = columns.encode(first, dense)
    world = found.get("", Line(first, steps))
    return {**found, "": msgspec.structs.replace(world, first=first, steps=steps)}


def _sum(columns: ChartColumns, sums: Sums, one: Sum) -> Line:
    first, totals = sums.total(one)
    day, steps = columns.encode(first, _columns(columns, dict(zip(SUMMED, totals.T, strict=True))))
    heads: Sequence[Steps] = ()
    if 0 < one.peopled < one.members:
        begin, totals = sums.total(one, heads=True)
        padded = np.zeros((begin - first, len(SUMMED)))
        totals = np.concatenate([padded, totals])
        by_name = dict(zip(SUMMED, totals.T, strict=True))
        _, heads = columns.encode(first, _columns(columns, by_name))
    return Line(
        first=day,
        steps=steps,
        name=one.name,
        population=one.population or None,
        members=one.members,
        peopled=one.peopled,
        heads=heads,
    )


def _columns(columns: ChartColumns, by_name: Mapping[str, Values]) -> Values:
    """Return a row per day with all of the columns; averages are computed from the totals."""
    days = len(next(iter(by_name.values())))
    dense = np.full((days, len(columns.scales)), np.nan)
    for n, name in enumerate(columns.scales):
        if name in by_name:
            dense[:, n] = by_name[name]
        elif name in AVERAGES:
            total = by_name[AVERAGES[name]]
            dense[WEEK:, n] = (total[WEEK:] - total[:-WEEK]) / WEEK
    return dense
