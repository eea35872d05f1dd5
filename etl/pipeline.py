"""One run: extract -> transform -> check -> load -> alert. Read this first.

Modules that need pandas and pyarrow are imported only when there is something to do.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from etl import log
from etl.alerts.recorder import Recorder
from etl.errors import StateConflict
from etl.extract import inputs
from etl.extract.answer import Validators
from etl.extract.fetch import Fetched, Limits
from etl.extract.inputs import Inputs
from etl.history import manifest as manifests
from etl.history import outcomes
from etl.history.manifest import Manifest
from etl.history.outcomes import Unchanged
from etl.history.run import Options, Result, Run
from etl.history.run_id import new_run_id
from etl.load import free_memory, own_tables, publish, raw, recovery
from etl.load.fingerprint import fingerprint
from etl.load.own_tables import Brought
from etl.load.publish import Version
from etl.settings.groups import Settings
from etl.store import Store
from etl.worker import schedule
from etl.worker.scratch import scratch

CLOCK = "the last success is of a slot in the future: the clock was wrong then, or is now"


def run(
    settings: Settings, store: Store, options: Options | None = None, now: datetime | None = None
) -> Result:
    """Make one run. A dry run writes nothing.

    Raises EtlError, after recording the failure in the history if the history can be written.
    """
    options, now = options or Options(), now or datetime.now(UTC)
    recorder = Recorder(settings, store, options, now)
    with recorder.teller.alerting_errors(now):
        this = start(settings, store, options, now, recorder)
        if options.if_due and not this.is_due:
            return recorder.not_due(this)
    recorder.teller.started()
    if settings.inbox.on:
        from etl.inbox import form

        languages = settings.alerts.translate_to
        recorder.write(form.renew, settings.inbox, languages, store, now)  # the page links to it
    # a failure keeps its inputs from the folder; if that can't even be made, it is recorded too
    with recorder.recorded(this), scratch() as folder, recorder.recorded(this):
        options.step("extract")
        tables = own_tables.bring_tables(this, Path(folder), recorder.fetched)
        if tables:
            of_tables = [one.sha256 for one in tables]
            this = replace(this, fingerprint=fingerprint(settings, of_tables))
        fetched = fetch_inputs(this, Path(folder), recorder.fetched, tables)
        if isinstance(fetched, Unchanged):
            return recorder.unchanged(this, fetched)
        options.step("transform")
        version = make_version(this, fetched, Path(folder))
        if not options.force and this.before and version.says_the_same_as(this.before):
            seen, warnings = outcomes.seen_by(version.manifest), list(version.missing.values())
            return recorder.unchanged(this, Unchanged(this.before, seen, warnings))
        if winner := recorder.write(load, this, version):
            return recorder.yielded(this, winner)
        return recorder.published(this, version.manifest)


def start(
    settings: Settings, store: Store, options: Options, now: datetime, recorder: Recorder
) -> Run:
    """Read the published version and the history; finish a publication that a crash interrupted."""
    now = now.astimezone(UTC).replace(microsecond=0)
    slot = schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone)
    state = recovery.read(store)
    state = recorder.write(recovery.finish, store, state, slot, now, settings.table) or state
    run_id, data_set = new_run_id(now), settings.source.data_set
    if ahead := [made for made in state.past.slots_made(data_set) if made > slot]:
        log.warning("run.clock", slot=slot, last_success=max(ahead), error=CLOCK)
    return Run(settings, store, options, now, run_id, slot, fingerprint(settings), state)


def fetch_inputs(
    this: Run, work: Path, fetched: list[Fetched], tables: Sequence[Brought]
) -> Inputs | Unchanged:
    """Download the inputs into the folder `work`, adding each to `fetched`; `tables` are there.

    Return Unchanged if the published version was made of the same inputs. Raises SourceUnavailable,
    SourceChanged.
    """
    source = this.settings.source
    facts = raw.bring_facts(this, work)
    fetched += [facts.fetched] if facts.fetched else []
    seen = this.inputs_seen(facts.sha256)
    statistics = inputs.fetch_statistics(
        this.source.documents(source.url),
        [Validators(one.etag, one.last_modified) for one in seen.documents] if seen else [],
        work,
        Limits(source.max_bytes, source.timeout_s),
        sleep=this.options.sleep,
        received=this.options.received,
    )
    digests = [one.sha256 for one in statistics]
    if this.before and seen and digests in ([], seen.digests()):
        warnings = [one.warning for one in tables if one.warning]
        return Unchanged(this.before, outcomes.seen_again(seen, statistics), warnings)
    facts = raw.readable_facts(this, facts, work)
    own = [own_tables.at_hand(this, one, work) for one in tables]
    fetched[:] = [*([facts.fetched] if facts.fetched else []), *statistics]
    fetched += [one.fetched for one in own]
    return Inputs(statistics, facts, own)


def make_version(this: Run, inputs: Inputs, work: Path) -> Version:
    """Make the files of one version and its page. Raises SourceChanged, DataRejected."""
    from etl.load.version import write_version
    from etl.report.page.add import add_page

    version = write_version(this, inputs, work)
    free_memory.trim_heap()
    return add_page(this, version, work / "files")


def load(this: Run, version: Version) -> Manifest | None:
    """Publish a version. Return None, or the one another worker has published for the same slot.

    Raises StoreError, also as StateConflict if another slot's run was published meanwhile.
    """
    this.options.stage("load", publish.writes(version))
    free_memory.trim_heap()
    try:
        publish.publish(this.store, version, this.published, advance=this.options.advance)
    except StateConflict:
        winner = manifests.read(this.store)
        # If our own manifest is published, the conflict came after the commit. If it is still the
        # one that was read at the start, nobody won.
        before = this.published.sha256 if this.published else None
        if winner is None or winner.sha256 == before or winner.manifest.run_id == this.run_id:
            raise
        if winner.manifest.slot != this.slot:
            raise
        return winner.manifest
    if this.before and "page" in this.before.outputs and "page" not in version.manifest.outputs:
        from etl.report.monthly.unlink import unlink_page

        unlink_page(this.store)
    return None
