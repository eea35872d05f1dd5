"""The functions that are mapped: look at a snapshot, and make its run folder.

Both take plain descriptions, open the store themselves and raise nothing that a damaged snapshot
can cause. The same description gives the same bytes under the same names, wherever and however
often it is worked on; a run folder counts once its manifest is there, which comes last.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from etl import log
from etl.archive.job import Job
from etl.errors import EtlError, StateConflict, StoreError
from etl.extract.fetch import Fetched
from etl.extract.inputs import Facts, Inputs
from etl.extract.sources import SOURCES
from etl.history import manifest as manifests
from etl.history.catalogue import Archived
from etl.history.manifest import Manifest
from etl.history.record import Failure
from etl.history.run import Options, Run, State
from etl.load import snapshots
from etl.load.baseline import Baseline
from etl.load.snapshots import Snapshot
from etl.load.values import full_names
from etl.load.version import write_version
from etl.report.page.add import add_page
from etl.store import FOR_EVER, Upload
from etl.store.layout import FORM, MANIFEST, run_key
from etl.store.parallel import upload_all
from etl.transform import checks, filters, read
from etl.transform.changes import Changes
from etl.transform.checks import Extent
from etl.transform.read import Reading
from etl.upkeep.retention import began


@dataclass(frozen=True)
class Surveyed:
    """A snapshot that was looked at: what it holds before any filter, and the digests of its
    documents; or why it is of no use, whatever came before it."""

    digests: tuple[str, ...] = ()
    facts_sha256: str | None = None
    held: Extent | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class RebuildTask:
    """A snapshot whose run is to be made, and the one that it is compared with."""

    snapshot: Snapshot
    run_id: str
    before: Snapshot | None = None
    held_before: Extent | None = None


@dataclass(frozen=True)
class RebuiltRun:
    """A run folder that is there now, or why it is not."""

    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


def survey(job: Job, snapshot: Snapshot) -> Surveyed:
    """Read a snapshot, check it by itself, write nothing."""
    job.verify()
    with TemporaryDirectory(prefix="cloud-etl-") as folder:
        try:
            inputs = _inputs(job, snapshot, Path(folder))
            found = _read(job, inputs)
            checks.check(
                found,
                Changes(),
                published=None,
                now=began(snapshot.run_id),
                stale_after_days=job.settings.table.stale_after_days,
            )
            read.refuse_empty(found.selected_rows(), job.settings.table)
        except Exception as exc:
            return Surveyed(failure=_failure(exc))
    digests = tuple(document.sha256 for document in inputs.statistics)
    return Surveyed(digests, inputs.facts.sha256, checks.extent(found.rows))


def rebuild(job: Job, day: RebuildTask) -> RebuiltRun:
    """Make the run folder of a snapshot."""
    job.verify()
    start = time.monotonic()
    with TemporaryDirectory(prefix="cloud-etl-") as folder:
        try:
            manifest = _made(job, day, Path(folder))
        except Exception as exc:
            return RebuiltRun(failure=_failure(exc))
    return RebuiltRun(
        rows=manifest.rows,
        bytes=sum(file.bytes for file in manifest.files),
        seconds=round(time.monotonic() - start, 3),
        warnings=tuple(manifest.checks.warnings),
    )


def _made(job: Job, day: RebuildTask, work: Path) -> Manifest:
    snapshot, store = day.snapshot, job.store
    run = Run(
        settings=job.settings,
        store=store,
        options=Options(),
        now=began(snapshot.run_id),
        run_id=day.run_id,
        slot=snapshot.slot,
        fingerprint=job.fingerprint,
        state=State(),
    )
    before = _baseline(job, day, work / "before")
    made = write_version(run, _inputs(job, snapshot, work), work, before)
    made = add_page(run, made, work / "files", FORM if job.settings.inbox.on else "")
    upload_all(store, made.files)
    body, key = manifests.encode(made.manifest), run_key(day.run_id, MANIFEST)
    try:
        store.write(Upload(key, body, FOR_EVER), if_none_match=True)
    except StateConflict:  # of two workers at one day the other was first
        there = store.read(key)
        if there is None or there.body != body:
            raise StoreError(f"{store.address}/{key} is there already and says otherwise") from None
    return made.manifest


def _baseline(job: Job, day: RebuildTask, work: Path) -> Baseline | None:
    """What readers would have had: the table of the snapshot before, as it is published."""
    before, held = day.before, day.held_before
    if before is None or held is None:
        return None
    work.mkdir()
    statistics = [_bring(job, document, work) for document in before.statistics]
    found = _read(job, Inputs(statistics, Facts(None)))
    table = filters.keep(found.selected_rows(), job.settings.table.keep, job.settings.table.since)
    return Baseline(before.run_id, held, lambda: [table], lambda: full_names(found.selected))


def _read(job: Job, inputs: Inputs) -> Reading:
    source = SOURCES[job.settings.source.data_set]
    return read.read_inputs(source, inputs, job.settings.table.countries)


def _inputs(job: Job, snapshot: Snapshot, work: Path) -> Inputs:
    statistics = [_bring(job, document, work) for document in snapshot.statistics]
    facts = _bring(job, snapshot.facts, work) if snapshot.facts else None
    return Inputs(statistics, Facts(facts))


def _bring(job: Job, archived: Archived, work: Path) -> Fetched:
    return snapshots.bring(job.store, archived, work, job.max_bytes)


def _failure(exc: Exception) -> Failure:
    if not isinstance(exc, EtlError):  # a defect of ours; the other days go on
        log.error("backfill.crashed", exc=exc, kind=type(exc).__name__, error=exc)
    return Failure(type(exc).__name__, str(exc))
