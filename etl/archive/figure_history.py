"""How one figure was reported, run by run.

Of a run that is kept the series' own file is read; of one that was cleared away that of the run
made of the same snapshot later on, or the archived input, where that is still there. Snapshots that
were imported count as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from etl.errors import SourceChanged, SourceUnavailable, StoreError
from etl.extract import levels
from etl.extract.sources import SOURCES, level_of
from etl.extract.sources.table import SourceTable, read_table
from etl.history import catalogue
from etl.history.history import History
from etl.load import read_back, snapshots
from etl.load.countries import file_names
from etl.load.month import Month
from etl.load.read_back import Listed
from etl.load.snapshots import Snapshot
from etl.load.values import records
from etl.store import Store
from etl.transform.merge import attach
from etl.transform.repair import repair

MOST_TOLD = 5  # series that share a name


@dataclass(frozen=True)
class Reported:
    """`value` is None where the run has no figure for that day; `kept_in` tells where it was
    read."""

    slot: date
    run_id: str
    name: str
    value: int | None
    kept_in: Literal["runs", "raw"]


@dataclass(frozen=True)
class FigureKey:
    """Which one: `series` is a country's name, key or ISO code, or a region's or place's name or
    key, in any case."""

    series: str
    day: date
    measure: str


def vintage(
    store: Store, past: History, wanted: FigureKey, work: Path, max_bytes: int
) -> Iterator[Reported]:
    """Oldest first; runs of which nothing is left, or that lack the series, are passed over.

    Raises StoreError, also where several series have that name; SourceChanged or SourceUnavailable
    where an archived input of a run is damaged.
    """

    known = catalogue.read(store)

    @cache
    def archived(month: Month) -> dict[str, Snapshot]:
        found = snapshots.snapshots(store, past, known.imported, month)
        return {snapshot.run_id: snapshot for snapshot in found}

    rebuilt, imported = known.newest(), {one.run_id for one in known.imported}
    for told in snapshots.recorded_snapshots(past, known.imported):
        runs = [told.run_id, *([rebuilt[told.run_id].run_id] if told.run_id in rebuilt else [])]
        if kept := next(_kept(store, runs, level_of(told.source)), None):
            run_id, listed = kept
            if one := _chosen(listed, wanted.series):
                value = read_back.figure(store, run_id, one.file, wanted.measure, str(wanted.day))
                yield Reported(told.slot, run_id, one.name, value, "runs")
        elif snapshot := archived(Month.of(told.slot)).get(told.run_id):
            try:
                documents = snapshots.bring_statistics(store, snapshot, work, max_bytes)
                paths = (document.path for document in documents)
                table = read_table(SOURCES[snapshot.source], paths)
            except (SourceChanged, SourceUnavailable):
                if told.run_id in imported:  # nobody ever said that it could be read
                    continue
                raise
            if one := _chosen(_listed(table), wanted.series):
                value = _figure(table.rows, one.key, wanted)
                yield Reported(told.slot, told.run_id, one.name, value, "raw")


def _kept(store: Store, runs: Iterable[str], level: str) -> Iterator[tuple[str, list[Listed]]]:
    """Those whose files are there, and the series that each lists."""
    for run_id in runs:
        listed = read_back.listed(store, run_id, level)
        if listed is not None:
            yield run_id, listed


def _chosen(listed: list[Listed], wanted: str) -> Listed | None:
    """Raises StoreError where several have that name."""
    name = wanted.casefold()
    fits = [one for one in listed if name in (text.casefold() for text in one.called)]
    found = [one for one in fits if one.key.casefold() == name] or fits
    if len(found) > 1:
        keys = ", ".join(one.key for one in found[:MOST_TOLD])
        raise StoreError(f"{wanted!r} may be one of {len(found)}; say which by its key: {keys}")
    return next(iter(found), None)


def _listed(table: SourceTable) -> list[Listed]:
    """As the run's countries.json (regions.json, places.json) had them."""
    entities, _ = attach(table.entities, None)
    level = levels.level(entities)
    named = entities[[*levels.names(level), "iso2", "iso3"]]
    rows = records(named.assign(file=file_names(table.rows, entities)))
    return [read_back.of_row(row, level) for row in rows]


def _figure(rows: pd.DataFrame, key: str, wanted: FigureKey) -> int | None:
    """The figure as it is published: repaired."""
    repaired, _ = repair(rows[rows[levels.key(rows)] == key])
    if wanted.measure not in repaired:
        return None
    values = repaired.loc[repaired["date"] == np.datetime64(wanted.day, "s"), wanted.measure]
    return None if values.empty or pd.isna(values.iloc[0]) else int(values.iloc[0])
