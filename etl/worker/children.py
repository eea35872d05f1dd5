"""The worker's children: each run is a process of its own, with a time limit.

What it used goes back to the system when it ends, and a crash, a hang or a kill for memory takes
the child, never the loop. On the standard library and the settings alone: the idle worker holds it.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from etl import PROJECT, log
from etl.settings.groups import Settings
from etl.worker.signals import Signals, Stop

PROGRAM = PROJECT / "app.py"
GRACE_S = 7.0  # for the child to end after SIGTERM; the platform kills everything after 30 s
RECORD_LIMIT_S = 120.0  # for the child that puts a lost run on record
INBOX_LIMIT_S = 600.0  # for the child that reads the inbox, which ends by itself long before
STOPPED = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)


def short(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Children:
    """Starts the runs of a source as child processes and ends them in time."""

    def __init__(self, settings: Settings, signals: Signals) -> None:
        self.source = settings.source.data_set
        self._chosen = ["--source", self.source] if settings.sources else []
        self._limit_s = settings.schedule.timeout_s
        self._signals = signals
        self._failures = 0
        self._failing_since = datetime.now(UTC)
        self._inbox = settings.inbox.on
        self._waiting = False  # alerts

    def run(self, slot: date) -> bool:
        started = datetime.now(UTC)
        try:
            done = self._run(slot, started)
        except OSError as exc:  # no memory, disk or process number to spare; it passes
            why = f"no process could be started: {exc}"
            log.error("worker.run_lost", source=self.source, slot=slot, error=why)
            done = False
        if self._failures == 0:
            self._failing_since = started
        self._failures = 0 if done else self._failures + 1
        return done

    def at_heartbeat(self) -> None:
        """Start a child for the inbox, which sends what waits too; or for that alone, and only if
        the child before left alerts that could not be sent."""
        try:
            if self._inbox:
                if self._start(["read-inbox"], INBOX_LIMIT_S) is None:
                    why = f"killed: still running after {INBOX_LIMIT_S:g} s"
                    log.error("inbox.failed", source=self.source, error=why)
            elif self._waiting:
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
            return False  # it has said and recorded itself what went wrong
        log.error("worker.run_lost", source=self.source, slot=slot, error=why)
        # the dead can't write: another child records the failure in the history
        recorded = self._start(
            ["record-failure", "--slot", str(slot), "--started", short(started), "--error", why],
            RECORD_LIMIT_S,
        )
        if recorded != 0:
            log.error("history.not_written", source=self.source, slot=slot, error=why)
        return False

    def _start(self, arguments: list[str], limit_s: float) -> int | None:
        """The child's exit status; None if it had to be killed at its time limit."""
        command = [sys.executable, str(PROGRAM), *self._chosen, *arguments]
        if self._failures:
            command += ["--failures", str(self._failures)]
            command += ["--failing-since", short(self._failing_since)]
        # a child that is killed leaves its downloads behind: they lie where the loop clears up
        with TemporaryDirectory(prefix="cloud-etl-", ignore_cleanup_errors=True) as scratch:
            waiting = Path(scratch) / "waiting"
            environ = os.environ | {"TMPDIR": scratch}
            child = subprocess.Popen([*command, "--waiting", str(waiting)], env=environ)  # noqa: S603  our own program
            status = self._wait(child, limit_s)
            # one that failed may not have got so far as to look
            self._waiting = waiting.exists() or (self._waiting and status != 0)
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
