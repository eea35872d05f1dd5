"""The worker: a loop that sleeps, and the door to the command line.

    python app.py              the worker: one run a day, for ever
    python app.py --help       every other command

The loop holds the standard library and the settings alone; each run is a child process.
"""

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from config import load_settings, of_each
from etl import log
from etl.errors import ConfigError
from etl.settings import retired
from etl.settings.groups import Settings
from etl.worker import schedule
from etl.worker.children import Children, short
from etl.worker.signals import Signals, Stop, ignore_stops

NAP_S = 60.0  # the longest sleep at a stretch, so that a clock that jumps is noticed


@dataclass(frozen=True)
class Job:
    """What the loop does for a source, once a day.

    `run(slot)` makes one run and says whether the slot is done with: published, unchanged, or not
    due after all. It knows the history; the loop knows only its own lifetime, so after each start
    it asks once. `at_heartbeat()` does what there is to do besides the runs.
    """

    source: str
    run: Callable[[date], bool]
    at_heartbeat: Callable[[], None]


@dataclass
class Line:
    """Where a job is: its slot, when it is tried next, how often it has failed."""

    job: Job
    slot: date
    try_at: datetime
    done: date | None = None
    failures: int = 0

    def look(self, moment: datetime, latest: date) -> None:
        if self.slot != latest:
            self.slot, self.failures, self.try_at = latest, 0, moment
        self.try_at = min(self.try_at, moment + schedule.LONGEST_RETRY)  # the clock was set back

    @property
    def is_due(self) -> bool:
        return schedule.is_due(self.slot, self.done)


def work(
    settings: Settings,
    jobs: Sequence[Job],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    rng: random.Random,
) -> NoReturn:
    """Make each slot's run of each job, for ever: one at a time, none waiting for another's."""
    where = (settings.schedule.run_at, settings.schedule.timezone)
    heartbeat = timedelta(seconds=settings.schedule.heartbeat_s)
    beat_at = now()
    lines = [Line(job, schedule.latest_slot(beat_at, *where), beat_at) for job in jobs]
    while True:
        moment = now()
        latest = schedule.latest_slot(moment, *where)
        for line in lines:
            line.look(moment, latest)
        beat_at = min(beat_at, moment + heartbeat)
        if due := [line for line in lines if line.is_due and moment >= line.try_at]:
            line = min(due, key=lambda line: line.try_at)
            if line.job.run(line.slot):
                # the clock may have moved under the run: claim no more than what both ends saw
                line.done = min(line.slot, schedule.latest_slot(now(), *where))
            else:
                line.failures += 1
                line.try_at = now() + schedule.retry_after(line.failures, rng)
                log.warning(
                    "worker.retry", source=line.job.source, slot=line.slot,
                    failures=line.failures, at=short(line.try_at),
                )  # fmt: skip
            continue
        following = schedule.next_moment(moment, *where)
        next_runs = [line.try_at if line.is_due else following for line in lines]
        if moment >= beat_at:
            for line, next_run in zip(lines, next_runs, strict=True):
                log.info(
                    "worker.alive", source=line.job.source,
                    next_run=short(next_run), last_slot=line.done,
                )  # fmt: skip
            beat_at = moment + heartbeat
            for line in lines:
                line.job.at_heartbeat()
        until = (min([*next_runs, beat_at]) - moment).total_seconds()
        sleep(max(0.05, min(NAP_S, until)))


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
    retired.warn(os.environ)
    signals = Signals()
    signals.install()

    def sleep(seconds: float) -> None:
        with signals.interruptible():
            time.sleep(seconds)

    children = [
        Children(
            one.source.data_set,
            signals,
            limit_s=one.schedule.timeout_s,
            named=bool(one.sources),
            inbox=one.inbox.on,
        )
        for one in of_each(settings)
    ]
    log.info(
        "worker.started",
        run_at=settings.schedule.run_at.strftime("%H:%M"),
        timezone=settings.schedule.timezone,
        source=[child.source for child in children],
        store=settings.store.address,
    )
    try:
        work(
            settings,
            [Job(child.source, child.run, child.at_heartbeat) for child in children],
            now=lambda: datetime.now(UTC),
            sleep=sleep,
            rng=random.Random(),  # noqa: S311  jitter, not a secret
        )
    except Stop:
        ignore_stops()
        log.info("worker.stopped")
        return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        gc.disable()  # a command is short, its data columnar: the walks are a tenth of a run's CPU
        from etl.cli.main import main

        sys.exit(main())
    sys.exit(worker())
