"""The worker's children: each run is a process of its own, with a time limit.

A run's memory returns to the system when the child ends, and a crash, a hang or a kill for lack of
memory never ends the loop. This module needs only the standard library, since it stays in memory
while the worker is idle.

The contract between the two processes
--------------------------------------
The worker starts `python app.py [--source NAME] COMMAND`, where COMMAND is one of

    run --if-due        make the slot's run. Exit status 0 with the note `succeeded`: the slot is
                        done. The note `failed`: the run failed, and the child has recorded why.
                        Anything else: the process was lost, and `record-failure` follows
    record-failure --slot DATE --started TIME --error TEXT
                        record a run that could not do so itself, and send the alerts for it
    monthly-tasks       after a run with the note `tasks`: make last month's report, clear up
    read-inbox          at a heartbeat, with INBOX on: read readers' letters, send pending alerts
    tell-pending        at a heartbeat, with INBOX off, if alerts are pending: send them

`--source` is given if SOURCES names several. The environment is the worker's, with two additions:

    TMPDIR              a folder for this child only; the worker removes it afterwards
    CLOUD_ETL_WORKER    a `Handover` in JSON: how many runs have failed in a row and since when,
                        so that a child can alert even if it can't reach the folder; and a folder
                        in which the child leaves notes, as empty files

SIGTERM asks the child to stop; GRACE_S later it is killed.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from etl import PROJECT, log
from etl.worker.handover import Handover
from etl.worker.scratch import scratch
from etl.worker.signals import Signals, Stop

PROGRAM = PROJECT / "app.py"
GRACE_S = 7.0  # the platform kills everything 30 s after its own SIGTERM
RECORD_LIMIT_S = 120.0  # for the child that records a lost run, or sends pending alerts
INBOX_LIMIT_S = 240.0  # for the child that reads the inbox; a round ends itself after 180 s
STOP_ARRIVES_S = 1.0  # a platform stops all processes at once; the worker's own signal may be later
STOPPED = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)


def short(moment: datetime) -> str:
    """Format a moment in UTC, to the second: 2021-02-17T06:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status, None if it was killed at its limit; and its notes."""

    status: int | None
    notes: frozenset[str] = frozenset()


class Children:
    """Starts the runs of a source as child processes, and kills those that exceed `limit_s`.

    `named`: the children get `--source`, since the worker has several sources. `inbox`: each
    heartbeat reads the inbox.
    """

    def __init__(
        self,
        source: str,
        signals: Signals,
        *,
        limit_s: float,
        named: bool = False,
        inbox: bool = False,
        inbox_limit_s: float = INBOX_LIMIT_S,
    ) -> None:
        self.source = source
        self._program = [sys.executable, str(PROGRAM), *(["--source", source] if named else [])]
        self._signals = signals
        self._limit_s, self._inbox_limit_s = limit_s, inbox_limit_s
        self._inbox = inbox
        self._failures = 0
        self._failing_since: datetime | None = None
        self._alerts_wait = False

    def run(self, slot: date) -> bool:
        """Make a run, and return whether the slot is done."""
        started = datetime.now(UTC)
        try:
            done = self._run(slot, started)
        except OSError as exc:  # a passing lack of memory, disk, file handles or process numbers
            self._lost(slot, started, f"no process could be started: {exc}", with_scratch=False)
            done = False
        if done:
            self._failures, self._failing_since = 0, None
        else:
            self._failures += 1
            self._failing_since = self._failing_since or started
        return done

    def at_heartbeat(self) -> None:
        """Read the inbox or, with INBOX off, send alerts that an earlier child could not send."""
        try:
            if self._inbox:
                if self._start(["read-inbox"], self._inbox_limit_s).status is None:
                    why = f"killed: still running after {self._inbox_limit_s:g} s"
                    log.error("inbox.failed", source=self.source, error=why)
            elif self._alerts_wait:
                self._start(["tell-pending"], RECORD_LIMIT_S)
        except OSError as exc:
            why = f"no process could be started: {exc}"
            log.warning("worker.no_child", source=self.source, error=why)

    def _run(self, slot: date, started: datetime) -> bool:
        ended = self._start(["run", "--if-due"], self._limit_s)
        if ended.status == 0 and "succeeded" in ended.notes:
            if "tasks" in ended.notes:
                self._do_tasks()
            return True
        if "failed" in ended.notes:
            return False
        if ended.status in STOPPED:
            with self._signals.interruptible():
                time.sleep(STOP_ARRIVES_S)
        self._lost(slot, started, self._why(ended.status, self._limit_s, "RUN_TIMEOUT_MINUTES"))
        return False

    def _do_tasks(self) -> None:
        """Do the monthly tasks. Whatever happens there, the run has succeeded."""
        try:
            ended = self._start(["monthly-tasks"], self._limit_s)
        except OSError as exc:
            log.error("task.lost", source=self.source, error=f"no process could be started: {exc}")
            return
        if ended.status != 0:
            why = self._why(ended.status, self._limit_s, "RUN_TIMEOUT_MINUTES")
            log.error("task.lost", source=self.source, error=why)

    def _lost(self, slot: date, started: datetime, why: str, *, with_scratch: bool = True) -> None:
        """Have a second child record the failure, since the run's own process could not."""
        log.error("worker.run_lost", source=self.source, slot=slot, error=why)
        arguments = ["--slot", str(slot), "--started", short(started), "--error", why]
        try:
            arguments = ["record-failure", *arguments]
            status = self._start(arguments, RECORD_LIMIT_S, with_scratch=with_scratch).status
        except OSError as exc:
            status, why = None, f"{why}; and again: {exc}"
        if status != 0:
            log.error("history.not_written", source=self.source, slot=slot, error=why)

    @staticmethod
    def _why(status: int | None, limit_s: float, setting: str) -> str:
        """Say how a process ended."""
        if status is None:
            return f"killed: still running after {setting} ({limit_s / 60:g})"
        if status == -signal.SIGKILL:
            return "killed by the system, most likely because memory ran out"
        if status < 0:
            return f"died of {signal.Signals(-status).name}"
        return f"ended with status {status}, without a record; the log says more"

    def _start(self, arguments: list[str], limit_s: float, *, with_scratch: bool = True) -> Ended:
        """Run a child to its end. Raises OSError if it can't be started.

        `with_scratch=False` is for a machine on which no temporary folder can be made: the child
        uses the worker's, and can leave no notes.
        """
        if not with_scratch:
            return Ended(self._to_the_end(arguments, limit_s, {}, None))
        # a killed child can't remove its downloads, so they must be in a folder that we remove
        with scratch() as folder:
            notes = folder / "notes"
            notes.mkdir()
            status = self._to_the_end(arguments, limit_s, {"TMPDIR": str(folder)}, notes)
            left = frozenset(path.name for path in notes.iterdir())
            # a child that failed may not have got as far as the alerts, so they stay pending
            self._alerts_wait = "waiting" in left or (self._alerts_wait and status != 0)
        return Ended(status, left)

    def _to_the_end(
        self, arguments: list[str], limit_s: float, variables: dict[str, str], notes: Path | None
    ) -> int | None:
        handover = Handover(self._failures, self._failing_since, notes)
        environ = os.environ | variables | handover.environ()
        child = subprocess.Popen([*self._program, *arguments], env=environ)  # noqa: S603  our own program
        return self._wait(child, limit_s)

    def _wait(self, child: "subprocess.Popen[bytes]", limit_s: float) -> int | None:
        try:
            with self._signals.interruptible():
                return child.wait(limit_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None
        except Stop:
            child.terminate()
            try:
                child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            raise
