"""Make a run's record for the history. Pure."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct, field

from etl.extract.fetch import Fetched
from etl.history.manifest import FACTS, STATISTICS, Manifest
from etl.history.record import Document, Failure, InputsSeen, KeptInput, Record
from etl.history.run import Run
from etl.history.run_id import new_run_id
from etl.store.layout import PAGE, run_key
from etl.transform.staleness import stale_warnings


def published(manifest: Manifest, *, healed: bool = False) -> Record:
    """Make the record of a run that was published.

    `healed` if it crashed after its commit and another run finished it.
    """
    restated = manifest.checks.restated
    return Record(
        run_id=manifest.run_id,
        slot=manifest.slot,
        started_at=manifest.started_at,
        source=manifest.source.name,
        outcome="published",
        published_run=manifest.run_id,
        rows=manifest.rows,
        series=manifest.series,
        source_last=manifest.source.last_date,
        restated=restated.cells if restated else None,
        warnings=manifest.checks.warnings,
        forced=manifest.checks.forced,
        page=any(file.key == run_key(manifest.run_id, PAGE) for file in manifest.files),
        healed=healed,
        seen=seen_by(manifest),
    )


def restored(manifest: Manifest, slot: date, now: datetime, *, healed: bool = False) -> Record:
    """Make the record of restoring a run. It has no `seen`, so the next run reads all inputs."""
    return Record(
        run_id=new_run_id(now),
        slot=slot,
        started_at=now,
        source=manifest.source.name,
        outcome="restored",
        published_run=manifest.run_id,
        rows=manifest.rows,
        series=manifest.series,
        source_last=manifest.source.last_date,
        healed=healed,
    )


class Unchanged(Struct, frozen=True):
    """What a run leaves that found nothing new since `before`.

    The next run compares its inputs with `seen`.
    """

    before: Manifest
    seen: InputsSeen
    warnings: list[str] = field(default_factory=list)


def unchanged(run: Run, found: Unchanged) -> Record:
    """Make the record of a run that found nothing new. A stale source is a warning in each."""
    before, after_days = found.before, run.settings.table.stale_after_days
    stale = stale_warnings(before.source.last_date, run.now.date(), after_days)
    return Record(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.now,
        source=run.source.name,
        outcome="unchanged",
        published_run=before.run_id,
        rows=before.rows,
        series=before.series,
        source_last=before.source.last_date,
        warnings=[*found.warnings, *stale],
        seen=found.seen,
    )


def failed(run: Run, exc: Exception, kept: Sequence[KeptInput], seconds: float) -> Record:
    """Make the record of a run that failed with `exc`; `kept` has its archived inputs."""
    return Record(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.now,
        source=run.source.name,
        seconds=round(seconds, 3),
        outcome="failed",
        failure=Failure(type(exc).__name__, str(exc)),
        kept=list(kept),
    )


def lost(source: str, slot: date, started_at: datetime, seconds: float, why: str) -> Record:
    """Make the record of a run that could not write one: killed, hung or out of memory."""
    return Record(
        run_id=f"{started_at:%Y-%m-%dT%H%M%SZ}-lost",
        slot=slot,
        started_at=started_at,
        source=source,
        seconds=round(seconds, 3),
        outcome="failed",
        failure=Failure("Lost", why),
    )


def seen_by(manifest: Manifest) -> InputsSeen:
    """Return the digests and validators that a later run compares its inputs with."""
    facts = manifest.input(FACTS)
    return InputsSeen(
        fingerprint=manifest.fingerprint,
        documents=[
            Document(one.sha256, one.etag, one.last_modified)
            for one in manifest.inputs_of(STATISTICS)
        ],
        facts_sha256=facts.sha256 if facts else None,
    )


def seen_again(seen: InputsSeen, statistics: Sequence[Fetched]) -> InputsSeen:
    """Return `seen` with the new validators of documents that were sent again unchanged."""
    if not statistics:
        return seen
    documents = [
        Document(one.sha256, one.validators.etag, one.validators.last_modified)
        for one in statistics
    ]
    return msgspec.structs.replace(seen, documents=documents)
