"""What waits to be sent, and what was: alerts.json."""

from etl.alerts.rules import decide
from etl.alerts.state import (
    GIVEN_UP_AFTER,
    KIND,
    SENT_KEPT,
    WAITING_KEPT,
    AlertState,
    done,
    queued,
    tried,
    without_old,
)
from etl.settings.alert_rules import KINDS
from tests.support.alerts import HOUR, an_alert, seen
from tests.support.records import failure


def test_kinds_that_are_not_wanted_are_not_told_and_not_made_up_for_later() -> None:
    looked = seen(failure(0, attempts=3))
    state, alerts = decide(looked, AlertState(), ["stale"])
    assert alerts == []
    assert decide(looked, state, KINDS)[1] == []


def test_every_event_has_a_kind_that_can_be_chosen() -> None:
    assert set(KIND.values()) == {*KINDS, "notes"}


def test_what_waits_or_was_sent_is_not_queued_again() -> None:
    state = queued(AlertState(), [an_alert()], ["en", "ca"])
    assert queued(state, [an_alert()], ["en", "ca"]) == state
    sent = done(state, "stale-0", an_alert().at, "sent")
    assert sent.waiting == []
    assert queued(sent, [an_alert()], ["en"]) == sent


def test_what_could_not_be_sent_keeps_the_languages_that_are_left_and_goes_last() -> None:
    state = queued(AlertState(), [an_alert(0), an_alert(1)], ["en", "ca"])
    state = tried(state, "stale-0", ["ca"], "the topic is gone")
    assert [(w.alert.id, w.languages, w.tries, w.error) for w in state.waiting] == [
        ("stale-1", ["en", "ca"], 0, ""),
        ("stale-0", ["ca"], 1, "the topic is gone"),
    ]
    assert tried(state, "stale-9", ["ca"], "sent by another worker") == state


def test_what_waits_for_a_week_is_given_up_and_that_is_kept() -> None:
    state = queued(AlertState(), [an_alert()], ["en"])
    assert without_old(state, an_alert().at + GIVEN_UP_AFTER) == state
    state = without_old(state, an_alert().at + GIVEN_UP_AFTER + HOUR)
    assert state.waiting == []
    assert [(s.id, s.outcome) for s in state.sent] == [("stale-0", "given up")]


def test_neither_what_waits_nor_what_was_sent_grows_without_end() -> None:
    state = queued(AlertState(), [an_alert(n) for n in range(300)], ["en"])
    assert len(state.waiting) == WAITING_KEPT
    for n in range(300):
        state = done(queued(state, [an_alert(n)], ["en"]), f"stale-{n}", an_alert().at, "sent")
    assert len(state.sent) == SENT_KEPT
