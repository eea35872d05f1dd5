"""What is told and when: each rule by itself, then months of days."""

from datetime import UTC, date, datetime

from etl.alerts import rules
from etl.alerts.state import (
    Alert,
    AlertState,
)
from etl.history.record import Document, InputsSeen
from tests.support.alerts import REWRITTEN, events, manifest, seen, told
from tests.support.records import failure, record

# ---- a stale source


def test_a_stale_source_is_told_once_and_then_weekly_until_it_moves() -> None:
    state = AlertState()
    heard: dict[int, Alert] = {}
    frozen = date(2025, 12, 25)
    for day in range(40):
        looked = seen(record(day, outcome="unchanged"), published=manifest(0, last=frozen))
        state, alerts = told(looked, state)
        if alerts:
            (heard[day],) = alerts
    assert list(heard) == [8, 15, 22, 29, 36]
    assert {alert.event for alert in heard.values()} == {"stale"}
    assert heard[8].values["behind"] == "15"
    assert len({alert.id for alert in heard.values()}) == 5
    state, alerts = told(seen(record(41), published=manifest(41)), state)
    assert (alerts, state.stale_in) == ([], None)


def test_it_is_told_since_when_nothing_moves() -> None:
    last = date(2025, 1, 1)
    past = [
        record(day, source_last=last, seen=InputsSeen("", [Document(sha256)]))
        for day, sha256 in enumerate("abb")
    ]
    [alert] = told(seen(*past, published=manifest(0, last=last)))[1]
    assert alert.values["date_since"] == str(past[0].slot)
    assert alert.values["bytes_since"] == str(past[1].slot)


def test_a_slot_skipped_or_a_clock_set_back_do_not_silence_it_for_long() -> None:
    old = manifest(0, last=date(2025, 1, 1))
    state, alerts = told(seen(record(0), published=old))
    assert len(alerts) == 1
    assert len(told(seen(record(9), published=old), state)[1]) == 1
    wrong, _ = told(seen(record(400), published=old))
    assert len(told(seen(record(0), published=old), wrong)[1]) == 1


def test_while_runs_fail_nobody_calls_the_source_stale() -> None:
    old = manifest(0, last=date(2025, 1, 1))
    assert told(seen(failure(3), published=old))[1] == []


# ---- a history rewritten


def test_a_rewritten_history_is_told_once_with_its_share_and_its_countries() -> None:
    published = manifest(1, restated=REWRITTEN)
    state, _ = told(seen(record(0), published=manifest(0)))
    state, (alert,) = told(seen(record(0), record(1), published=published), state)
    assert alert.event == "restated"
    assert (alert.values["share"], alert.values["cells"]) == ("2.0%", "1,234")
    assert alert.items == ["Spain: 1,000", "Italy: 234"]
    assert alert.values["before"] == "2025-12-31T060000Z-0000"
    assert told(seen(record(1), published=published), state)[1] == []
    unchanged = record(2, outcome="unchanged", published_run=published.run_id)
    assert told(seen(record(1), unchanged, published=published), state)[1] == []


def test_who_switches_alerts_on_is_not_told_of_what_was_rewritten_long_ago() -> None:
    published = manifest(0, restated=REWRITTEN)
    unchanged = record(30, outcome="unchanged", published_run=published.run_id)
    assert events(told(seen(record(0), unchanged, published=published))[1]) == ["stale"]
    assert events(told(seen(record(0), published=published))[1]) == ["restated"]


def test_an_older_version_that_is_put_back_is_no_news() -> None:
    state, _ = told(seen(record(5), published=manifest(5)))
    put_back = manifest(1, restated=REWRITTEN)
    assert told(seen(record(6, outcome="unchanged"), published=put_back), state)[1] == []


# ---- reports


def test_a_report_is_told_by_month_and_links_to_it() -> None:
    now = datetime(2026, 2, 1, 7, tzinfo=UTC)
    alert = rules.report_ready("2026-01", "reports/2026-01/index.html", now)
    assert (alert.id, alert.kind) == ("report-2026-01", "reports")
    assert alert.page == "reports/2026-01/index.html"
