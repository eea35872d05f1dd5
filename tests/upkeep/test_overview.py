"""The state of a folder, from its history."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from etl.history.history import History
from etl.history.record import Record
from etl.upkeep.overview import overview
from tests.support.clock import settings
from tests.support.records import failure, record

SETTINGS = settings(RUN_AT="06:00", RUN_TIMEOUT_MINUTES="30")


def well(records: list[Record], now: datetime) -> tuple[bool, bool]:
    seen = overview(History(records), SETTINGS, now)
    return seen.well, seen.overdue


def after_slot(last: Record, **later: float) -> datetime:
    """Return a moment after 06:00 on the day after the record's slot."""
    day = datetime.combine(last.slot, SETTINGS.schedule.run_at, tzinfo=UTC) + timedelta(days=1)
    return day + timedelta(**later)


def test_a_folder_without_runs_is_not_well_but_nothing_is_overdue() -> None:
    seen = overview(History([]), SETTINGS, datetime(2021, 2, 1, tzinfo=UTC))
    assert (seen.well, seen.overdue, seen.published_run, seen.outcome) == (False, False, None, None)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-1, (True, False)), (29, (True, False)), (31, (False, True))],
    ids=["before the slot", "while it may run", "after its time limit"],
)
def test_a_slot_is_overdue_once_its_run_has_had_its_time(
    minutes: int, expected: tuple[bool, bool]
) -> None:
    last = record(0)
    assert well([last], after_slot(last, minutes=minutes)) == expected


def test_a_failed_last_run_is_not_well_and_its_reason_is_given() -> None:
    records = [record(0), failure(1)]
    seen = overview(History(records), SETTINGS, records[-1].started_at + timedelta(minutes=1))
    assert not seen.well
    assert "HTTP status 503" in str(seen.failure)
    assert seen.published_run == records[0].published_run


def test_what_is_published_and_how_old_its_data_is() -> None:
    last = record(0, source_last=date(2021, 1, 1))
    seen = overview(History([last]), SETTINGS, datetime(2021, 1, 16, 7, tzinfo=UTC))
    assert (seen.rows, seen.series) == (last.rows, last.series)
    assert (seen.days_behind, seen.stale) == (15, True)
    patient = replace(SETTINGS, table=replace(SETTINGS.table, stale_after_days=15))
    assert not overview(History([last]), patient, datetime(2021, 1, 16, 7, tzinfo=UTC)).stale
