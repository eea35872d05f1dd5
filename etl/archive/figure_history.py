"""How one figure was reported, run by run; imported snapshots are included.

The figure is read from the series' own file in the run or, if the run was cleared away, in the run
that backfill made from the same snapshot. If neither is kept, it is read from the archived input.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock
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
from etl.load.snapshots import Snapshot, SnapshotRecord
from etl.load.values import records
from etl.store import Store
from etl.store.parallel import mapped
from etl.transform.merge import attach
from etl.transform.repair import repair

MOST_NAMED = 5  # series that share a name


@dataclass(frozen=True)
class Reported:
    """What one run reported.

    `value`: None if the run has no figure for that day. `kept_in`: the folder it was read from.
    """

    slot: date
    run_id: str
    name: str
    value: int | None
    kept_in: Literal["runs", "raw"]


@dataclass(frozen=True)
class FigureKey:
    """Which figure is meant.

    `series`: a country's name, key or ISO code, or a region's or place's name or key, in upper or
    lower case. `measure`: a column such as `new_cases`.
    """

    series: str
    day: date
    measure: str


def read_figure_history(
    store: Store, past: History, wanted: FigureKey, work: Path, max_bytes: int
) -> Iterator[Reported]:
    """Yield what each run reported, oldest first.

    Runs that lack the series, or whose data are gone, are skipped. Raises StoreError, also if
    several series have that name; SourceChanged or SourceUnavailable if the archived input of a
    run is damaged.
    """

    known = catalogue.read(store)

    @cache
    def archived(month: Month) -> dict[str, Snapshot]:
        found = snapshots.snapshots(store, past, known.imported, month)
        return {snapshot.run_id: snapshot for snapshot in found}

    rebuilt, imported = known.newest(), {one.run_id for one in known.imported}
    one_at_a_time = Lock()  # a document takes a hundred megabytes while it is read

    def reported(one: SnapshotRecord) -> Reported | None:
        runs = [one.run_id, *([rebuilt[one.run_id].run_id] if one.run_id in rebuilt else [])]
        if kept := next(_kept(store, runs, level_of(one.source)), None):
            return _in_run(store, one, kept, wanted, work)
        with one_at_a_time:
            snapshot = archived(Month.of(one.slot)).get(one.run_id)
            if snapshot is None:
                return None
            try:
                return _in_raw(store, snapshot, wanted, work, max_bytes)
            except (SourceChanged, SourceUnavailable):
                # an import archives documents unread: a damaged one shows only here
                if one.run_id in imported:
                    return None
                raise

    found = mapped(reported, snapshots.recorded_snapshots(past, known.imported))
    yield from (one for one in found if one)


def _in_run(
    store: Store,
    one: SnapshotRecord,
    kept: tuple[str, list[Listed]],
    wanted: FigureKey,
    work: Path,
) -> Reported | None:
    run_id, listed = kept
    series = _find_series(listed, wanted.series)
    if series is None:
        return None
    value = read_back.figure(store, run_id, series, wanted.measure, wanted.day, work)
    return Reported(one.slot, run_id, series.name, value, "runs")


def _in_raw(
    store: Store, snapshot: Snapshot, wanted: FigureKey, work: Path, max_bytes: int
) -> Reported | None:
    documents = snapshots.bring_statistics(store, snapshot, work, max_bytes)
    table = read_table(SOURCES[snapshot.source], (document.path for document in documents))
    series = _find_series(_listed(table), wanted.series)
    if series is None:
        return None
    value = _figure(table.rows, series.key, wanted)
    return Reported(snapshot.slot, snapshot.run_id, series.name, value, "raw")


def _kept(store: Store, runs: Iterable[str], level: str) -> Iterator[tuple[str, list[Listed]]]:
    """Yield the runs whose files are still kept, each with the series that it lists."""
    for run_id in runs:
        listed = read_back.listed(store, run_id, level)
        if listed is not None:
            yield run_id, listed


def _find_series(listed: list[Listed], wanted: str) -> Listed | None:
    """Find a series by its name, key or code. Raises StoreError if several have that name."""
    name = wanted.casefold()
    fits = [one for one in listed if name in (text.casefold() for text in one.called)]
    found = [one for one in fits if one.key.casefold() == name] or fits
    if len(found) > 1:
        keys = ", ".join(one.key for one in found[:MOST_NAMED])
        raise StoreError(f"{wanted!r} matches {len(found)}; use one of their keys: {keys}")
    return next(iter(found), None)


def _listed(table: SourceTable) -> list[Listed]:
    """List the series as the run's countries.json (regions.json, places.json) had them."""
    entities, _ = attach(table.entities, None)
    level = levels.level(entities)
    named = entities[[*levels.names(level), "iso2", "iso3"]]
    rows = records(named.assign(file=file_names(table.rows, entities)))
    return read_back.listed_in(rows, level)


def _figure(rows: pd.DataFrame, key: str, wanted: FigureKey) -> int | None:
    """Find the figure as it is published, after the repair."""
    repaired, _ = repair(rows[rows[levels.key(rows)] == key])
    if wanted.measure not in repaired:
        return None
    values = repaired.loc[repaired["date"] == np.datetime64(wanted.day, "s"), wanted.measure]
    return None if values.empty or pd.isna(values.iloc[0]) else int(values.iloc[0])
