"""The loop under a made-up clock: no real time passes, and the days are many."""

import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

import app
from config import read_settings
from etl import log
from etl.settings.groups import Settings
from etl.worker import schedule
from etl.worker.children import Children
from etl.worker.handover import Handover
from etl.worker.signals import Signals, Stop

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAP = timedelta(seconds=app.NAP_S)


def settings(**over: str) -> Settings:
    return read_settings({"RUN_AT": "06:00", **over})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class End(Exception):
    """The test has seen enough."""


@dataclass
class World:
    """A clock that moves only when the loop sleeps or a run takes its time.

    `clock` is what the machine shows, `elapsed` the time that has really passed; `events` happen
    in the sleep that reaches them.
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
    """Let the worker work until the world ends."""
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
    """The pauses between failures at their longest: 1, 2, 4 ... 60 minutes."""
    while True:
        yield first * MINUTE
        first = min(2 * first, 60)


@pytest.fixture
def lines() -> Iterator[Callable[[str], list[str]]]:
    """The log lines of an event so far."""
    stream = StringIO()
    log.set_up("INFO", stream)
    yield lambda event: [line for line in stream.getvalue().splitlines() if line.startswith(event)]
    log.reset()


# ---- one run a slot


def test_each_slot_gets_one_run_at_its_moment() -> None:
    world = live(World(at("2026-01-01T05:00"), end=10 * DAY))
    asked, *daily = world.runs
    assert asked == (at("2026-01-01T05:00"), date(2025, 12, 31))
    assert daily == [(at(f"2026-01-{n:02}T06:00"), date(2026, 1, n)) for n in range(1, 11)]


def test_after_a_start_it_asks_once_and_then_waits_for_the_next_slot() -> None:
    world = live(World(at("2026-01-01T10:00"), end=DAY))
    assert world.runs == [
        (at("2026-01-01T10:00"), date(2026, 1, 1)),
        (at("2026-01-02T06:00"), date(2026, 1, 2)),
    ]


def test_a_start_at_the_very_moment_of_a_slot_makes_that_slots_run() -> None:
    assert live(World(at("2026-01-01T06:00"), end=HOUR)).slots == [date(2026, 1, 1)]


def test_after_downtime_the_latest_slot_alone_is_made_up_for() -> None:
    done = live(World(at("2026-01-01T05:00"), end=2 * HOUR)).slots[-1]
    assert done == date(2026, 1, 1)
    world = live(World(at("2026-01-08T14:00"), end=HOUR))
    assert world.runs == [(at("2026-01-08T14:00"), date(2026, 1, 8))]


def test_a_process_that_was_asleep_for_days_makes_up_for_the_latest_slot_alone() -> None:
    world = World(at("2026-01-01T07:00"), end=8 * DAY, events=[(3 * HOUR, 4.5 * DAY)])
    assert live(world).slots[:3] == [date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 6)]


def test_a_run_that_goes_on_past_the_next_slot_leaves_that_slot_to_be_made() -> None:
    world = live(World(at("2026-01-01T05:59"), end=DAY, takes=2 * MINUTE))
    assert (
        world.runs
        == [
            (at("2026-01-01T05:59"), date(2025, 12, 31)),
            (at("2026-01-01T06:01"), date(2026, 1, 1)),
            (at("2026-01-02T06:00"), date(2026, 1, 2)),
        ][: len(world.runs)]
    )
    assert len(world.runs) >= 2


# ---- failures


def test_failures_are_tried_again_after_1_2_4_and_at_most_60_minutes() -> None:
    world = live(World(at("2026-01-01T06:00"), end=23 * HOUR, answer=never))
    assert set(world.slots) == {date(2026, 1, 1)}
    assert len(world.pauses) > 20
    for pause, longest in zip(world.pauses, waits(), strict=False):
        assert 0.75 * longest <= pause <= longest


def test_the_pauses_differ_so_that_many_workers_do_not_return_at_once() -> None:
    world = live(World(at("2026-01-01T06:00"), end=23 * HOUR, answer=never))
    assert len(set(world.pauses[7:])) > 5


def test_it_tries_until_the_slot_succeeds_and_then_waits_for_the_next() -> None:
    world = World(at("2026-01-01T06:00"), end=1.1 * DAY, answer=lambda w, slot: len(w.runs) >= 5)
    assert live(world).slots == [date(2026, 1, 1)] * 5 + [date(2026, 1, 2)]


def test_the_next_slot_begins_at_its_moment_with_fresh_counters() -> None:
    world = live(World(at("2026-01-01T06:00"), end=1.5 * DAY, answer=never))
    second = [moment for moment, slot in world.runs if slot == date(2026, 1, 2)]
    assert second[0] == at("2026-01-02T06:00")
    for (before, after), longest in zip(pairwise(second), waits(), strict=False):
        assert 0.75 * longest <= after - before <= longest


def test_the_pause_counts_from_the_end_of_the_run_that_failed() -> None:
    world = live(World(at("2026-01-01T06:00"), end=3 * HOUR, answer=never, takes=30 * MINUTE))
    assert world.pauses[0] - 30 * MINUTE >= 0.75 * MINUTE


def test_a_retry_is_logged_with_its_count_and_its_time(lines: Callable[[str], list[str]]) -> None:
    world = World(at("2026-01-01T06:00"), end=HOUR, answer=lambda w, slot: len(w.runs) > 2)
    live(world)
    first, second = lines("worker.retry")
    assert re.fullmatch(
        r"worker\.retry level=warning source=coviddata slot=2026-01-01 failures=1 "
        r"at=2026-01-01T06:00:\d\dZ",
        first,
    )
    assert "failures=2" in second


# ---- heartbeat


def fields(line: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in line.split()[1:])


@pytest.mark.parametrize("minutes", ["0.5", "7", "60", "90"])
def test_it_logs_that_it_lives_and_when_the_next_run_is_due(
    minutes: str, lines: Callable[[str], list[str]]
) -> None:
    moments: list[datetime] = []
    world = World(at("2026-01-01T07:00"), end=4 * HOUR)
    slept = world.sleep

    def sleep(seconds: float) -> None:
        moments.extend([world.clock] * (len(lines("worker.alive")) - len(moments)))
        slept(seconds)

    world.sleep = sleep  # type: ignore[method-assign]
    live(world, settings(HEARTBEAT_MINUTES=minutes))
    every = timedelta(minutes=float(minutes))
    assert moments == [at("2026-01-01T07:00") + n * every for n in range(len(moments))]
    assert len(moments) >= 4 * HOUR // every
    for line in lines("worker.alive"):
        assert fields(line) == {
            "source": "coviddata",
            "next_run": "2026-01-02T06:00:00Z",
            "last_slot": "2026-01-01",
        }


def test_at_each_heartbeat_what_waits_to_be_told_is_tried_again(
    lines: Callable[[str], list[str]],
) -> None:
    world = live(World(at("2026-01-01T07:00"), end=4 * HOUR))
    assert len(lines("worker.alive")) == len(world.told_at) >= 4
    assert world.told_at == [at("2026-01-01T07:00") + n * HOUR for n in range(len(world.told_at))]


def test_between_failures_the_heartbeat_names_the_next_try(
    lines: Callable[[str], list[str]],
) -> None:
    live(World(at("2026-01-01T06:00"), end=10 * HOUR, answer=never))
    tries = {fields(line)["at"] for line in lines("worker.retry")}
    alive = [fields(line) for line in lines("worker.alive")]
    assert len(alive) >= 9
    assert all(beat["next_run"] in tries for beat in alive)
    assert all(beat["last_slot"] == "" for beat in alive)


@pytest.mark.parametrize("jump", [-DAY, -HOUR, HOUR, DAY])
def test_a_clock_that_jumps_does_not_silence_the_heartbeat(
    jump: timedelta, lines: Callable[[str], list[str]]
) -> None:
    world = World(at("2026-01-01T12:00"), end=10 * HOUR, events=[(5 * HOUR, jump)])
    live(world)
    assert 9 <= len(lines("worker.alive")) <= 12


# ---- a clock that is set


@pytest.mark.parametrize("back", [MINUTE, HOUR, DAY, 3 * DAY])
@pytest.mark.parametrize("after", [timedelta(seconds=30), 12 * HOUR])
def test_a_clock_set_back_makes_no_slot_run_twice(back: timedelta, after: timedelta) -> None:
    world = World(at("2026-01-10T05:00"), end=5 * DAY, events=[(HOUR + after, -back)])
    counted = Counter(live(world).slots)
    assert set(counted.values()) == {1}
    through = (world.clock - 6 * HOUR).date()
    assert set(counted) == {
        date(2026, 1, 9) + n * DAY for n in range((through - date(2026, 1, 9)).days + 1)
    }


@pytest.mark.parametrize("back", [HOUR, DAY, 400 * DAY])
def test_a_clock_set_back_between_failures_delays_the_next_try_by_no_more_than_the_longest_pause(
    back: timedelta,
) -> None:
    world = World(at("2026-01-10T06:00"), end=9 * HOUR, answer=never, events=[(5 * HOUR, -back)])
    live(world)
    assert max(world.pauses) <= 2 * HOUR + NAP
    last_before = max(moment for moment in world.run_at if moment <= 5 * HOUR)
    next_after = min(moment for moment in world.run_at if moment > 5 * HOUR)
    assert next_after - max(last_before, 5 * HOUR) <= HOUR + NAP


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_clock_set_back_under_a_run_leaves_no_slot_out(back: timedelta) -> None:
    history: set[date] = set()

    def child(world: World, slot: date) -> bool:
        """As the real one: it looks into the history at its start."""
        if len(world.runs) == 2:
            history.add(slot)
            world.clock -= back
        elif slot not in history:
            history.add(slot)
            published.append(slot)
        return True

    published: list[date] = []
    live(World(at("2026-01-10T05:30"), end=5 * DAY, answer=child))
    assert published == sorted(set(published))
    assert history >= {date(2026, 1, n) for n in range(9, 14)}


def test_a_clock_put_right_under_a_run_leaves_no_slot_out() -> None:
    history = {date(2026, 1, 9)}

    def child(world: World, slot: date) -> bool:
        if slot == date(2026, 1, 11) and len(world.runs) == 2:
            world.clock -= 25 * HOUR  # and so the run finds that nothing is due
        else:
            history.add(slot)
        return True

    events = [(10 * MINUTE, 25 * HOUR)]
    live(World(at("2026-01-10T05:30"), end=4 * DAY, answer=child, events=events))
    assert history == {date(2026, 1, n) for n in range(9, 14)}


@pytest.mark.parametrize("ahead", [HOUR, DAY, 30 * DAY])
def test_a_clock_set_ahead_brings_the_slot_forward_within_a_minute(ahead: timedelta) -> None:
    world = World(at("2026-01-10T05:30"), end=20 * MINUTE, events=[(10 * MINUTE, ahead)])
    live(world)
    assert len(world.runs) == 2
    assert world.run_at[1] <= 10 * MINUTE + NAP


@pytest.mark.parametrize("ahead", [HOUR, DAY])
def test_a_clock_that_goes_ahead_and_is_put_right_makes_no_slot_run_twice(
    ahead: timedelta,
) -> None:
    events = [(10 * MINUTE, ahead), (3 * HOUR, -ahead)]
    world = live(World(at("2026-01-10T05:30"), end=6 * DAY, events=events))
    assert set(Counter(world.slots).values()) == {1}
    assert set(world.slots) >= {date(2026, 1, n) for n in range(11, 16)}


# ---- daylight saving


@pytest.mark.parametrize("run_at", ["00:00", "00:30", "02:30", "23:59"])
@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        ("Europe/Madrid", "2026-03-29"),
        ("Europe/Madrid", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("America/Havana", "2026-03-08"),
        ("America/Havana", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_the_days_on_which_the_clock_changes_have_exactly_one_run(
    timezone: str, day: str, run_at: str
) -> None:
    chosen = settings(TIMEZONE=timezone, RUN_AT=run_at)
    world = live(World(at(day) - DAY, end=3.5 * DAY), chosen)
    assert set(Counter(world.slots).values()) == {1}
    assert {date.fromisoformat(day) + n * DAY for n in (-1, 0, 1)} <= set(world.slots)


# ---- whole years of bad luck


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


# ---- children


def test_a_child_that_cannot_be_started_is_a_failure_and_no_end_of_the_loop(
    lines: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "not-here"))
    worker = children()
    assert worker.run(date(2026, 1, 1)) is False
    (line,) = lines("worker.run_lost")
    assert "no process could be started" in line


def children(**over: Any) -> Children:
    return Children("coviddata", Signals(), **{"limit_s": 60.0, **over})


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """A script instead of Python: it notes its arguments, and fails while `down` exists.

    While `waits` exists, it says that an alert waits.
    """
    noted, script = tmp_path / "noted", tmp_path / "python"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {noted}\n'
        f'echo "$CLOUD_ETL_WORKER" >> {tmp_path}/handed\n'
        f'[ -e {tmp_path}/waits ] && touch "$TMPDIR/waiting"\n'
        f"[ ! -e {tmp_path}/down ]\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    return lambda: [line.split()[1:] for line in noted.read_text().splitlines()]


def handed(folder: Path) -> list[Handover]:
    """What each child of `pretender` was handed."""
    lines = (folder / "handed").read_text().splitlines()
    return [Handover.received({"CLOUD_ETL_WORKER": line}) for line in lines]


def test_a_child_hears_how_many_runs_have_failed_in_a_row_and_since_when(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children()
    (tmp_path / "down").touch()
    began = datetime.now(UTC).replace(microsecond=0)
    for day in (1, 1, 2):
        assert not worker.run(date(2026, 1, day))
    (tmp_path / "down").unlink()
    assert worker.run(date(2026, 1, 2))
    assert worker.run(date(2026, 1, 3))
    assert pretender() == [["run", "--if-due"]] * 5
    first, *failing, fifth = handed(tmp_path)
    assert [one.failures for one in (first, *failing, fifth)] == [0, 1, 2, 3, 0]
    assert first.failing_since is fifth.failing_since is None
    for one in failing:
        assert one.failing_since
        assert began <= one.failing_since <= datetime.now(UTC)


def test_a_handover_is_read_as_it_was_written_and_a_person_hands_nothing_over() -> None:
    since = datetime(2026, 1, 1, 6, 0, 1, tzinfo=UTC)
    for one in (Handover(), Handover(2, since, Path("/tmp/a b/waiting"))):  # noqa: S108  not made
        assert Handover.received(one.environ()) == one
    assert Handover.received({}) == Handover()


def test_what_waits_to_be_told_is_tried_again_until_it_is_told(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children()
    worker.at_heartbeat()
    (tmp_path / "waits").touch()
    assert worker.run(date(2026, 1, 1))
    worker.at_heartbeat()
    (tmp_path / "waits").unlink()
    (tmp_path / "down").touch()
    worker.at_heartbeat()  # it could not even look
    (tmp_path / "down").unlink()
    worker.at_heartbeat()
    worker.at_heartbeat()
    assert pretender() == [
        ["run", "--if-due"],
        ["tell-pending"],
        ["tell-pending"],
        ["tell-pending"],
    ]


def test_with_an_inbox_each_heartbeat_reads_it_and_sends_what_waits_too(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children(inbox=True)
    (tmp_path / "waits").touch()
    worker.at_heartbeat()
    (tmp_path / "down").touch()
    worker.at_heartbeat()
    assert pretender() == [["read-inbox"], ["read-inbox"]]


def test_an_inbox_that_hangs_is_ended_and_that_is_said(
    lines: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    children(inbox=True, inbox_limit_s=0.2).at_heartbeat()
    (line,) = lines("inbox.failed")
    assert "killed: still running after 0.2 s" in line


@pytest.mark.usefixtures("as_before")
def test_a_stop_that_comes_between_two_waits_is_raised_at_the_next() -> None:
    signals = Signals()
    signals.install()
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stop), signals.interruptible():
        pytest.fail("it went in")
