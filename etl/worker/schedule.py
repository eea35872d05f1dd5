"""When is the next run due? Pure: no clock is read here, no file, no store.

A slot is a calendar day in TIMEZONE, and its moment is RUN_AT on that day. Naming slots by day
keeps "once a day" true through daylight saving and when RUN_AT itself is changed.
"""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=60)
CLOCK_SET_BACK = timedelta(days=7)


def moment(slot: date, run_at: time, timezone: ZoneInfo) -> datetime:
    """When a slot begins, in UTC.

    Where the clock skips RUN_AT it is as much later as the clock skips; where the clock shows
    RUN_AT twice it is the first time.
    """
    return datetime.combine(slot, run_at, tzinfo=timezone).astimezone(UTC)


def latest_slot(now: datetime, run_at: time, timezone: ZoneInfo) -> date:
    """The slot whose moment passed last."""
    # not always today's or yesterday's: the clock may be put back over midnight, or skip it
    slot = now.astimezone(timezone).date() + timedelta(days=1)
    while moment(slot, run_at, timezone) > now:
        slot -= timedelta(days=1)
    return slot


def next_moment(now: datetime, run_at: time, timezone: ZoneInfo) -> datetime:
    """When the next slot begins, in UTC; always later than `now`."""
    return moment(latest_slot(now, run_at, timezone) + timedelta(days=1), run_at, timezone)


def is_due(slot: date, success: date | None) -> bool:
    """Whether the slot is still to be made, though there was a success for another one.

    One for a slot a little later counts (the clock was set back); one for a slot further ahead is
    of a clock that was wrong, and must not keep the worker from its work.
    """
    return success is None or not slot <= success <= slot + CLOCK_SET_BACK


def retry_after(failures: int, rng: random.Random) -> timedelta:
    """How long to wait after so many failures in a row: 1, 2, 4 ... at most 60 minutes.

    Jitter takes off up to a quarter, so that many workers don't return to a source at once.
    """
    doubled = FIRST_RETRY * (1 << min(failures - 1, 10))
    return min(doubled, LONGEST_RETRY) * rng.uniform(0.75, 1)
