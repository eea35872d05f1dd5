import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.worker.schedule import is_due, latest_slot, moment, next_moment, retry_after

MADRID = ZoneInfo("Europe/Madrid")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its summer time is half an hour
ZONES = [
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Nuuk",  # put forward at 23:00, over midnight
    "America/Havana",  # put forward at midnight, back at 01:00 to midnight
    "America/Santiago",  # put back at midnight
    "America/Asuncion",
    "America/St_Johns",  # until 2011 put back at 00:01, so that a day began twice
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Antarctica/Troll",  # by two hours
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Etc/GMT+12",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
times = st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0))
moments = st.integers(0, 30 * 366 * 86_400).map(
    lambda seconds: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
midnights = st.builds(  # where the rules get odd
    lambda day, zone, minutes: (
        datetime.combine(day, time(), zone).astimezone(UTC) + timedelta(minutes=minutes)
    ),
    st.dates(date(2005, 1, 1), date(2034, 12, 31)),
    zones,
    st.integers(-180, 180),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(first: str, hours: int, run_at: time, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The slots that begin in so many hours, with their moments, as a clock that ticks finds them.

    Each minute is looked at, so a slot that came twice or never would show.
    """
    now, found = utc(first), []
    slot = latest_slot(now - timedelta(minutes=1), run_at, zone)
    for _ in range(hours * 60):
        if (latest := latest_slot(now, run_at, zone)) != slot:
            found.append((str(latest), now.strftime("%m-%dT%H:%M")))
            slot = latest
        now += timedelta(minutes=1)
    return found


# Daylight saving


def test_madrid_in_spring_runs_at_the_same_wall_time_an_hour_earlier_in_utc() -> None:
    assert slots("2021-03-27T00:00", 72, time(6), MADRID) == [
        ("2021-03-27", "03-27T05:00"),
        ("2021-03-28", "03-28T04:00"),
        ("2021-03-29", "03-29T04:00"),
    ]


def test_a_time_that_the_clock_skips_is_an_hour_later_and_comes_once() -> None:
    assert slots("2021-03-27T00:00", 72, time(2, 30), MADRID) == [
        ("2021-03-27", "03-27T01:30"),
        ("2021-03-28", "03-28T01:30"),  # 03:30 summer time
        ("2021-03-29", "03-29T00:30"),
    ]
    local = moment(date(2021, 3, 28), time(2, 30), MADRID).astimezone(MADRID)
    assert local.strftime("%H:%M") == "03:30"


def test_a_time_that_the_clock_shows_twice_is_the_first() -> None:
    assert slots("2021-10-30T00:00", 72, time(2, 30), MADRID) == [
        ("2021-10-30", "10-30T00:30"),
        ("2021-10-31", "10-31T00:30"),  # and not again at 01:30
        ("2021-11-01", "11-01T01:30"),
    ]


def test_new_york_skips_and_repeats_too() -> None:
    assert slots("2021-03-13T00:00", 72, time(2), NEW_YORK) == [
        ("2021-03-13", "03-13T07:00"),
        ("2021-03-14", "03-14T07:00"),  # 03:00 summer time
        ("2021-03-15", "03-15T06:00"),
    ]
    assert slots("2021-11-06T00:00", 72, time(1, 59), NEW_YORK) == [
        ("2021-11-06", "11-06T05:59"),
        ("2021-11-07", "11-07T05:59"),
        ("2021-11-08", "11-08T06:59"),
    ]


def test_lord_howe_moves_by_half_an_hour() -> None:
    assert slots("2021-04-02T12:00", 72, time(1, 45), LORD_HOWE) == [
        ("2021-04-03", "04-02T14:45"),
        ("2021-04-04", "04-03T14:45"),  # shown again half an hour later
        ("2021-04-05", "04-04T15:15"),
    ]
    assert slots("2021-10-01T12:00", 72, time(2, 15), LORD_HOWE) == [
        ("2021-10-02", "10-01T15:45"),
        ("2021-10-03", "10-02T15:45"),  # 02:45 summer time
        ("2021-10-04", "10-03T15:15"),
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("run_at", [time(0, 0), time(23, 59)])
def test_slots_at_midnight_come_once_a_day(zone: str, run_at: time) -> None:
    where = run_at, ZoneInfo(zone)
    now = utc("2021-01-01T00:00")
    slot = latest_slot(now, *where)
    for _ in range(366):
        now = next_moment(now, *where)
        slot += timedelta(days=1)
        assert latest_slot(now, *where) == slot
        assert latest_slot(now - timedelta(seconds=1), *where) == slot - timedelta(days=1)


def test_a_slot_that_begins_behind_midnight_is_not_taken_early() -> None:
    # the clock goes from 23:00 on the 30th to midnight; 23:30 is 00:30 on the 31st
    nuuk = ZoneInfo("America/Nuuk")
    begins = moment(date(2024, 3, 30), time(23, 30), nuuk)
    assert begins == utc("2024-03-31T01:30")
    early = begins - timedelta(minutes=20)
    assert early.astimezone(nuuk).date() == date(2024, 3, 31)
    assert latest_slot(early, time(23, 30), nuuk) == date(2024, 3, 29)
    assert latest_slot(begins, time(23, 30), nuuk) == date(2024, 3, 30)


def test_a_day_that_begins_twice_has_one_slot() -> None:
    # 00:01 on the 7th became 23:01 on the 6th
    st_johns = ZoneInfo("America/St_Johns")
    begins = moment(date(2010, 11, 7), time(0, 0), st_johns)
    later = begins + timedelta(minutes=30)
    assert later.astimezone(st_johns).date() == date(2010, 11, 6)
    assert latest_slot(later, time(0, 0), st_johns) == date(2010, 11, 7)
    assert next_moment(later, time(0, 0), st_johns) > later


# Always


@given(moments | midnights, times, zones)
def test_now_lies_between_the_latest_slot_and_the_next(
    now: datetime, run_at: time, zone: ZoneInfo
) -> None:
    slot, following = latest_slot(now, run_at, zone), next_moment(now, run_at, zone)
    assert moment(slot, run_at, zone) <= now < following
    assert following.tzinfo is UTC


@given(moments | midnights, times, zones)
def test_successive_slots_are_successive_days(now: datetime, run_at: time, zone: ZoneInfo) -> None:
    slot, following = latest_slot(now, run_at, zone), next_moment(now, run_at, zone)
    assert latest_slot(following, run_at, zone) == slot + timedelta(days=1)
    assert latest_slot(following - timedelta(seconds=1), run_at, zone) == slot
    assert timedelta(hours=20) <= following - moment(slot, run_at, zone) <= timedelta(hours=28)


@given(moments, times, zones, zones)
def test_the_zone_that_now_is_told_in_makes_no_difference(
    now: datetime, run_at: time, zone: ZoneInfo, elsewhere: ZoneInfo
) -> None:
    told = now.astimezone(elsewhere)
    assert latest_slot(told, run_at, zone) == latest_slot(now, run_at, zone)
    assert next_moment(told, run_at, zone) == next_moment(now, run_at, zone)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=3)), times, zones)
def test_slots_never_go_back_while_time_goes_on(
    now: datetime, passed: timedelta, run_at: time, zone: ZoneInfo
) -> None:
    assert latest_slot(now, run_at, zone) <= latest_slot(now + passed, run_at, zone)


def test_the_moment_itself_belongs_to_the_slot() -> None:
    six = utc("2021-02-16T06:00")
    assert latest_slot(six, time(6), ZoneInfo("UTC")) == date(2021, 2, 16)
    assert latest_slot(six - timedelta(microseconds=1), time(6), ZoneInfo("UTC")) == date(
        2021, 2, 15
    )
    assert next_moment(six, time(6), ZoneInfo("UTC")) == utc("2021-02-17T06:00")


# Due


def test_a_slot_is_due_until_it_or_a_later_one_succeeded() -> None:
    slot = date(2021, 2, 16)
    assert is_due(slot, None)
    assert is_due(slot, date(2021, 2, 15))
    assert not is_due(slot, slot)
    assert not is_due(slot, date(2021, 2, 17))
    assert is_due(slot, date(2021, 2, 18))  # of a clock that was wrong


# Retries


class Edge(random.Random):
    """Jitter at one of its ends."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


MINUTES = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 60, 8: 60, 11: 60, 12: 60, 1000: 60}


@pytest.mark.parametrize(("failures", "minutes"), MINUTES.items())
def test_a_retry_waits_1_2_4_to_60_minutes_less_a_quarter_at_most(
    failures: int, minutes: int
) -> None:
    assert retry_after(failures, Edge(1)) == timedelta(minutes=minutes)
    assert retry_after(failures, Edge(0)) == timedelta(minutes=minutes) * 0.75


@given(st.integers(1, 10**9), st.integers())
def test_every_wait_lies_within_those_bounds(failures: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  jitter, not a secret
    longest = timedelta(minutes=min(60, 2 ** min(failures - 1, 6)))
    waits = [retry_after(failures, rng) for _ in range(5)]
    assert all(0.75 * longest <= wait <= longest for wait in waits)
    assert len(set(waits)) == 5
