"""One run, on one screen: extract -> transform -> check -> load -> tell. Read this first.

`make_version` is the middle: what was fetched goes in, the files to publish come out. It needs
pandas and pyarrow, which are imported only once it is known that there is something to do.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from etl import log
from etl.alerts import rules
from etl.alerts.teller import Teller
from etl.errors import DataRejected, EtlError, SourceChanged, SourceUnavailable, StateConflict
from etl.extract import inputs
from etl.extract.fetch import Fetched
from etl.extract.http import Validators
from etl.extract.inputs import Facts, Inputs
from etl.history import append, outcomes
from etl.history import manifest as manifests
from etl.history.manifest import Manifest
from etl.history.record import Failure, Record, Seen, Standstill, standstill
from etl.history.run import Options, Run, new_run_id
from etl.inbox import form
from etl.load import free_memory, publish, recovery
from etl.load.fingerprint import fingerprint
from etl.load.publish import Version
from etl.load.raw import facts_from_archive, keep_aside
from etl.report.monthly import due
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import FORM, report_key
from etl.upkeep import prune
from etl.worker import schedule


@dataclass(frozen=True)
class Result:
    """`outcome`: published, unchanged, not_due, yielded (another worker was first) or
    would_publish (a dry run); `record` is the run's, `manifest` what it made, `still` how long
    the source has stood still."""

    outcome: str
    record: Record | None = None
    manifest: Manifest | None = None
    still: Standstill | None = None


def run(
    settings: Settings, store: Store, options: Options | None = None, now: datetime | None = None
) -> Result:
    """Make one run.

    Raises EtlError, once it is in the history where that can be written. A dry run writes nothing.
    """
    began = time.monotonic()
    options, now = options or Options(), now or datetime.now(UTC)
    teller = Teller(settings, store, options.handover, dry_run=options.dry_run)
    with teller.alerting_errors(now):
        context = _start(settings, store, options, now)
        if options.if_due and not context.is_due:
            if not options.dry_run:
                append.mend(store, context.past, settings.table.stale_after_days)
                teller.nothing_due(context.past, context.before, now)
            return Result("not_due")
    teller.started()
    if not options.dry_run:
        form.renew(settings, store, now)  # the page links to it
    fetched: list[Fetched] = []
    with TemporaryDirectory(prefix="cloud-etl-") as work:
        try:
            result = _run(context, Path(work), fetched)
        except Exception as exc:
            if not options.dry_run:
                _tell_failure(context, teller, exc, fetched, time.monotonic() - began)
            raise
    if result.record is None:
        teller.succeeded(context.past, result.manifest, now)
        return result
    record = msgspec.structs.replace(result.record, seconds=round(time.monotonic() - began, 3))
    still = standstill([*context.past.records, record])
    if not options.dry_run:
        with teller.alerting_errors(now):
            past = append.tell(
                store,
                record,
                settings.table.stale_after_days,
                once_a_slot=options.if_due,
                known=(context.past, context.state.past_etag),
            )
        if options.if_due:
            record = due.make_due(context, past, record)
            prune.clear_due(context, past)
        teller.succeeded(past, result.manifest, now)
        if record.report:
            teller.tell(rules.report_ready(record.report, report_key(record.report), now), now)
    return Result(result.outcome, record, result.manifest, still)


def _run(run: Run, work: Path, fetched: list[Fetched]) -> Result:
    run.options.step("extract")
    facts = _facts(run, work)
    fetched += [facts.fetched] if facts.fetched else []
    seen = run.inputs_seen(facts.sha256)
    statistics = inputs.fetch_statistics(
        run.source.documents(run.settings.source.url),
        [Validators(one.etag, one.last_modified) for one in seen.documents] if seen else [],
        work,
        max_bytes=run.settings.source.max_bytes,
        sleep=run.options.sleep,
    )
    if seen and (statistics is None or [one.sha256 for one in statistics] == seen.digests()):
        return _unchanged(run, outcomes.seen_again(seen, statistics))
    if statistics is None:
        raise SourceChanged("the source says 'not modified' though it was not asked")
    fetched += statistics

    run.options.step("transform")
    made = make_version(run, Inputs(statistics, facts), work)
    record = outcomes.published(made.manifest)
    same = run.before is not None and made.says_the_same_as(run.before)
    if same and not run.options.force:
        return _unchanged(run, outcomes.seen_by(made.manifest), made.missing.values())
    if run.options.dry_run:
        return Result("would_publish", record, made.manifest)

    run.options.step("load")
    free_memory.trim_heap()
    try:
        publish.publish(run.store, made, run.published, advance=run.options.advance)
    except StateConflict:
        winner = manifests.read(run.store)
        ours = winner is not None and winner.manifest.run_id == run.run_id  # refused behind it
        if winner is None or ours or winner.manifest.slot != run.slot:
            raise
        return Result("yielded", manifest=winner.manifest)
    return Result("published", record, made.manifest)


def make_version(run: Run, inputs: Inputs, work: Path) -> Version:
    """The files of one version, its page among them. Raises SourceChanged, DataRejected."""
    from etl.load.version import write_version
    from etl.report.page.add import add_page

    version = write_version(run, inputs, work)
    return add_page(run, version, work / "files", FORM if run.settings.inbox.on else "")


def _facts(run: Run, work: Path) -> Facts:
    """Today's facts; where they can't be fetched, the ones that were published last."""
    url = run.settings.source.facts_url
    if not url:
        return Facts(None)
    try:
        return Facts(inputs.fetch_facts(url, work, sleep=run.options.sleep))
    except SourceUnavailable as exc:
        log.warning("facts.unavailable", error=exc)
        return facts_from_archive(run.store, run.before, work / inputs.facts_name(url), exc)


def _start(settings: Settings, store: Store, options: Options, now: datetime) -> Run:
    """Read what is published and what happened before; finish what a crash left half done."""
    now = now.astimezone(UTC).replace(microsecond=0)
    slot = schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone)
    state = recovery.read(store)
    if not options.dry_run:
        state = recovery.finish(store, state, slot, now, settings.table.stale_after_days)
    return Run(
        settings=settings,
        store=store,
        options=options,
        now=now,
        run_id=new_run_id(now),
        slot=slot,
        fingerprint=fingerprint(settings),
        state=state,
    )


def _unchanged(run: Run, seen: Seen, warnings: Iterable[str] = ()) -> Result:
    assert run.before is not None  # noqa: S101  for the type checker: it was compared with
    return Result("unchanged", outcomes.unchanged(run, run.before, seen, warnings), run.before)


def _tell_failure(
    run: Run, teller: Teller, exc: Exception, fetched: list[Fetched], seconds: float
) -> None:
    """Put a failure on record; what goes wrong with that is logged and never hides `exc`."""
    try:
        kept = []
        if isinstance(exc, SourceChanged | DataRejected):
            kept = keep_aside(run.store, run.past, run.run_id, fetched)
        record = outcomes.failed(run, exc, kept, seconds)
        past = append.tell(run.store, record, run.settings.table.stale_after_days)
    except EtlError as second:
        log.error("history.not_written", error=second)
        teller.failed_unrecorded(Failure(type(exc).__name__, str(exc)), run.now)
    else:
        teller.failed(past, run.before, run.now)
