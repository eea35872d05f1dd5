"""vintages/: what every snapshot said, as one partitioned Parquet data set.

One file a slot, `vintages/snapshot=2021-01-31/part.parquet`: of the slot's last snapshot the run
that was made last, with the same columns and types whatever the run had, so that any reader takes
them for one table. vintages.json says what each file was made of; it spares the next time what is
the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from msgspec import Struct

from etl.archive.cluster import Engine, Progress, map_with_progress
from etl.archive.job import Job, job
from etl.errors import EtlError, StoreError
from etl.extract import levels
from etl.extract.sources import SOURCES
from etl.extract.sources.table import CUMULATIVE, NEW
from etl.history import catalogue, history
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.record import Failure
from etl.load import snapshots
from etl.load.snapshots import SnapshotRecord
from etl.load.table import read_whole
from etl.settings.groups import Settings
from etl.store import Store, Upload
from etl.store.json_state import decoded, readable
from etl.store.layout import TABLE_PARQUET, VINTAGES, VINTAGES_INDEX, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import versions


class VintageFile(Struct, frozen=True):
    """`run_id` is the run it was made of, `sha256` of that run's timeseries.parquet."""

    run_id: str
    sha256: str


class Index(Struct, frozen=True):
    """`parts` by slot."""

    source: str
    parts: dict[str, VintageFile]
    format: int = 1


@dataclass(frozen=True)
class Written:
    """`slots` that are in the data set now, oldest first; of those in `missing` no run is left, or
    its table can't be read."""

    slots: list[str]
    new: list[str]
    missing: dict[str, str]


def part_key(slot: str) -> str:
    return f"{VINTAGES}snapshot={slot}/part.parquet"


def schema(level: str) -> pa.Schema:
    """Of every file: what names a series, the day, the counts; nothing is ever left out."""
    names = [(name, pa.string()) for name in (*levels.names(level), "iso3")]
    counts = [(name, pa.int64()) for name in (*NEW, *CUMULATIVE)]
    return pa.schema([*names, ("date", pa.date32()), *counts])


def write(settings: Settings, store: Store, engine: Engine, progress: Progress) -> Written:
    """Bring the data set up to date. Raises StoreError, also where it is of another source."""
    past, listed = history.read(store)[0], catalogue.read(store)
    index, shared = _index(store, settings), job(settings)
    wanted, missing = _newest(store, _runs(past, listed, settings))
    there = {entry.key for entry in store.list(VINTAGES)}
    new = [
        (slot, part)
        for slot, part in sorted(wanted.items())
        if index.parts.get(slot) != part or part_key(slot) not in there
    ]
    parts = {slot: part for slot, part in index.parts.items() if part_key(slot) in there}
    try:
        for item, failure in map_with_progress(
            engine, progress, "vintages", partial(copy, shared), new
        ):
            slot, part = item
            if failure is None:
                parts[slot] = part
            else:
                missing[slot] = failure.message
    finally:
        _note(store, Index(settings.source.data_set, dict(sorted(parts.items()))), index)
    if not parts:
        raise EtlError(
            f"{store.address} has no runs of {settings.source.data_set}; "
            "python app.py backfill makes them"
        )
    missing = {slot: why for slot, why in sorted(missing.items()) if slot not in parts}
    return Written(sorted(parts), [slot for slot, _ in new if slot in parts], missing)


def copy(job: Job, item: tuple[str, VintageFile]) -> Failure | None:
    """The function that is mapped: one run's table into the data set."""
    job.verify()
    slot, part = item
    with TemporaryDirectory(prefix="cloud-etl-") as folder:
        whole, path = Path(folder) / "whole.parquet", Path(folder) / "part.parquet"
        key = run_key(part.run_id, TABLE_PARQUET)
        try:
            if not job.store.download(key, whole):
                raise StoreError(f"{key} is not there")
            table = uniform(read_whole(whole, schema(_level(job.settings)).names), job.settings)
            pa.parquet.write_table(table, path, compression="zstd")
            job.store.write(Upload(part_key(slot), path))
        except (StoreError, ValueError, OSError) as exc:
            return Failure(type(exc).__name__, str(exc))
    return None


def uniform(table: pd.DataFrame, settings: Settings) -> pa.Table:
    """The columns of `schema`, in its types; missing where the run has none."""
    wanted = schema(_level(settings))
    have = {name: pa.array(table[name], from_pandas=True) for name in table.columns}
    columns = [
        have[field.name].cast(field.type)
        if field.name in have
        else pa.nulls(len(table), field.type)
        for field in wanted
    ]
    return pa.table(columns, schema=wanted)


def _level(settings: Settings) -> str:
    return SOURCES[settings.source.data_set].level


def _runs(past: History, listed: Catalogue, settings: Settings) -> Mapping[str, Sequence[str]]:
    """By slot: the runs that say what its last snapshot said, the one made last first."""
    rebuilt = listed.newest()
    told = snapshots.recorded_snapshots(past, listed.imported)
    known = {one.run_id for one in told}
    told += [
        SnapshotRecord(run.snapshot, run.slot, run.source, run.digests)
        for run in rebuilt.values()
        if run.snapshot not in known
    ]
    runs: dict[str, list[str]] = {}
    for one in sorted(told, key=lambda one: one.run_id[:18]):
        if one.source == settings.source.data_set:
            again = [rebuilt[one.run_id].run_id] if one.run_id in rebuilt else []
            runs[str(one.slot)] = [*again, one.run_id]
    return runs


def _newest(
    store: Store, runs: Mapping[str, Sequence[str]]
) -> tuple[dict[str, VintageFile], dict[str, str]]:
    """By slot: the first run whose table is there; and where none is."""
    found: dict[str, VintageFile] = {}

    def look(slot: str) -> None:
        for run_id in runs[slot]:
            manifest = versions.manifest_of(store, run_id)
            if manifest and versions.is_there(store, manifest):
                digest = manifest.digests().get(TABLE_PARQUET)
                if digest:
                    found[slot] = VintageFile(run_id, digest)
                    return

    in_parallel(look, runs)
    missing = dict.fromkeys(runs.keys() - found.keys(), "no run of it is left")
    return found, missing


def _index(store: Store, settings: Settings) -> Index:
    stored = store.read(VINTAGES_INDEX)
    if stored is None:
        return Index(settings.source.data_set, {})
    index = decoded(store, VINTAGES_INDEX, stored, Index, "delete it: all is written anew")
    if index.source != settings.source.data_set:
        raise StoreError(
            f"{store.address}/{VINTAGES} is of {index.source}, and the settings say "
            f"{settings.source.data_set}; choose another S3_FOLDER or OUTPUT_DIR for it"
        )
    return index


def _note(store: Store, index: Index, before: Index) -> None:
    if index != before:
        store.write(Upload(VINTAGES_INDEX, readable(index)))
