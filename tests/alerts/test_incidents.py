"""Failures in a row: who is alerted when, and once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.alerts.state import (
    Alert,
    AlertState,
    done,
    queued,
)
from etl.history.record import Failure, Record
from tests.support.alerts import HOUR, events, manifest, seen, told
from tests.support.records import failure, record

# ---- failures


@pytest.mark.parametrize(
    ("attempts", "minutes", "seconds", "expected"),
    [
        (1, 0, 0.0, []),
        (2, 1, 0.0, []),
        (3, 3, 0.0, ["failed"]),
        (4, 7, 0.0, ["failed"]),
        (2, 60, 0.0, ["failed"]),
        (2, 59, 0.0, []),
        (2, 40, 1200.0, ["failed"]),
        (1, 0, 3600.0, ["failed"]),
    ],
)
def test_a_failure_is_told_after_3_attempts_or_an_hour_whichever_is_first(
    attempts: int, minutes: int, seconds: float, expected: list[str]
) -> None:
    began = record(0).started_at
    last = failure(minute=minutes, attempts=attempts, first_failed_at=began, seconds=seconds)
    _, alerts = told(seen(last))
    assert events(alerts) == expected


def test_attempts_that_failed_for_different_reasons_count_together() -> None:
    causes = [failure(minute=n, message=f"HTTP status {500 + n}") for n in range(3)]
    assert events(told(seen(*causes[:2]))[1]) == []
    (alert,) = told(seen(record(-1), *causes))[1]
    assert alert.values["attempts"] == "3"
    assert alert.values["since"] == "2026-01-01 06:00 UTC"
    assert alert.values["error"] == "HTTP status 502"


def test_an_incident_is_told_once_however_long_it_lasts() -> None:
    past, state, heard = [record(-1)], AlertState(), []
    for day in range(40):
        past.append(failure(day, attempts=25, first_failed_at=record(day).started_at))
        state, alerts = told(seen(*past), state)
        heard += events(alerts)
    assert heard == ["failed"]


def test_after_an_incident_that_was_told_its_end_is_told_and_after_another_not() -> None:
    short = failure(0, attempts=2)
    state, alerts = told(seen(short, record(0), published=manifest(0)))
    assert alerts == []
    state, alerts = told(seen(record(0), failure(1, attempts=7), published=manifest(0)), state)
    assert events(alerts) == ["failed"]
    later = record(1, started_at=record(1).started_at + 5 * HOUR)
    past = (record(0), failure(1, attempts=7), later)
    state, (alert,) = told(seen(*past, published=manifest(1)), state)
    assert (alert.event, alert.id) == ("recovered", "recovered-2026-01-02T060000Z")
    assert alert.values["attempts"] == "7"
    assert alert.values["ended"] == "2026-01-02 11:00 UTC"
    assert state.incident is None
    assert told(seen(*past, published=manifest(1)), state)[1] == []


def test_two_incidents_are_told_by_different_ids() -> None:
    first = told(seen(failure(0, attempts=3)))[1]
    second = told(seen(record(0), failure(1, attempts=3)))[1]
    assert first[0].id != second[0].id


def test_a_refusal_is_told_with_its_reasons_and_not_as_a_failure_besides() -> None:
    reason = Failure("DataRejected", "only 2 countries; 190 were published last time")
    state, (alert,) = told(seen(record(0), failure(1, attempts=3, failure=reason)))
    assert (alert.event, alert.kind) == ("refused", "failures")
    assert alert.values["error"] == reason.message
    assert told(seen(record(0), failure(1, attempts=9, failure=reason)), state)[1] == []
    unreachable = failure(1, minute=90, attempts=9)
    assert told(seen(record(0), failure(1, failure=reason), unreachable), state)[1] == []


def test_a_refusal_behind_a_failure_is_told_too_as_it_asks_for_something_else() -> None:
    state, alerts = told(seen(failure(0, attempts=3)))
    refused = failure(0, minute=90, failure=Failure("DataRejected", "why"))
    state, more = told(seen(failure(0, attempts=3), refused), state)
    assert events([*alerts, *more]) == ["failed", "refused"]
    assert state.incident
    assert told(seen(failure(0, attempts=3), refused, failure(0, minute=99)), state)[1] == []


def test_what_the_worker_told_without_the_folder_is_not_told_again_but_called_off() -> None:
    since = datetime(2026, 1, 1, 7, tzinfo=UTC)
    blind: dict[str, Any] = {"alerted_without_state": since, "failures": 4}
    state, alerts = told(seen(failure(0, minute=70), **blind))
    assert alerts == []
    state, alerts = told(seen(failure(0, minute=90, attempts=9)), state)
    assert alerts == []
    again = record(0, started_at=since + 2 * HOUR)
    for before in (AlertState(), state):
        after, (alert,) = told(seen(again, published=manifest(0), **blind), before)
        assert (alert.event, alert.values["since"]) == ("recovered", "2026-01-01 07:00 UTC")
        assert told(seen(again, published=manifest(0)), after)[1] == []
        called_off = queued(after, [alert], ["en"])
        assert told(seen(again, published=manifest(0), **blind), called_off)[1] == []
        called_off = done(called_off, alert.id, alert.at, "sent")
        assert told(seen(again, published=manifest(0), **blind), called_off)[1] == []


def test_failures_that_the_history_does_not_know_count_as_the_worker_counts_them() -> None:
    _, alerts = told(seen(failure(0, minute=3), failures=3))
    assert events(alerts) == ["failed"]
    assert alerts[0].values["attempts"] == "3"
    assert told(seen(failure(0, minute=3), failures=2))[1] == []


def test_an_incident_whose_end_nobody_came_to_tell_does_not_silence_the_next() -> None:
    state, alerts = told(seen(failure(0, attempts=3)))
    state, more = told(seen(failure(0, attempts=3), record(1), failure(2, attempts=3)), state)
    assert events([*alerts, *more]) == ["failed", "failed"]
    assert alerts[0].id != more[0].id


def test_nothing_is_said_of_data_where_nothing_was_ever_published() -> None:
    (alert,) = told(seen(failure(0, attempts=3)))[1]
    assert "published" not in alert.values
    assert alert.page is None


# ---- what is wanted, what waits


OUTCOMES = st.lists(
    st.tuples(st.sampled_from(["failed", "published", "refused"]), st.integers(1, 6)), max_size=25
)


@given(OUTCOMES)
def test_whatever_happens_an_incident_has_at_most_one_message_of_each_event(
    days: list[tuple[str, int]],
) -> None:
    past: list[Record] = []
    state = AlertState()
    heard: list[Alert] = []
    for n, (outcome, attempts) in enumerate(days):
        kind = "DataRejected" if outcome == "refused" else "StoreError"
        past.append(
            record(n)
            if outcome == "published"
            else failure(n, attempts=attempts, failure=Failure(kind, "why"))
        )
        state, alerts = told(seen(*past), state)
        assert events(alerts) in ([], ["failed"], ["refused"], ["recovered"])
        heard += alerts
    assert len({alert.id for alert in heard}) == len(heard)
    open_incident = False
    for alert in heard:
        if alert.event == "recovered":
            assert open_incident
            open_incident = False
        elif alert.event == "failed":
            assert not open_incident
            open_incident = True
        else:
            open_incident = True
