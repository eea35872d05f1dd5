"""The tasks of a backfill, as workers run them: survey a snapshot, and make its run folder.

Both take plain data, open the store themselves, and return a Failure for a damaged snapshot; what
fails for another reason they raise. A task that is repeated, on any machine, writes the same bytes
under the same names. A run folder counts only once it has its manifest, which is written last.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from etl import log
from etl.archive.engine import is_of_the_bytes
from etl.archive.job import Job
from etl.errors import EtlError, StateConflict, StoreError
from etl.extract.facts import read_facts
from etl.extract.fetch import Fetched
from etl.extract.inputs import Facts, Inputs, OwnInput
from etl.extract.sources import SOURCES
from etl.history import manifest as manifests
from etl.history.catalogue import Archived
from etl.history.manifest import Manifest
from etl.history.record import Failure
from etl.history.run import FolderState, Options, Run
from etl.history.run_id import began
from etl.load import snapshots
from etl.load.baseline import Baseline
from etl.load.free_memory import trim_heap
from etl.load.publish import Version
from etl.load.snapshots import Snapshot
from etl.load.values import full_names
from etl.load.version import check_inputs, write_checked
from etl.report.page.add import add_page
from etl.store import FOR_EVER, Upload
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import upload_all
from etl.transform import checks, filters, read
from etl.transform.checks import Extent
from etl.transform.difference import Difference
from etl.transform.read import Reading
from etl.worker.scratch import scratch

# The table of the run that was made last, which is often what the next one is compared with.
_newest: dict[tuple[Job, Snapshot], Reading] = {}


@dataclass(frozen=True)
class Surveyed:
    """A snapshot that can be read: the digests of its documents, and what it `held` unfiltered.

    `run_id`: its daily run, if that is still kept and today's code and settings would make the
    same one.
    """

    digests: tuple[str, ...]
    facts_sha256: str | None
    held: Extent
    run_id: str | None = None


@dataclass(frozen=True)
class RebuildTask:
    """A snapshot whose run is to be made under `run_id`, and the snapshot to compare it with."""

    snapshot: Snapshot
    run_id: str
    before: tuple[Snapshot, Extent] | None = None


@dataclass(frozen=True)
class RebuiltRun:
    """What is in the run folder that was made, and how long that took, in `seconds`."""

    rows: int
    bytes: int
    seconds: float
    warnings: tuple[str, ...]


def survey(job: Job, snapshot: Snapshot) -> Surveyed | Failure:
    """Read a snapshot and check it by itself, without the one before it. Writes nothing."""
    job.verify()
    with scratch() as folder:
        try:
            inputs = _inputs(job, snapshot, Path(folder))
            found = _read(job, inputs)
            checks.check(
                found,
                Difference(),
                published=None,
                now=began(snapshot.run_id),
                stale_after_days=job.settings.table.stale_after_days,
            )
            read.refuse_empty(found.selected_rows(), job.settings.table)
        except Exception as exc:
            return _failure_of(exc)
    digests = tuple(document.sha256 for document in inputs.statistics)
    return Surveyed(digests, inputs.facts.sha256, checks.extent(found.rows))


def rebuild(job: Job, task: RebuildTask) -> RebuiltRun | Failure:
    """Make the run folder of a snapshot."""
    job.verify()
    start = time.monotonic()
    with scratch() as folder:
        try:
            manifest = _write_run(job, task, Path(folder))
        except OtherRun as exc:
            return Failure("StoreError", str(exc))
        except Exception as exc:
            return _failure_of(exc)
    return RebuiltRun(
        rows=manifest.rows,
        bytes=sum(file.bytes for file in manifest.files),
        seconds=round(time.monotonic() - start, 3),
        warnings=tuple(manifest.checks.warnings),
    )


def _write_run(job: Job, task: RebuildTask, work: Path) -> Manifest:
    snapshot, store = task.snapshot, job.store
    run = Run(
        settings=job.settings,
        store=store,
        options=Options(),
        now=began(snapshot.run_id),
        run_id=task.run_id,
        slot=snapshot.slot,
        fingerprint=job.fingerprint,
        state=FolderState(),
    )
    inputs = replace(_inputs(job, snapshot, work), tables=_tables(job, work))
    # nothing else holds the previous table, so that its memory is free before the files are written
    checked = check_inputs(run, inputs, _baseline(job, task, work / "before"))
    _newest[job, snapshot] = checked.table
    made = write_checked(run, checked, inputs, work)
    made = _only(made, job.only) if job.only else add_page(run, made, work / "files")
    trim_heap()  # the threads that upload would add to what the page has left
    upload_all(store, made.files)
    body, key = manifests.encode(made.manifest), run_key(task.run_id, MANIFEST)
    try:
        store.write(Upload(key, body, FOR_EVER), if_none_match=True)
    except StateConflict:  # another worker had the same task and was first
        there = store.read(key)
        if there is None or there.body != body:
            raise OtherRun(f"{store.address}/{key} exists with other content; remove it") from None
    return made.manifest


def _only(made: Version, name: str) -> Version:
    """Leave one file of a version. That saves the requests by which the others are written."""
    files = [file for file in made.manifest.files if file.name == name]
    keys = {file.key for file in files}
    uploads = [upload for upload in made.files if upload.key in keys]
    return replace(made, manifest=replace(made.manifest, files=files), files=uploads)


def _baseline(job: Job, task: RebuildTask, work: Path) -> Baseline | None:
    """Return the table that readers had before: the previous snapshot's, filtered as published."""
    known = dict(_newest)
    _newest.clear()  # even if another table is needed, so that only one is held
    if task.before is None:
        return None
    before, held = task.before
    found = known.pop((job, before), None) or _read_again(job, before, work)
    table = filters.keep(found.selected_rows(), job.settings.table.keep, job.settings.table.since)
    return Baseline(before.run_id, held, lambda: [table], lambda: full_names(found.selected))


