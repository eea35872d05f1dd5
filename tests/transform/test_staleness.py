"""When a source counts as stale."""

from datetime import date, timedelta

from etl.transform.staleness import stale_warnings


def test_a_source_is_stale_after_more_than_so_many_days() -> None:
    last = date(2021, 1, 20)
    assert stale_warnings(last, last + timedelta(14), 14) == []
    (warning,) = stale_warnings(last, last + timedelta(15), 14)
    assert warning == "the source is stale: its last date is 2021-01-20, 15 days ago"
