"""What an operator asks first: what is published, is it fresh, and when is the next run? Pure."""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from etl.history.history import History
from etl.history.record import SUCCESS, Outcome, standstill
from etl.settings.groups import ScheduleSettings, Settings
from etl.worker import schedule


class Overview(Struct, frozen=True):
    """The state of a folder; `well` is False if the last run failed or a slot is overdue.

    A slot is overdue if it has no successful run RUN_TIMEOUT_MINUTES after it began.
    `unchanged_since` is the slot since which the source's bytes have been the same. Times are
    in UTC.
    """

    well: bool
    where: str
    published_run: str | None
    rows: int | None
    series: int | None
    checked_at: datetime | None
    outcome: Outcome | None
    failure: str | None
    next_run: datetime
    overdue: bool
    source_last: date | None
    days_behind: int | None
    stale: bool
    unchanged_since: date | None


def overview(past: History, settings: Settings, now: datetime) -> Overview:
    """Return the state of a folder at `now`, from its history."""
    plan = settings.schedule
    last = past.records[-1] if past.records else None
    success = past.last_success()
    made = success and past.success_of(success.published_run or "")
    source_last = success.source_last if success else None
    behind = (now.astimezone(UTC).date() - source_last).days if source_last else None
    overdue = is_overdue(past, plan, now)
    still = standstill(past.records)
    return Overview(
        well=last is not None and last.outcome != "failed" and not overdue,
        where=settings.store.address,
        published_run=success.published_run if success else None,
        rows=made.rows if made else None,
        series=made.series if made else None,
        checked_at=last.started_at if last else None,
        outcome=last.outcome if last else None,
        failure=f"{last.failure.kind}: {last.failure.message}" if last and last.failure else None,
        next_run=schedule.next_moment(now, plan.run_at, plan.timezone),
        overdue=overdue,
        source_last=source_last,
        days_behind=behind,
        stale=behind is not None and behind > settings.table.stale_after_days,
        unchanged_since=still.bytes_since if still else None,
    )


def is_overdue(past: History, plan: ScheduleSettings, now: datetime) -> bool:
    """Say whether the latest slot that should be done has no successful run."""
    until = now - timedelta(seconds=plan.timeout_s)
    slot = schedule.latest_slot(until, plan.run_at, plan.timezone)
    done = max((r.slot for r in past.records if r.outcome in SUCCESS), default=None)
    return bool(past.records) and schedule.is_due(slot, done)
