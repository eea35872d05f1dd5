"""vintages/: what every snapshot said, as one partitioned Parquet data set.

Each slot has one file, `vintages/snapshot=2021-01-31/part.parquet`, made of the newest run of the
slot's last snapshot. All have the same columns and types, whatever their runs had, so that readers
see one table. vintages.json says what each file was made of; a file whose run is the same is not
written again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
from msgspec import Struct

from etl.archive.engine import (
    Engine,
    Progress,
    Trouble,
    is_of_the_bytes,
    map_with_progress,
    patiently,
)
from etl.archive.job import Job, job
from etl.errors import EtlError, StoreError
from etl.extract import levels
from etl.extract.sources import SOURCES
from etl.extract.sources.table import CUMULATIVE, NEW
from etl.history import catalogue, history
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.record import Failure
from etl.load import parquet, snapshots
from etl.load.snapshots import SnapshotRecord
from etl.load.table import read_whole
from etl.settings.groups import Settings
from etl.store import Store, Upload
from etl.store.json_state import decoded, readable
from etl.store.layout import TABLE_PARQUET, VINTAGES, VINTAGES_INDEX, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import versions
from etl.worker.scratch import scratch


class VintageFile(Struct, frozen=True):
    """The run that a file was made of, and the digest of that run's timeseries.parquet."""

    run_id: str
    sha256: str


class Index(Struct, frozen=True):
    """vintages.json; `parts` by slot."""

    source: str
    parts: dict[str, VintageFile]
    format: int = 1


@dataclass(frozen=True)
class Written:
    """The slots in the data set, oldest first, and the `new` ones among them.

    `missing`: the slots whose runs are gone or can't be read, with the reason.
    """

    slots: list[str]
    new: list[str]
    missing: dict[str, str]


def part_key(slot: str) -> str:
    return f"{VINTAGES}snapshot={slot}/part.parquet"


def schema(level: str) -> pa.Schema:
    """Return the columns of every file: names of the series, `iso3`, `date`, integer counts."""
    names = [(name, pa.string()) for name in (*levels.names(level), "iso3")]
    counts = [(name, pa.int64()) for name in (*NEW, *CUMULATIVE)]
    return pa.schema([*names, ("date", pa.date32()), *counts])


def write_vintages(settings: Settings, store: Store, engine: Engine, progress: Progress) -> Written:
    """Bring the data set up to date. Raises StoreError, also if it is of another source."""
    past, listed = history.read(store)[0], catalogue.read(store)
    index, shared = _read_index(store, settings), job(settings, store)
    engine.prove(shared)
    wanted, missing = _newest(store, _runs(past, listed, settings))
    there = {entry.key for entry in store.list(VINTAGES)}
    new = [
        (slot, part)
        for slot, part in sorted(wanted.items())
        if index.parts.get(slot) != part or part_key(slot) not in there
    ]
    parts = {slot: part for slot, part in index.parts.items() if part_key(slot) in there}
    try:
        task = partial(copy_run, shared)
        for item, failed in map_with_progress(engine, progress, "vintages", task, new):
            slot, part = item
            if failed is None:
                parts[slot] = part
            else:
                failure = failed.failure() if isinstance(failed, Trouble) else failed
                missing[slot] = failure.message
    finally:
        written = Index(settings.source.data_set, dict(sorted(parts.items())))
        patiently(lambda: _write_index(store, written, index))
    if not parts:
        raise EtlError(
            f"{store.address} has no runs of {settings.source.data_set}; "
            "python app.py backfill makes them"
        )
    missing = {slot: why for slot, why in sorted(missing.items()) if slot not in parts}
    return Written(sorted(parts), [slot for slot, _ in new if slot in parts], missing)


