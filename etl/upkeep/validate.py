"""Check a file that a person has as a run would check the source's, and publish nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from etl.errors import StoreError
from etl.extract import inputs
from etl.extract.fetch import Limits
from etl.extract.inputs import Inputs
from etl.history.run import FolderState, Options, Run
from etl.history.run_id import new_run_id
from etl.load import baseline, own_tables, raw, recovery
from etl.load.fingerprint import fingerprint
from etl.load.version import Checked, check_inputs, write_checked
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.memory import MemoryStore
from etl.worker import schedule
from etl.worker.scratch import scratch


def validate(
    settings: Settings, open_store: Callable[[Settings], Store], path: Path, now: datetime
) -> Checked:
    """Read, repair and check the file at `path`, or a source's files in the folder `path`.

    The table is compared with the published version; if that can't be read, a warning says so.
    Writes nothing. Raises, as a run: SourceUnavailable, SourceChanged, DataRejected, StepFailed.
    """
    try:
        store = open_store(settings)
        return _check(settings, store, recovery.read(store), path, now)
    except StoreError as exc:
        checked = _check(settings, MemoryStore(), FolderState(), path, now)
        checked.findings.warnings.append(f"not compared with {settings.store.address}: {exc}")
        return checked


def _check(
    settings: Settings, store: Store, state: FolderState, path: Path, now: datetime
) -> Checked:
    now = now.astimezone(UTC).replace(microsecond=0)
    slot = schedule.latest_slot(now, settings.schedule.run_at, settings.schedule.timezone)
    options = Options(dry_run=True)
    made_by = fingerprint(settings)
    run = Run(settings, store, options, now, new_run_id(now), slot, made_by, state)
    with scratch() as folder:
        work = Path(folder)
        tables = own_tables.bring_tables(run, work, [])
        facts = raw.bring_facts(run, work)
        statistics = inputs.fetch_statistics(
            run.source.documents(str(path)),
            [],
            work,
            Limits(settings.source.max_bytes),
            sleep=options.sleep,
        )
        facts = raw.readable_facts(run, facts, work)
        own = [own_tables.at_hand(run, one, work) for one in tables]
        fetched = Inputs(statistics, facts, own)
        checked = check_inputs(run, fetched, baseline.published(run, work))
        write_checked(run, checked, fetched, work)  # only there does a step of the user's own run
        return checked