def _read_again(job: Job, snapshot: Snapshot, work: Path) -> Reading:
    work.mkdir()
    return _read(job, Inputs(_statistics(job, snapshot, work), Facts(None)))


def _read(job: Job, inputs: Inputs) -> Reading:
    source = SOURCES[job.settings.source.data_set]
    return read.read_inputs(source, inputs, job.settings.table.countries)


def _inputs(job: Job, snapshot: Snapshot, work: Path) -> Inputs:
    statistics = _statistics(job, snapshot, work)
    return Inputs(statistics, _facts(job, snapshot.facts) if snapshot.facts else Facts(None))


def _statistics(job: Job, snapshot: Snapshot, work: Path) -> list[Fetched]:
    return [_bring(job, document, work) for document in snapshot.statistics]


@lru_cache(maxsize=1)  # a workbook is read by a process of its own, and most snapshots share one
def _facts(job: Job, archived: Archived) -> Facts:
    """Read the facts. Their file is gone afterwards."""
    with scratch() as folder:
        fetched = _bring(job, archived, Path(folder))
        return Facts(fetched, table=read_facts(fetched.path))


def _tables(job: Job, work: Path) -> list[OwnInput]:
    return [OwnInput(spec, _bring(job, archived, work)) for spec, archived in job.tables]


def _bring(job: Job, archived: Archived, work: Path) -> Fetched:
    return snapshots.bring(job.store, archived, work, job.max_bytes)


class OtherRun(StoreError):
    """Another manifest is under the name of the run that was made."""


def _failure_of(exc: Exception) -> Failure:
    """Return the Failure that the snapshot's bytes led to; raise any other error."""
    if not is_of_the_bytes(exc):
        raise exc
    if not isinstance(exc, EtlError):  # a defect in this project must not stop the other snapshots
        log.error("backfill.crashed", exc=exc, kind=type(exc).__name__, error=exc)
    return Failure(type(exc).__name__, str(exc))
