"""Make the runs of a whole archive anew: what the settings and the code of today make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Literal

from etl.archive import backlog, current_facts
from etl.archive.chain import ChainLink, chain, run_id
from etl.archive.cluster import Engine
from etl.archive.job import Job, job
from etl.archive.known import Known, known
from etl.archive.rebuild import RebuildTask, RebuiltRun, Surveyed, rebuild, survey
from etl.errors import EtlError
from etl.history import catalogue, history
from etl.history.catalogue import Rebuilt
from etl.history.record import Failure
from etl.load.provenance import as_noted
from etl.load.snapshots import Snapshot
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import restore


@dataclass(frozen=True)
class Span:
    """Slots, the first and the last included; None: open."""

    first: date | None = None
    last: date | None = None

    def has(self, slot: date) -> bool:
        return (self.first or slot) <= slot <= (self.last or slot)


@dataclass(frozen=True)
class DayOutcome:
    """What became of one snapshot: `there` already, `made`, or `failed`."""

    slot: date
    snapshot: str
    outcome: Literal["there", "made", "failed"]
    run_id: str | None = None
    rows: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class Backfilled:
    """A line a snapshot, oldest first; `unfinished` are folders in raw/ that lack a document."""

    days: list[DayOutcome]
    unfinished: list[str]


@dataclass(frozen=True)
class Progress:
    """Who hears how it goes on: of a new stage with so many snapshots, and of each one."""

    stage: Callable[[str, int], None] = lambda what, total: None
    advance: Callable[[object], None] = lambda arrived: None


def backfill(
    settings: Settings, store: Store, engine: Engine, span: Span, now: datetime, progress: Progress
) -> Backfilled:
    """Make what is not there yet; nothing that readers see changes.

    Raises EtlError where nothing can go on; a snapshot that fails is told in the end.
    """
    past, listed, shared = history.read(store)[0], catalogue.read(store), job(settings)
    found = backlog.every(store, settings, past, listed, now)
    merged = current_facts.merging(settings, store)
    chosen = [merged(one) for one in found.snapshots if span.has(one.slot)]
    if not chosen:
        raise EtlError(_nothing(settings, found.snapshots))
    earlier = [merged(one) for one in found.snapshots if one.run_id < chosen[0].run_id]
    looked = dict(known(shared, store, past, listed, [*earlier, *chosen]))
    # the first one is compared with one in front of the span
    begin = next((one for one in reversed(earlier) if _sound(shared, engine, one, looked)), None)
    _survey(shared, engine, chosen, looked, progress)
    whole = [begin, *chosen] if begin else chosen
    links = [
        link
        for link in chain((one, looked[one.run_id].found) for one in whole)
        if link.snapshot is not begin
    ]
    ended = _there(shared, store, links, looked, now)
    ended |= _made(shared, store, engine, links, ended, now, progress)
    return Backfilled([ended[one.run_id] for one in chosen], found.unfinished)


def publish(settings: Settings, store: Store, done: Backfilled, now: datetime) -> str:
    """Give readers the run of the newest snapshot; its id.

    Raises EtlError where that is the one that failed: an older one would be no step forward.
    """
    newest = done.days[-1]
    if newest.run_id is None:
        raise EtlError(
            f"nothing was published: the newest snapshot, of {newest.slot}, failed; "
            "--to leaves it out"
        )
    restore.move_to(store, settings, newest.run_id, now)
    return newest.run_id


def _nothing(settings: Settings, there: Sequence[Snapshot]) -> str:
    where = f"{settings.store.address} has no snapshots of {settings.source.data_set}"
    if not there:
        return f"{where}; import some: python app.py import-archive PATH"
    return f"{where} in that span; there are some from {there[0].slot} to {there[-1].slot}"


def _sound(job: Job, engine: Engine, snapshot: Snapshot, looked: dict[str, Known]) -> bool:
    _survey(job, engine, [snapshot], looked, Progress())
    return looked[snapshot.run_id].found.failure is None


def _survey(
    job: Job,
    engine: Engine,
    wanted: Sequence[Snapshot],
    looked: dict[str, Known],
    progress: Progress,
) -> None:
    new = [snapshot for snapshot in wanted if snapshot.run_id not in looked]
    progress.stage("survey", len(new))
    for snapshot, found in engine.map(partial(survey, job), new):
        if isinstance(found, Failure):
            found = Surveyed(failure=found)
        looked[snapshot.run_id] = Known(found)
        progress.advance(snapshot)


def _there(
    job: Job, store: Store, links: Sequence[ChainLink], looked: Mapping[str, Known], now: datetime
) -> dict[str, DayOutcome]:
    """By snapshot, of those that need no work any more: they have their run, or can't have one."""
    ended: dict[str, DayOutcome] = {}
    entries: list[Rebuilt] = []

    def look(link: ChainLink) -> None:
        snapshot = link.snapshot
        own = looked[snapshot.run_id].run_id
        made = own or run_id(link, job)
        if link.failure:
            ended[snapshot.run_id] = _failed(snapshot, link.failure)
        elif own or store.head(run_key(made, MANIFEST)):
            ended[snapshot.run_id] = DayOutcome(snapshot.slot, snapshot.run_id, "there", made)
            if not own:
                entries.append(_entry(link, job, now))

    in_parallel(look, links)
    listed = {run.run_id for run in catalogue.read(store).rebuilt}
    # whoever made them was killed before they could be listed
    catalogue.add(store, rebuilt=[entry for entry in entries if entry.run_id not in listed])
    return ended


def _made(
    job: Job,
    store: Store,
    engine: Engine,
    links: Sequence[ChainLink],
    ended: Mapping[str, DayOutcome],
    now: datetime,
    progress: Progress,
) -> dict[str, DayOutcome]:
    """By snapshot, of all others."""
    todo = {run_id(link, job): link for link in links if link.snapshot.run_id not in ended}
    days = [_day(run, link) for run, link in todo.items()]
    found: dict[str, DayOutcome] = {}
    progress.stage("rebuild", len(days))
    with catalogue.adding(store) as add:
        for day, made in engine.map(partial(rebuild, job), days):
            found[day.snapshot.run_id] = _ended(day, made)
            if found[day.snapshot.run_id].failure is None:
                add(_entry(todo[day.run_id], job, now))
            progress.advance(day)
    return found


def _day(made: str, link: ChainLink) -> RebuildTask:
    if link.before is None:
        return RebuildTask(link.snapshot, made)
    before, found = link.before
    return RebuildTask(link.snapshot, made, before, found.held)


def _ended(day: RebuildTask, made: RebuiltRun | Failure) -> DayOutcome:
    failure = made if isinstance(made, Failure) else made.failure
    if failure or isinstance(made, Failure):
        return _failed(day.snapshot, failure)
    return DayOutcome(
        day.snapshot.slot, day.snapshot.run_id, "made", day.run_id,
        made.rows, made.bytes, made.seconds, made.warnings,
    )  # fmt: skip


def _failed(snapshot: Snapshot, failure: Failure | None) -> DayOutcome:
    return DayOutcome(snapshot.slot, snapshot.run_id, "failed", failure=failure)


def _entry(link: ChainLink, job: Job, now: datetime) -> Rebuilt:
    held = link.found.held
    assert held  # noqa: S101  for the type checker: what holds nothing has failed
    return Rebuilt(
        run_id=run_id(link, job),
        snapshot=link.snapshot.run_id,
        slot=link.snapshot.slot,
        source=link.snapshot.source,
        fingerprint=job.fingerprint,
        made_at=now,
        digests=list(link.found.digests),
        facts_sha256=link.found.facts_sha256,
        **as_noted(held),
    )
