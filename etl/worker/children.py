"""The worker's children: each run is a process of its own, with a time limit.

A run's memory returns to the system when the child ends, and a crash, a hang or a kill for lack of
memory never ends the loop. This module needs only the standard library, since it stays in memory
while the worker is idle.

The contract between the two processes
--------------------------------------
The worker starts `python app.py [--source NAME] COMMAND`, where COMMAND is one of

    run --if-due        make the slot's run. Exit status 0: the slot is done. Any other: the run
                        failed, and the child has logged and recorded why
    record-failure --slot DATE --started TIME --error TEXT
                        record a run that was killed or crashed, and send the alerts for it
    read-inbox          at a heartbeat, with INBOX on: read readers' letters, send pending alerts
    tell-pending        at a heartbeat, with INBOX off, if alerts are pending: send them

`--source` is given if SOURCES names several. The environment is the worker's, with two additions:

    TMPDIR              a folder for this child only; the worker removes it afterwards
    CLOUD_ETL_WORKER    a `Handover` in JSON: how many runs have failed in a row and since when,
                        so that a child can alert even if it can't reach the folder; and a path
                        where the child creates a file if it could not send some alerts

SIGTERM asks the child to stop; GRACE_S later it is killed.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from etl import PROJECT, log
from etl.worker.handover import Handover
from etl.worker.signals import Signals, Stop

PROGRAM = PROJECT / "app.py"
GRACE_S = 7.0  # the platform kills everything 30 s after its own SIGTERM
RECORD_LIMIT_S = 120.0  # for the child that records a lost run, or sends pending alerts
INBOX_LIMIT_S = 240.0  # for the child that reads the inbox; a round ends itself after 180 s
STOPPED = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)


def short(moment: datetime) -> str:
    """Format a moment in UTC, to the second: 2021-02-17T06:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
        except OSError as exc:  # a passing lack of memory, disk or process numbers
            why = f"no process could be started: {exc}"
            log.error("worker.run_lost", source=self.source, slot=slot, error=why)
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
                if self._start(["read-inbox"], self._inbox_limit_s) is None:
                    why = f"killed: still running after {self._inbox_limit_s:g} s"
                    log.error("inbox.failed", source=self.source, error=why)
            elif self._alerts_wait:
                self._start(["tell-pending"], RECORD_LIMIT_S)
        except OSError as exc:
            why = f"no process could be started: {exc}"
            log.warning("worker.no_child", source=self.source, error=why)

    def _run(self, slot: date, started: datetime) -> bool:
        status = self._start(["run", "--if-due"], self._limit_s)
        if status == 0:
            return True
        if status is None:
            why = f"killed: still running after RUN_TIMEOUT_MINUTES ({self._limit_s / 60:g})"
        elif status == -signal.SIGKILL:
            why = "killed from outside, most likely for lack of memory"
        elif status < 0 and status not in STOPPED:
            why = f"died of {signal.Signals(-status).name}"
        else:
            return False
        log.error("worker.run_lost", source=self.source, slot=slot, error=why)
        # a killed process cannot record its failure; a second child does
        recorded = self._start(
            ["record-failure", "--slot", str(slot), "--started", short(started), "--error", why],
            RECORD_LIMIT_S,
        )
        if recorded != 0:
            log.error("history.not_written", source=self.source, slot=slot, error=why)
        return False

    def _start(self, arguments: list[str], limit_s: float) -> int | None:
        """Run a child, and return its exit status; None if it was killed at its time limit."""
        # a killed child can't remove its downloads, so they must be in a folder that we remove
        with TemporaryDirectory(prefix="cloud-etl-", ignore_cleanup_errors=True) as scratch:
            waiting = Path(scratch) / "waiting"
            handover = Handover(self._failures, self._failing_since, waiting)
            environ = os.environ | {"TMPDIR": scratch} | handover.environ()
            child = subprocess.Popen([*self._program, *arguments], env=environ)  # noqa: S603  our own program
            status = self._wait(child, limit_s)
            # a child that failed may not have got as far as the alerts, so they stay pending
            self._alerts_wait = waiting.exists() or (self._alerts_wait and status != 0)
        return status

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
