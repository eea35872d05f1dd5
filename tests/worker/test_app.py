"""The loop under a made-up clock: no real time passes, and the days are many."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from tests.support.clock import DAY, HOUR, MINUTE, World, at, live, never, settings, waits

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