def copy_run(job: Job, item: tuple[str, VintageFile]) -> Failure | None:
    """Copy one run's table into the data set. This is the task that workers run.

    Returns a Failure if the table is damaged or gone; raises any other error.
    """
    job.verify()
    slot, part = item
    with scratch() as folder:
        whole, path = Path(folder) / "whole.parquet", Path(folder) / "part.parquet"
        key = run_key(part.run_id, TABLE_PARQUET)
        try:
            if not job.store.download(key, whole):
                return Failure("StoreError", f"{key} is not there")
            rows = read_whole(whole, schema(_level(job.settings)).names)
            table = uniform(rows, job.settings)
            with parquet.open_writer(path, table.schema, _about(job.settings, slot)) as writer:
                parquet.write_groups(writer, table, rows)
            job.store.write(Upload(part_key(slot), path))
        except (ValueError, OSError) as exc:
            if not is_of_the_bytes(exc):
                raise
            return Failure(type(exc).__name__, str(exc))
    return None


def uniform(table: pd.DataFrame, settings: Settings) -> pa.Table:
    """Give a run's table the columns and types of `schema`; columns it lacks are all missing."""
    wanted = schema(_level(settings))
    have = {name: pa.array(table[name], from_pandas=True) for name in table.columns}
    columns = [
        have[field.name].cast(field.type)
        if field.name in have
        else pa.nulls(len(table), field.type)
        for field in wanted
    ]
    return pa.table(columns, schema=wanted)


def _about(settings: Settings, slot: str) -> dict[str, str]:
    source = SOURCES[settings.source.data_set]
    return {
        "title": f"The counts by {levels.one(source.level)} and day, as they were on {slot}",
        "source": source.title,
        "attribution": source.attribution,
        "licence": source.licence,
    }


def _level(settings: Settings) -> str:
    return SOURCES[settings.source.data_set].level


def _runs(past: History, listed: Catalogue, settings: Settings) -> Mapping[str, Sequence[str]]:
    """List, by slot, the runs of its last snapshot, the newest first."""
    rebuilt = listed.newest()
    recorded = snapshots.recorded_snapshots(past, listed.imported)
    known = {one.run_id for one in recorded}
    recorded += [
        SnapshotRecord(run.snapshot, run.slot, run.source, run.digests)
        for run in rebuilt.values()
        if run.snapshot not in known
    ]
    runs: dict[str, list[str]] = {}
    for one in sorted(recorded, key=lambda one: one.run_id[:18]):
        if one.source == settings.source.data_set:
            again = [rebuilt[one.run_id].run_id] if one.run_id in rebuilt else []
            runs[str(one.slot)] = [*again, one.run_id]
    return runs


def _newest(
    store: Store, runs: Mapping[str, Sequence[str]]
) -> tuple[dict[str, VintageFile], dict[str, str]]:
    """Find, by slot, the newest run whose table is kept, and the slots that have none."""
    found: dict[str, VintageFile] = {}

    def find(slot: str) -> None:
        for run_id in runs[slot]:
            manifest = versions.manifest_of(store, run_id)
            if manifest and versions.is_there(store, manifest):
                digest = manifest.digests().get(TABLE_PARQUET)
                if digest:
                    found[slot] = VintageFile(run_id, digest)
                    return

    in_parallel(find, runs)
    missing = dict.fromkeys(runs.keys() - found.keys(), "no run of it is left")
    return found, missing


def _read_index(store: Store, settings: Settings) -> Index:
    stored = store.read(VINTAGES_INDEX)
    if stored is None:
        return Index(settings.source.data_set, {})
    index = decoded(store, VINTAGES_INDEX, stored, Index, "delete it: everything will be rewritten")
    if index.source != settings.source.data_set:
        raise StoreError(
            f"{store.address}/{VINTAGES} is of {index.source}, but the settings say "
            f"{settings.source.data_set}; choose another S3_FOLDER or OUTPUT_DIR for it"
        )
    return index


def _write_index(store: Store, index: Index, before: Index) -> None:
    if index != before:
        store.write(Upload(VINTAGES_INDEX, readable(index)))
