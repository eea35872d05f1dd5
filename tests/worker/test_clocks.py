"""A clock that is set, and daylight saving."""

from collections import Counter
from datetime import date, timedelta

import pytest

from tests.support.clock import DAY, HOUR, MINUTE, NAP, World, at, live, never, settings

# ---- a clock that is set


@pytest.mark.parametrize("back", [MINUTE, HOUR, DAY])
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
