"""The run that a new version is compared with, read from the folder."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache, partial
from pathlib import Path

import pandas as pd
from msgspec import Struct
from msgspec.structs import replace

from etl import log
from etl.errors import SourceChanged, SourceUnavailable, StoreError
from etl.extract import levels
from etl.extract.inputs import Facts, Inputs
from etl.extract.sources import level_of
from etl.extract.sources.table import CUMULATIVE, NEW
from etl.history.catalogue import Archived
from etl.history.manifest import STATISTICS, Manifest
from etl.history.run import Run
from etl.load import read_back, snapshots
from etl.load.provenance import held_by
from etl.load.table import read_table
from etl.load.values import full_names
from etl.store import Store
from etl.transform import read
from etl.transform.amounts import Before
from etl.transform.changes import compare
from etl.transform.checks import Extent, extent
from etl.transform.difference import Difference
from etl.transform.filters import keep
from etl.transform.read import Reading

UNREADABLE = (StoreError, ValueError, OSError)


class Baseline(Struct, frozen=True):
    """The version that a new one is compared with; `held` is its source before any filter.

    `pieces` reads its table and `names` the names of its series by key. Both may raise StoreError,
    ValueError or OSError.
    """

    run_id: str
    held: Extent
    pieces: Callable[[], Iterable[pd.DataFrame]]
    names: Callable[[], Mapping[str, str]]


def published(run: Run, work: Path) -> Baseline | None:
    """Return the published version, or None if there is none or it is of another source."""
    if run.before is None or run.before.source.name != run.source.name:
        return None
    found = of_run(run.store, run.before, work)
    step = run.before.own_note.step
    if step and (step.rows_dropped or {*step.columns_dropped} & {*CUMULATIVE, *NEW}):
        before = cache(partial(_before_step, run, run.before, work))
        filtered = partial(_filtered, run.before)
        return replace(
            found,
            pieces=lambda: [filtered(before())],
            names=lambda: full_names(before().entities),
        )
    return found


def _before_step(run: Run, manifest: Manifest, work: Path) -> Reading:
    """Read the published version's source again, as the user's step dropped some of it.

    Raises StoreError.
    """
    folder = work / "published"
    folder.mkdir(exist_ok=True)
    try:
        documents = [
            snapshots.bring(run.store, Archived(one.key, one.sha256), folder, one.bytes)
            for one in manifest.inputs_of(STATISTICS)
        ]
        names = tuple(filter(None, manifest.settings["COUNTRIES"].split(",")))
        return read.read_inputs(run.source, Inputs(documents, Facts(None)), names)
    except (SourceChanged, SourceUnavailable) as exc:
        raise StoreError(f"the inputs of {manifest.run_id}: {exc}") from exc


def _filtered(manifest: Manifest, found: Reading) -> pd.DataFrame:
    since = manifest.settings["SINCE"]
    first = date.fromisoformat(since) if since else None
    return keep(found.selected_rows(), manifest.settings["KEEP"], first)


def of_run(store: Store, manifest: Manifest, work: Path) -> Baseline:
    """Return a run in the folder. Its table is downloaded into `work` only when it is read."""
    note, run_id = manifest.source, manifest.run_id
    level = level_of(note.name)

    def pieces() -> Iterable[pd.DataFrame]:
        path = read_back.fetch_table(store, run_id, work / "published.parquet")
        return read_table(path, compared_columns(level))

    amounts = Before(manifest.totals, forced=bool(manifest.checks.forced))
    held = dataclasses.replace(held_by(note), amounts=amounts)
    return Baseline(run_id, held, pieces, lambda: series_names(store, run_id, level))


def against(before: Baseline | None, table: Reading, since: date | None) -> Difference:
    """Compare the rows that COUNTRIES and SINCE select with an earlier version.

    Raises StoreError if the earlier table can't be read, also at a second try.
    """
    last_date = extent(table.rows).last_date
    if before is None or before.held.last_date is None:
        return Difference(last_date=last_date)
    key = levels.key(table.rows)
    shown = table.rows[key].isin(table.selected[key]).to_numpy()
    if since:
        shown = shown & (table.rows["date"] >= pd.Timestamp(since)).to_numpy()
    names = full_names(table.entities)
    try:
        found = compare(table.rows, before.pieces(), shown, names, before.names)
    except UNREADABLE as exc:
        log.warning("published.unreadable", error=exc)
        try:
            found = compare(table.rows, before.pieces(), shown, names, before.names)
        except UNREADABLE as again:
            raise StoreError(
                f"the table of {before.run_id} can't be read, so nothing can be compared with it: "
                f"{again}; restore it, or publish without a comparison: python app.py run --force"
            ) from again
    return replace(
        found,
        compared_with=before.run_id,
        last_date_before=before.held.last_date,
        last_date=last_date,
    )


def compared_columns(level: str) -> tuple[str, ...]:
    """Return the columns that a comparison needs: the series' key, the date and the counts."""
    return (levels.names(level)[0], "date", *CUMULATIVE, *NEW)


def series_names(store: Store, run_id: str, level: str) -> dict[str, str]:
    """Read the names of a run's series, by key. Raises StoreError."""
    return {one.key: one.name for one in read_back.listed(store, run_id, level) or []}
