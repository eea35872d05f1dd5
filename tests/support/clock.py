"""Run the worker's loop under a simulated clock, so that many days take no real time."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

import app
from config import read_settings
from etl.settings.groups import Settings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

NAP = timedelta(seconds=app.NAP_S)


def settings(**over: str) -> Settings:
    return read_settings({"RUN_AT": "06:00", **over})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class End(Exception):
    """Raised to end the worker's endless loop."""


@dataclass
class World:
    """A clock that moves only when the loop sleeps or a run takes its time.

    `clock`: the machine's clock. `elapsed`: the time that has passed. `events` happen during the
    sleep that reaches their time.
    """

    clock: datetime
    end: timedelta
    answer: Callable[["World", date], bool] = lambda world, slot: True
    takes: timedelta = timedelta(0)
    elapsed: timedelta = timedelta(0)
    events: list[tuple[timedelta, timedelta]] = field(default_factory=list)
    runs: list[tuple[datetime, date]] = field(default_factory=list)
    run_at: list[timedelta] = field(default_factory=list)
    told_at: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 60
        self.pass_by(timedelta(seconds=seconds))
        if self.elapsed >= self.end:
            raise End

    def pass_by(self, time: timedelta) -> None:
        self.clock += time
        self.elapsed += time
        while self.events and self.events[0][0] <= self.elapsed:
            self.clock += self.events.pop(0)[1]

    def run_child(self, slot: date) -> bool:
        self.runs.append((self.clock, slot))
        self.run_at.append(self.elapsed)
        assert len(self.runs) < 5000, "it runs without a pause"
        self.pass_by(self.takes)
        return self.answer(self, slot)

    def tell_waiting(self) -> None:
        self.told_at.append(self.clock)

    @property
    def slots(self) -> list[date]:
        return [slot for _, slot in self.runs]

    @property
    def pauses(self) -> list[timedelta]:
        return [after - before for before, after in pairwise(self.run_at)]


def live(world: World, chosen: Settings | None = None) -> World:
    """Run the worker until the world raises End."""
    with pytest.raises(End):
        app.work(
            (chosen or settings()).schedule,
            [app.SourceJob("coviddata", world.run_child, world.tell_waiting)],
            now=world.now,
            sleep=world.sleep,
            rng=random.Random(7),  # noqa: S311  no secret
        )
    return world


def never(world: World, slot: date) -> bool:
    return False


def waits(first: float = 1.0) -> Iterator[timedelta]:
    """Yield the longest pauses between failures: 1, 2, 4 ... 60 minutes."""
    while True:
        yield first * MINUTE
        first = min(2 * first, 60)
