"""Compute when the next run is due. Pure: reads no clock, file or store.

A slot is a calendar day in TIMEZONE, and its moment is RUN_AT on that day. Since slots are named by
their day, "once a day" stays true through daylight saving and after RUN_AT was changed.
"""

import random
from datetime import UTC, date, datetime, time, timedelta, tzinfo

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=60)
CLOCK_SET_BACK = timedelta(days=1)


def moment(slot: date, run_at: time, timezone: tzinfo) -> datetime:
    """Return when a slot begins, in UTC.

    On a day when the clock skips RUN_AT, the slot begins later by the time skipped. On a day when
    the clock shows RUN_AT twice, the first one counts.
    """
    return datetime.combine(slot, run_at, tzinfo=timezone).astimezone(UTC)


def latest_slot(now: datetime, run_at: time, timezone: tzinfo) -> date:
    """Return the slot that began last."""
    # not always today's or yesterday's: the clock may be set back across midnight, or skip it
    slot = now.astimezone(timezone).date() + timedelta(days=1)
    while moment(slot, run_at, timezone) > now:
        slot -= timedelta(days=1)
    return slot


def next_moment(now: datetime, run_at: time, timezone: tzinfo) -> datetime:
    """Return when the next slot begins, in UTC; always later than `now`."""
    return moment(latest_slot(now, run_at, timezone) + timedelta(days=1), run_at, timezone)


def is_due(slot: date, success: date | None) -> bool:
    """Say whether a slot's run is still to be made; `success` is the slot of the last success.

    A success for a slot up to CLOCK_SET_BACK later counts: the clock was set back. One further
    ahead came from a wrong clock, and must not keep the worker from running.
    """
    return success is None or not slot <= success <= slot + CLOCK_SET_BACK


def retry_after(failures: int, rng: random.Random) -> timedelta:
    """Return how long to wait after so many failures in a row: 1, 2, 4 ... at most 60 minutes.

    Jitter takes off up to a quarter, so that many workers don't return to a source at once.
    """
    doubled = FIRST_RETRY * (1 << min(failures - 1, 10))
    return min(doubled, LONGEST_RETRY) * rng.uniform(0.75, 1)
