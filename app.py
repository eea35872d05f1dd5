"""The worker: a loop that sleeps, and the door to the command line.

    python app.py              the worker: one run a day, for ever
    python app.py --help       every other command

The loop holds the standard library and the settings alone. Each run is a child process
(`python app.py run --if-due`) with a time limit: what it used goes back to the system when it
ends, and a crash, a hang or a kill for memory takes the child, never the loop.
"""

import gc
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from config import Settings, load_settings
from etl import log, schedule
from etl.errors import ConfigError

NAP_S = 60.0  # the longest sleep at a stretch, so that a clock that jumps is noticed
GRACE_S = 7.0  # for the child to end after SIGTERM; the platform kills everything after 30 s
RECORD_LIMIT_S = 120.0  # for the child that puts a lost run on record
INBOX_LIMIT_S = 600.0  # for the child that reads the inbox, which ends by itself long before
STOPS = (signal.SIGTERM, signal.SIGINT)
STOPPED = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)


class Stop(BaseException):
    """SIGTERM or SIGINT came; raised only where the loop waits."""


class Signals:
    """Turns SIGTERM and SIGINT into Stop, in the places that are marked as interruptible."""

    def __init__(self) -> None:
        self._came = self._waiting = False

    def install(self) -> None:
        for number in STOPS:
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """From here on: one that comes while the process ends would change its exit status."""
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        if self._waiting:
            self._waiting = False
            raise Stop

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        self._waiting = True
        try:
            if self._came:
                raise Stop
            yield
        finally:
            self._waiting = False


def work(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    run_child: Callable[[date], bool],
    at_heartbeat: Callable[[], None],
    rng: random.Random,
) -> NoReturn:
    """Make each slot's run, for ever.

    `run_child(slot)` makes one run and says whether the slot is done with: published, unchanged,
    or not due after all. It knows the history; the loop knows only its own lifetime, so after each
    start it asks once. `at_heartbeat()` does what is to be done besides the runs.
    """
    where = (settings.run_at, settings.timezone)
    heartbeat = timedelta(minutes=settings.heartbeat_minutes)
    slot = schedule.latest_slot(now(), *where)
    done: date | None = None
    failures = 0
    try_at = beat_at = now()
    while True:
        moment = now()
        if slot != (latest := schedule.latest_slot(moment, *where)):
            slot, failures, try_at = latest, 0, moment
        try_at = min(try_at, moment + schedule.LONGEST_RETRY)  # the clock was set back
        beat_at = min(beat_at, moment + heartbeat)
        if schedule.is_due(slot, done) and moment >= try_at:
            if run_child(slot):
                # the clock may have moved under the run: claim no more than what both ends saw
                done = min(slot, schedule.latest_slot(now(), *where))
            else:
                failures += 1
                try_at = now() + schedule.retry_after(failures, rng)
                log.warning("worker.retry", slot=slot, failures=failures, at=_short(try_at))
            continue
        next_run = try_at if schedule.is_due(slot, done) else schedule.next_moment(moment, *where)
        if moment >= beat_at:
            log.info("worker.alive", next_run=_short(next_run), last_slot=done)
            beat_at = moment + heartbeat
            at_heartbeat()
        until = (min(next_run, beat_at) - moment).total_seconds()
        sleep(max(0.05, min(NAP_S, until)))


def _short(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Children:
    """Starts the runs as child processes and ends them in time."""

    def __init__(self, settings: Settings, signals: Signals) -> None:
        self._limit_s = settings.run_timeout_minutes * 60
        self._signals = signals
        self._failures = 0
        self._failing_since = datetime.now(UTC)
        self._inbox = settings.inbox
        self._waiting = False  # alerts

    def run(self, slot: date) -> bool:
        started = datetime.now(UTC)
        try:
            done = self._run(slot, started)
        except OSError as exc:  # no memory, disk or process number to spare; it passes
            log.error("worker.run_lost", slot=slot, error=f"no process could be started: {exc}")
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
                    log.error("inbox.failed", error=why)
            elif self._waiting:
                self._start(["tell-pending"], RECORD_LIMIT_S)
        except OSError as exc:
            log.warning("worker.no_child", error=f"no process could be started: {exc}")

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
        log.error("worker.run_lost", slot=slot, error=why)
        # the dead can't write: another child records the failure in the history
        recorded = self._start(
            ["record-failure", "--slot", str(slot), "--started", _short(started), "--error", why],
            RECORD_LIMIT_S,
        )
        if recorded != 0:
            log.error("history.not_written", slot=slot, error=why)
        return False

    def _start(self, arguments: list[str], limit_s: float) -> int | None:
        """The child's exit status; None if it had to be killed at its time limit."""
        command = [sys.executable, str(Path(__file__).resolve()), *arguments]
        if self._failures:
            command += ["--failures", str(self._failures)]
            command += ["--failing-since", _short(self._failing_since)]
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


def worker() -> int:
    """Run the loop until SIGTERM or SIGINT; the exit status."""
    try:
        settings = load_settings()
    except ConfigError as exc:
        log.set_up("INFO")
        for fault in exc.faults:
            log.error("settings.wrong", error=fault)
        return 2
    log.set_up(settings.log_level)
    signals = Signals()
    signals.install()

    def sleep(seconds: float) -> None:
        with signals.interruptible():
            time.sleep(seconds)

    children = Children(settings, signals)
    log.info(
        "worker.started", run_at=settings.run_at.strftime("%H:%M"), timezone=settings.timezone,
        source=settings.source, store=settings.store_address,
    )  # fmt: skip
    try:
        work(
            settings,
            now=lambda: datetime.now(UTC),
            sleep=sleep,
            run_child=children.run,
            at_heartbeat=children.at_heartbeat,
            rng=random.Random(),  # noqa: S311  jitter, not a secret
        )
    except Stop:
        signals.ignore()
        log.info("worker.stopped")
        return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        gc.disable()  # a command is short, its data columnar: the walks are a tenth of a run's CPU
        from etl.cli import main

        sys.exit(main())
    sys.exit(worker())
