"""Whole years of the worker's life: restarts, outages, clocks that jump."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

import app
from etl.settings.groups import Settings
from etl.worker import schedule
from tests.support.clock import MINUTE, End, at, settings


class Restart(Exception):
    """The platform ends the process."""


@dataclass
class Life:
    """Months of a worker: restarts, a source that is down, a clock that jumps; and a history.

    All times are minutes that have really passed; `offset` is how wrong the clock is.
    """

    chosen: Settings
    start: datetime
    days: int
    rng: random.Random
    jumps: bool

    def __post_init__(self) -> None:
        self.elapsed = 0.0
        self.offset = 0.0
        self.length = self.days * 1440.0
        self.deaths = self._times(every_h=40)
        self.downtime: list[tuple[float, float]] = []
        self.outages = [
            (begin, begin + self.rng.choice((20, 90, 600, 2600)) * self.rng.random())
            for begin in self._times(every_h=60)
        ]
        self.clock_jumps = self._times(every_h=50) if self.jumps else []
        self.successes: list[date] = []
        self.quiet_since = 0.0
        self.last_slot = self.slot()

    def _times(self, every_h: float) -> list[float]:
        times, moment = [], 0.0
        while moment < self.length:
            moment += self.rng.expovariate(1 / (every_h * 60))
            times.append(moment)
        return times

    def now(self) -> datetime:
        return self.start + timedelta(minutes=self.elapsed + self.offset)

    def slot(self) -> date:
        return schedule.latest_slot(
            self.now(), self.chosen.schedule.run_at, self.chosen.schedule.timezone
        )

    def latest_success(self) -> date:
        return max(self.successes, default=date.min)

    def pass_by(self, minutes: float) -> None:
        self.elapsed += minutes
        while self.clock_jumps and self.clock_jumps[0] <= self.elapsed:
            self.clock_jumps.pop(0)
            right_again = -self.offset
            self.offset += self.rng.choice((right_again, -60, 60, -1440, 1440, -90, 37))
            self.quiet_since = self.elapsed
        if self.elapsed >= self.length:
            raise End
        if self.deaths and self.deaths[0] <= self.elapsed:
            while self.deaths and self.deaths[0] <= self.elapsed:
                self.deaths.pop(0)
            raise Restart

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= app.NAP_S
        self.pass_by(seconds / 60)
        slot = self.slot()
        if slot != self.last_slot or slot <= self.latest_success():
            self.last_slot, self.quiet_since = slot, self.elapsed
        assert self.elapsed - self.quiet_since <= 60 + app.NAP_S / 60, "it stalls"

    def run_child(self, slot: date) -> bool:
        own = self.slot()
        if own <= self.latest_success():
            self.pass_by(0.01)
            return True
        self.pass_by(self.rng.uniform(0.02, 5))
        self.quiet_since = self.elapsed
        if any(begin <= self.elapsed < end for begin, end in self.outages):
            return False
        self.successes.append(own)
        return True

    def live(self) -> None:
        try:
            while True:
                born = self.elapsed
                try:
                    app.work(
                        self.chosen.schedule,
                        [app.SourceJob("coviddata", self.run_child, lambda: None)],
                        now=self.now,
                        sleep=self.sleep,
                        rng=self.rng,
                    )
                except Restart:
                    died = self.elapsed
                    self.elapsed += self.rng.choice((0.3, 5, 300, 3000)) * self.rng.random()
                    self.downtime.append((died, self.elapsed))
                    self.quiet_since = self.elapsed
                    assert self.elapsed > born
        except End:
            return

    def possible(self) -> set[date]:
        """Slots of which 70 minutes at a stretch saw the worker alive and the source up."""
        lost = sorted([*self.outages, *self.downtime, (self.length, self.length)])
        spans, free_from = [], 0.0
        for begin, end in lost:
            if begin > free_from:
                spans.append((free_from, min(begin, self.length)))
            free_from = max(free_from, end)
        where = (self.chosen.schedule.run_at, self.chosen.schedule.timezone)
        found = set()
        for begin, end in spans:
            moment = self.start + timedelta(minutes=begin)
            last = self.start + timedelta(minutes=end)
            while moment < last:
                until = min(last, schedule.next_moment(moment, *where))
                if until - moment >= 70 * MINUTE:
                    found.add(schedule.latest_slot(moment, *where))
                moment = until
        return found


WHERE = st.sampled_from(
    [("UTC", "06:00"), ("Europe/Madrid", "02:30"), ("America/New_York", "01:15"), ("UTC", "00:00")]
)


def a_life(seed: int, where: tuple[str, str], *, jumps: bool) -> Life:
    chosen = settings(TIMEZONE=where[0], RUN_AT=where[1], HEARTBEAT_MINUTES="1440")
    rng = random.Random(seed)  # noqa: S311  no secret
    life = Life(chosen, at("2026-01-01T12:00"), 250, rng, jumps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "NAP_S", 900.0)  # 250 days in half a second
        life.live()
    return life


@profile(max_examples=4)
@given(seed=st.integers(0, 2**32), where=WHERE)
def test_through_restarts_and_outages_every_slot_that_was_possible_succeeds_exactly_once(
    seed: int, where: tuple[str, str]
) -> None:
    life = a_life(seed, where, jumps=False)
    assert set(Counter(life.successes).values()) == {1}
    assert life.possible() <= set(life.successes)
    assert len(life.possible()) > 120


@profile(max_examples=4)
@given(seed=st.integers(0, 2**32), where=WHERE)
def test_whatever_the_clock_does_no_slot_succeeds_twice_and_none_stalls(
    seed: int, where: tuple[str, str]
) -> None:
    life = a_life(seed, where, jumps=True)
    assert set(Counter(life.successes).values()) == {1}
    assert len(life.successes) > 120
