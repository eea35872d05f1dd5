"""The worker's loop, and the entry point of the command line.

    python app.py              the worker: one run a day, for ever
    python app.py --help       every other command

The loop imports only the standard library and the settings; each run is a child process.
"""

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from config import load_settings
from etl import log
from etl.errors import ConfigError
from etl.extract.several import of_each
from etl.settings import doubts
from etl.settings.groups import ScheduleSettings, Settings
from etl.worker import schedule, scratch
from etl.worker.children import Children, short
from etl.worker.signals import Signals, Stop, ignore_stops

NAP_S = 60.0  # the longest single sleep, so that a jump of the clock is noticed


@dataclass(frozen=True)
class SourceJob:
    """What the loop does for a source.

    `run(slot)` makes one run and returns whether the slot is done: published, unchanged, or not
    due after all. It reads the history; the loop knows only what it did since its start, so after
    each start it calls `run` once. `at_heartbeat()` does the work between runs, such as the inbox.
    """

    source: str
    run: Callable[[date], bool]
    at_heartbeat: Callable[[], None]


@dataclass
class JobState:
    """A job's state: its slot, the time of the next try, and how often it has failed.

    `done` is the last slot that is done.
    """

    job: SourceJob
    slot: date
    try_at: datetime
    done: date | None = None
    failures: int = 0

    def update(self, moment: datetime, latest: date) -> None:
        """Move on to the latest slot, if it is a new one."""
        if self.slot != latest:
            self.slot, self.failures, self.try_at = latest, 0, moment
        self.try_at = min(self.try_at, moment + schedule.LONGEST_RETRY)  # the clock was set back

    @property
    def is_due(self) -> bool:
        return schedule.is_due(self.slot, self.done)


def work(
    plan: ScheduleSettings,
    jobs: Sequence[SourceJob],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    rng: random.Random,
) -> NoReturn:
    """Make each job's run for each slot, for ever; one at a time, the longest due first.

    A job that waits for its next try does not hold up the others.
    """
    heartbeat = timedelta(seconds=plan.heartbeat_s)
    beat_at = now()
    first = schedule.latest_slot(beat_at, plan.run_at, plan.timezone)
    states = [JobState(job, first, beat_at) for job in jobs]
    while True:
        moment = now()
        latest = schedule.latest_slot(moment, plan.run_at, plan.timezone)
        for state in states:
            state.update(moment, latest)
        beat_at = min(beat_at, moment + heartbeat)
        if due := [state for state in states if state.is_due and moment >= state.try_at]:
            make_run(min(due, key=lambda state: state.try_at), plan, now, rng)
            continue
        following = schedule.next_moment(moment, plan.run_at, plan.timezone)
        next_runs = [state.try_at if state.is_due else following for state in states]
        if moment >= beat_at:
            beat(states, next_runs)
            beat_at = moment + heartbeat
        until = (min([*next_runs, beat_at]) - moment).total_seconds()
        sleep(max(0.05, min(NAP_S, until)))


def make_run(
    state: JobState, plan: ScheduleSettings, now: Callable[[], datetime], rng: random.Random
) -> None:
    """Make the run that is due; after a failure, set and log the time of the next try."""
    if state.job.run(state.slot):
        # the clock may have been set back during the run: don't mark a slot of the future as done
        state.done = min(state.slot, schedule.latest_slot(now(), plan.run_at, plan.timezone))
        return
    state.failures += 1
    state.try_at = now() + schedule.retry_after(state.failures, rng)
    log.warning(
        "worker.retry",
        source=state.job.source,
        slot=state.slot,
        failures=state.failures,
        at=short(state.try_at),
    )


def beat(states: Sequence[JobState], next_runs: Sequence[datetime]) -> None:
    """Log that the loop is alive, and call each job's `at_heartbeat`."""
    for state, next_run in zip(states, next_runs, strict=True):
        source, last_slot = state.job.source, state.done
        log.info("worker.alive", source=source, next_run=short(next_run), last_slot=last_slot)
    for state in states:
        state.job.at_heartbeat()


def worker() -> int:
    """Run the loop until SIGTERM or SIGINT, and return the exit status."""
    try:
        settings = settings_of_worker()
    except ConfigError as exc:
        log.set_up("INFO")
        for fault in exc.faults:
            log.error("settings.wrong", error=fault)
        return 2
    log.set_up(settings.log_level)
    doubts.warn(os.environ)
    signals = Signals()
    signals.install()

    def sleep(seconds: float) -> None:
        with signals.interruptible():
            time.sleep(seconds)

    children = [children_of(one, signals) for one in of_each(settings)]
    log.info(
        "worker.started",
        run_at=settings.schedule.run_at.strftime("%H:%M"),
        timezone=settings.schedule.timezone,
        source=[child.source for child in children],
        store=settings.store.address,
    )
    if removed := scratch.clear_abandoned():
        log.info("worker.cleared", folders=len(removed))
    try:
        work(
            settings.schedule,
            [SourceJob(child.source, child.run, child.at_heartbeat) for child in children],
            now=lambda: datetime.now(UTC),
            sleep=sleep,
            rng=random.Random(),  # noqa: S311  jitter, not a secret
        )
    except Stop:
        ignore_stops()
        log.info("worker.stopped")
        return 0


def settings_of_worker() -> Settings:
    """Read the settings. Raises ConfigError, also if what is published would be wiped daily."""
    settings = load_settings()
    if wiped := doubts.on_wiped_disk(os.environ, settings.store.bucket):
        raise ConfigError(f"{wiped.what}; {wiped.step}")
    return settings


def children_of(settings: Settings, signals: Signals) -> Children:
    """Return what starts the runs of one source."""
    return Children(
        settings.source.data_set,
        signals,
        limit_s=settings.schedule.timeout_s,
        named=bool(settings.sources),
        inbox=settings.inbox.on,
    )


def end(status: int) -> NoReturn:
    """End a command's process. To free every object first would take a twentieth of a run's CPU."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader is gone
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        gc.disable()  # garbage collection takes a tenth of a run's CPU; a command ends soon
        from etl.cli.main import main

        end(main())
    sys.exit(worker())
