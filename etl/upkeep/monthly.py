"""The worker's monthly tasks: last month's report, and a clean-up.

They are done after a run, in a process of their own: whatever happens there, the run has succeeded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from etl import log
from etl.alerts import rules
from etl.alerts.teller import Teller
from etl.errors import EtlError
from etl.history import append, history, tasks
from etl.history import manifest as manifests
from etl.history.history import History
from etl.history.record import Record
from etl.history.tasks import CLEAN_UP, MOST_ATTEMPTS
from etl.load import snapshots
from etl.load.month import Month
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import report_key
from etl.upkeep.prune import clear_old
from etl.worker import schedule
from etl.worker.handover import BY_HAND, Handover

Step = Callable[[str], None]


def do_due_tasks(
    settings: Settings,
    store: Store,
    now: datetime,
    handover: Handover = BY_HAND,
    step: Step = lambda task: None,
) -> bool:
    """Do the tasks that are due, and return whether all succeeded.

    Each attempt is noted in the history before it begins. An alert is sent for a report that is
    ready, and for a task that was given up. `step` is called with the name of each task. Raises
    StoreError if the history can't be read or written.
    """
    where = settings.schedule
    slot = schedule.latest_slot(now, where.run_at, where.timezone)
    past, _ = history.read(store)
    due = tasks.due(past, slot)
    done = 0
    for task in due:
        step(task)
        done += _Attempt(settings, store, handover, task, now).make()
    if done < len(due):  # it may have been the last attempt
        published, (past, _) = manifests.read(store), history.read(store)
        teller = Teller(settings, store, handover)
        teller.nothing_due(past, published.manifest if published else None, now)
    return done == len(due)


@dataclass(frozen=True)
class _Attempt:
    """An attempt at a task, which is noted in the history before and after."""

    settings: Settings
    store: Store
    handover: Handover
    task: str
    now: datetime

    def make(self) -> bool:
        """Make the attempt, and return whether it succeeded."""
        past = self._note(tasks_tried=[self.task])
        kind, _, month = self.task.partition(" ")
        try:
            if kind == CLEAN_UP:
                clear_old(self.store, self.settings.store.retention_days, self.now)
                self._note(tasks_done=[self.task])
            else:
                self._report(past, Month.parse(month))
        except Exception as exc:
            self._failed(exc, tasks.attempts(past, self.task))
            return False
        return True

    def _report(self, past: History, month: Month) -> None:
        if month not in snapshots.months(past):
            why = f"nothing was published in {month}, so it has no report"
            log.warning("report.none", month=str(month), error=why)
            self._note(tasks_done=[self.task], warnings=[why])
            return
        from etl.report.monthly import make  # Bokeh and pandas, once a month

        source = self.settings.source
        make.make_report(
            self.store, past, month, max_bytes=source.max_bytes, facts_url=source.facts_url
        )
        self._note(tasks_done=[self.task], report=str(month))
        log.info("report.written", month=str(month))
        ready = rules.report_ready(str(month), report_key(month), self.now)
        Teller(self.settings, self.store, self.handover).tell(ready, self.now)

    def _failed(self, exc: Exception, attempts: int) -> None:
        defect = None if isinstance(exc, EtlError) else exc
        why = f"{type(exc).__name__}: {exc}" if defect else str(exc)
        attempt = f"{attempts} of {MOST_ATTEMPTS}"
        log.error("task.failed", exc=defect, task=self.task, attempt=attempt, error=why)
        kind, _, month = self.task.partition(" ")
        warning = f"the {kind} of {month} could not be made: {why}"
        try:
            self._note(warnings=[warning])
        except EtlError as second:
            log.error("history.not_written", error=second)

    def _note(self, *, report: str | None = None, **added: list[str]) -> History:
        """Add to lists of the last successful run's record."""

        def change(record: Record) -> Record:
            lists = {name: [*getattr(record, name), *items] for name, items in added.items()}
            return replace(record, report=report or record.report, **lists)

        return append.note(self.store, change, self.settings.table)
