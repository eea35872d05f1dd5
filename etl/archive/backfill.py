"""Make the run of every snapshot in the archive again, with today's settings and code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from etl.archive import current_facts, relist
from etl.archive.backlog import read_backlog
from etl.archive.chain import ChainLink, make_chain, rebuilt_id
from etl.archive.day_outcome import DayOutcome, failed, left_out, unknown
from etl.archive.engine import Engine, Progress, Trouble, map_with_progress, patiently
from etl.archive.job import Job, job
from etl.archive.known import surveyed_before
from etl.archive.rebuild import RebuildTask, RebuiltRun, Surveyed, rebuild, survey
from etl.errors import EtlError, listed
from etl.history import catalogue, history
from etl.history.catalogue import Rebuilt
from etl.history.record import Failure
from etl.load.later_facts import fetch_later_tables
from etl.load.snapshots import Snapshot
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import MANIFEST, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import restore

MOST_NAMED = 5  # snapshots in a message


@dataclass(frozen=True)
class Span:
    """Slots from the first to the last, both included; or one snapshot, by its run id.

    None: no limit on that side. `only`: the one file that their runs are to have, if not all.
    """

    first: date | None = None
    last: date | None = None
    snapshot: str = ""
    only: str = ""

    def has(self, one: Snapshot) -> bool:
        if self.snapshot:
            return one.run_id == self.snapshot
        return (self.first or one.slot) <= one.slot <= (self.last or one.slot)


@dataclass(frozen=True)
class Backfilled:
    """An outcome for each snapshot, oldest first. `unfinished`: folders in raw/ that lack a
    document."""

    days: list[DayOutcome]
    unfinished: list[str]


def backfill(
    settings: Settings, store: Store, engine: Engine, span: Span, now: datetime, progress: Progress
) -> Backfilled:
    """Make the missing runs of the snapshots in a span, without publishing any.

    The result lists the snapshots that failed. Raises EtlError if the job as a whole can't go on.
    """
    tables = fetch_later_tables(settings, store)
    work = _Work(job(settings, store, span.only, tables), store, engine, now, progress)
    engine.prove(work.job)
    relist.list_runs_again(store)
    past, known = history.read(store)[0], catalogue.read(store)
    backlog = read_backlog(store, settings, past, known, now)
    with_facts = current_facts.facts_adder(settings, store)
    chosen = [with_facts(one) for one in backlog.snapshots if span.has(one)]
    if not chosen:
        raise EtlError(_nothing(settings, backlog.snapshots, span))
    earlier = [with_facts(one) for one in backlog.snapshots if one.run_id < chosen[0].run_id]
    surveyed = dict[str, Surveyed | Failure | Trouble](
        surveyed_before(work.job, store, past, known, [*earlier, *chosen])
    )
    # the first run is compared with the last sound snapshot before the span
    begin = next((one for one in reversed(earlier) if not _is_bad(work, one, surveyed)), None)
    if begin and isinstance(trouble := surveyed[begin.run_id], Trouble):
        raise EtlError(f"{begin.run_id}, before that span: {trouble.failure().message}")
    _survey(work, chosen, surveyed)
    patiently(lambda: relist.list_imports_again(store, chosen, surveyed, backlog.unlisted))
    whole = [begin, *chosen] if begin else chosen
    chain = make_chain((one, surveyed[one.run_id]) for one in whole)
    links = [link for link in chain.links if link.snapshot is not begin]
    outcomes = dict(left_out(chosen, chain))
    outcomes |= patiently(lambda: _find_made(work, links))
    outcomes |= _rebuild(work, [link for link in links if link.snapshot.run_id not in outcomes])
    return Backfilled([outcomes[one.run_id] for one in chosen], backlog.unfinished)


def publish(settings: Settings, store: Store, done: Backfilled, now: datetime) -> str:
    """Publish the run of the newest snapshot, and return its id.

    Raises EtlError if that snapshot failed, as an older one would be no step forward.
    """
    newest = done.days[-1]
    if newest.run_id is None:
        raise EtlError(
            f"nothing was published: the newest snapshot, of {newest.slot}, {newest.outcome}; "
            "--to leaves it out"
        )
    at = restore.Moment.of(settings.schedule, settings.table, now)
    restore.move_to(store, newest.run_id, at)
    return newest.run_id


def _nothing(settings: Settings, there: Sequence[Snapshot], span: Span) -> str:
    where = f"{settings.store.address} has no snapshots of {settings.source.data_set}"
    if not there:
        return f"{where}; import some: python app.py import-archive PATH"
    if span.snapshot:
        near = [one.run_id for one in there if one.run_id.startswith(span.snapshot[:10])]
        ends = dict.fromkeys((there[0].run_id, there[-1].run_id))
        names = listed(near or list(ends), MOST_NAMED)
        return f"{where} called {span.snapshot!r}; there are {names}"
    return f"{where} in that span; there are some from {there[0].slot} to {there[-1].slot}"


@dataclass(frozen=True)
class _Work:
    """What every step of a backfill needs."""

    job: Job
    store: Store
    engine: Engine
    now: datetime
    progress: Progress


def _is_bad(
    work: _Work, snapshot: Snapshot, surveyed: dict[str, Surveyed | Failure | Trouble]
) -> bool:
    _survey(replace(work, progress=Progress()), [snapshot], surveyed)
    return isinstance(surveyed[snapshot.run_id], Failure)


def _survey(
    work: _Work, wanted: Sequence[Snapshot], surveyed: dict[str, Surveyed | Failure | Trouble]
) -> None:
    """Survey the snapshots that are not in `surveyed`, and add them to it."""
    new = [snapshot for snapshot in wanted if snapshot.run_id not in surveyed]
    task = partial(survey, work.job)
    for snapshot, found in map_with_progress(work.engine, work.progress, "survey", task, new):
        surveyed[snapshot.run_id] = found


def _find_made(work: _Work, links: Sequence[ChainLink]) -> dict[str, DayOutcome]:
    """Return the outcomes, by snapshot, of the links whose run already exists."""
    outcomes: dict[str, DayOutcome] = {}

    def find(link: ChainLink) -> None:
        snapshot, own = link.snapshot, link.found.run_id
        # a run with all files serves where only one is asked for
        ids = dict.fromkeys(rebuilt_id(link, one) for one in (replace(work.job, only=""), work.job))
        there = (one for one in ids if work.store.head(run_key(one, MANIFEST)))
        if run_id := own or next(there, None):
            outcomes[snapshot.run_id] = DayOutcome(snapshot.slot, snapshot.run_id, "there", run_id)

    in_parallel(find, links)
    return outcomes


def _rebuild(work: _Work, links: Sequence[ChainLink]) -> dict[str, DayOutcome]:
    """Make the runs of links, and return the outcomes by snapshot."""
    todo = {rebuilt_id(link, work.job): link for link in links}
    tasks = [_task(run_id, link) for run_id, link in todo.items()]
    function = partial(rebuild, work.job)
    outcomes: dict[str, DayOutcome] = {}
    with catalogue.adding(work.store, patiently) as add:
        for task, made in map_with_progress(work.engine, work.progress, "rebuild", function, tasks):
            outcomes[task.snapshot.run_id] = _outcome(task, made)
            if isinstance(made, RebuiltRun):
                add(_entry(work, todo[task.run_id]))
    return outcomes


def _task(run_id: str, link: ChainLink) -> RebuildTask:
    if link.before is None:
        return RebuildTask(link.snapshot, run_id)
    before, found = link.before
    return RebuildTask(link.snapshot, run_id, (before, found.held))


def _outcome(task: RebuildTask, made: RebuiltRun | Failure | Trouble) -> DayOutcome:
    if isinstance(made, Failure):
        return failed(task.snapshot, made)
    if isinstance(made, Trouble):
        return unknown(task.snapshot, made)
    return DayOutcome(
        slot=task.snapshot.slot,
        snapshot=task.snapshot.run_id,
        outcome="made",
        run_id=task.run_id,
        rows=made.rows,
        bytes=made.bytes,
        seconds=made.seconds,
        warnings=made.warnings,
    )


def _entry(work: _Work, link: ChainLink) -> Rebuilt:
    return Rebuilt(
        run_id=rebuilt_id(link, work.job),
        snapshot=link.snapshot.run_id,
        slot=link.snapshot.slot,
        source=link.snapshot.source,
        fingerprint=work.job.fingerprint,
        made_at=work.now,
        digests=list(link.found.digests),
        facts_sha256=link.found.facts_sha256,
        **link.found.held.noted(),
    )
