"""The end of a run: write its record to the history and send the alerts that are due."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from msgspec.structs import replace

from etl import log
from etl.alerts.teller import Teller
from etl.errors import DataRejected, EtlError, MachineError, SourceChanged, lacks_room
from etl.extract.fetch import Fetched
from etl.history import append, outcomes
from etl.history import manifest as manifests
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.outcomes import Unchanged
from etl.history.record import Failure, Record, standstill
from etl.history.run import Options, Result, Run
from etl.history.tasks import latest_success
from etl.load import recovery
from etl.load.raw import keep_aside
from etl.settings.groups import Settings
from etl.store import Store
from etl.worker.handover import Handover

P = ParamSpec("P")
T = TypeVar("T")

# a worker that was restarted this soon after a success may have ended before its ping
PING_LOST = timedelta(hours=1)


class Recorder:
    """Records one run. In a dry run it writes nothing and sends no alerts.

    `fetched` is what the run has downloaded so far. It is kept if the run fails because of it.
    """

    def __init__(self, settings: Settings, store: Store, options: Options, now: datetime) -> None:
        self.teller = Teller(settings, store, options.handover, dry_run=options.dry_run)
        self.fetched: list[Fetched] = []
        self._began = time.monotonic()
        self._now = now
        self._dry_run = options.dry_run
        self._has_ended = False

    def write(self, effect: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call `effect` and return its result; in a dry run, don't."""
        return None if self._dry_run else effect(*args, **kwargs)

    @contextmanager
    def recorded(self, run: Run) -> Iterator[None]:
        """Record an exception raised inside, send alerts about it and raise it again.

        What this machine has no room for is raised as MachineError."""
        try:
            yield
        except Exception as exc:
            why = "" if isinstance(exc, EtlError) else lacks_room(exc)
            error = MachineError(why) if why else exc
            if not self._has_ended:
                self._has_ended = True
                record = self.write(self._fail, run, error)
                record = record or outcomes.failed(run, error, (), self._seconds())
                run.options.failed(Result("failed", record=record, run=run))
            if error is exc:
                raise
            raise error from exc

    def not_due(self, run: Run) -> Result:
        """End a run whose slot has its success already."""
        past = run.past
        self.write(append.rewrite_derived, run.store, past, run.settings.table)
        success = latest_success(past)
        is_new = success is not None and run.now - success.started_at < PING_LOST
        if run.options.handover.failures or is_new:
            self.teller.succeeded(past, run.before, self._now)
        else:
            self.teller.nothing_due(past, run.before, self._now)
        return self._ended(run, Result("not_due"))

    def unchanged(self, run: Run, found: Unchanged) -> Result:
        """End a run that published nothing, because nothing has changed."""
        return self._succeed(run, outcomes.unchanged(run, found), found.before)

    def published(self, run: Run, manifest: Manifest) -> Result:
        """End a run that published a new version, or would have in a dry run."""
        return self._succeed(run, outcomes.published(manifest), manifest)

    def yielded(self, run: Run, winner: Manifest) -> Result:
        """End without a record: another worker has published and recorded the slot's run."""
        self._has_ended = True
        self.teller.succeeded(run.past, winner, self._now)
        return self._ended(run, Result("yielded", manifest=winner))

    def _succeed(self, run: Run, record: Record, manifest: Manifest) -> Result:
        self._has_ended = True
        record = replace(record, seconds=self._seconds())
        with self.teller.alerting_errors(self._now):
            past = self.write(
                append.record,
                run.store,
                record,
                run.settings.table,
                once_a_slot=run.options.if_due,
                known=(run.past, run.state.past_etag),
            )
        if past:
            self.teller.succeeded(past, manifest, self._now)
        outcome = record.outcome
        result = Result(
            outcome="would_publish" if outcome == "published" and past is None else outcome,
            record=record,
            manifest=manifest,
            still=standstill([*run.past.records, record]),
            past=past,
            run=run,
        )
        return self._ended(run, result)

    def _ended(self, run: Run, result: Result) -> Result:
        run.options.handover.note("succeeded")
        return result

    def _fail(self, run: Run, exc: Exception) -> Record:
        """Record a failure. An error while recording is logged and never hides `exc`."""
        record = outcomes.failed(run, exc, (), self._seconds())
        try:
            if isinstance(exc, SourceChanged | DataRejected):
                kept = keep_aside(run.store, run.past, run.run_id, self.fetched)
                record = replace(record, kept=kept)
            table, is_failure = run.settings.table, True
            if run.options.if_due:
                past, is_failure = append.failure(run.store, record, table)
            else:
                past = append.record(run.store, record, table)
        except EtlError as second:
            log.error("history.not_written", error=second)
            self.teller.failed_unrecorded(Failure(type(exc).__name__, str(exc)), run.now)
        else:
            _tell(self.teller, past, run.before, run.now, is_failure=is_failure)
        run.options.handover.note("failed")
        return record

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)


def record_lost(
    settings: Settings, store: Store, handover: Handover, lost: Record, now: datetime
) -> None:
    """Record a run whose process could not do so itself, and send alerts about it.

    If it was lost after its commit, its publication is finished, and recorded as a success with a
    warning. Raises EtlError, after sending an alert, if the history can't be written.
    """
    teller = Teller(settings, store, handover)
    try:
        recovery.finish(store, recovery.read(store), lost.slot, now, settings.table)
        past, is_failure = append.failure(store, lost, settings.table)
        published = manifests.read(store)
    except EtlError:
        teller.failed_unrecorded(lost.failure or Failure("Lost", ""), now)
        raise
    manifest = published.manifest if published else None
    _tell(teller, past, manifest, now, is_failure=is_failure)


def _tell(
    teller: Teller, past: History, manifest: Manifest | None, now: datetime, *, is_failure: bool
) -> None:
    if is_failure:
        teller.failed(past, manifest, now)
    else:
        teller.succeeded(past, manifest, now)
