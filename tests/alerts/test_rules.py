"""What is told and when: each rule by itself, then months of days."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.alerts import rules
from etl.alerts.rules import decide
from etl.alerts.situation import Situation
from etl.alerts.state import (
    GIVEN_UP_AFTER,
    KIND,
    SENT_KEPT,
    WAITING_KEPT,
    Alert,
    AlertState,
    done,
    queued,
    tried,
    without_old,
)
from etl.alerts.thresholds import crossings, idle_rules
from etl.history.history import History
from etl.history.manifest import (
    Checks,
    Manifest,
    Previous,
    PublishedFile,
    Restated,
    RestatedCountry,
    SourceNote,
)
from etl.history.record import Document, Failure, InputsSeen, Record
from etl.settings.alert_rules import KINDS, MEASURES, AlertRule
from tests.history.test_history import failure, record
from tests.support.runs import published_store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULE = AlertRule("ESP", "cases_7d_per_100k", 300)


def manifest(n: int = 0, *, last: date | None = None, restated: Restated | None = None) -> Manifest:
    """Of the run of the n-th day of `record`; its last date is the day before."""
    run = record(n)
    note = SourceNote(
        name="coviddata",
        title="",
        attribution="",
        licence="",
        rows=60,
        series=3,
        first_date=date(2025, 1, 1),
        last_date=last or run.slot - DAY,
    )
    return Manifest(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.started_at,
        source=note,
        settings={},
        fingerprint="",
        inputs=[],
        files=[PublishedFile("index.html", f"runs/{run.run_id}/index.html", 1, "", 1)],
        checks=Checks([], [], {}, [], {}, restated),
        previous=Previous("2025-12-31T060000Z-0000", ""),
    )


def seen(*records: Record, published: Manifest | None = None, **over: Any) -> Situation:
    """What the rules see after the last of these records."""
    last = records[-1]
    moment = last.started_at + timedelta(seconds=last.seconds)
    fields = {"now": moment, "slot": last.slot, "stale_after_days": 14, **over}
    return Situation(past=History(list(records)), manifest=published, **fields)


def told(looked: Situation, state: AlertState | None = None) -> tuple[AlertState, list[Alert]]:
    return decide(looked, state or AlertState(), KINDS)


def events(alerts: Iterable[Alert]) -> list[str]:
    return [alert.event for alert in alerts]


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

REWRITTEN = Restated(
    1234, 61_700, [RestatedCountry("spain", "Spain", 1000), RestatedCountry("italy", "Italy", 234)]
)


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


# ---- thresholds


def row(key: str = "spain", value: float | None = 0.0, **over: Any) -> dict[str, Any]:
    name = {"spain": "Spain", "italy": "Italy", "kosovo": "Kosovo"}[key]
    iso3 = {"spain": "ESP", "italy": "ITA"}.get(key)
    about = {"country_key": key, "country": name, "iso3": iso3, "date": "2026-01-01"}
    return {**about, "cases_7d_per_100k": value, **over}


def test_only_a_crossing_is_told_on_the_way_up_and_on_the_way_down() -> None:
    over: dict[str, list[str]] = {}
    heard = []
    for value in (290.0, 310.4, 350.0, 300.0, 299.0, 301.0):
        over, lines = crossings([RULE], [row(value=value)], over)
        heard.append(lines)
    assert heard == [
        [],
        ["Spain: cases_7d_per_100k 310.4 > 300 (2026-01-01)"],
        [],
        ["Spain: cases_7d_per_100k 300 <= 300 (2026-01-01)"],
        [],
        ["Spain: cases_7d_per_100k 301 > 300 (2026-01-01)"],
    ]


def test_a_rule_that_is_new_or_changed_only_looks() -> None:
    over, lines = crossings([RULE], [row(value=900.0)], {})
    assert (over, lines) == ({"ESP:cases_7d_per_100k>300": ["spain"]}, [])
    changed = AlertRule("ESP", "cases_7d_per_100k", 200)
    assert crossings([changed], [row(value=900.0)], over)[1] == []


@pytest.mark.parametrize("name", ["ESP", "esp", "spain", "Spain"])
def test_a_country_is_meant_by_key_name_or_code_in_any_case(name: str) -> None:
    rule = AlertRule(name, "cases_7d_per_100k", 300)
    assert crossings([rule], [row(value=301.0), row("italy", 301.0)], {str(rule): []})[1] == [
        "Spain: cases_7d_per_100k 301 > 300 (2026-01-01)"
    ]


def test_a_star_means_every_country_for_itself() -> None:
    rule = AlertRule("*", "cases_7d_per_100k", 300)
    latest = [row(value=1.0), row("italy", 5e6), row("kosovo", 301.25)]
    over, lines = crossings([rule], latest, {str(rule): ["spain"]})
    assert over == {str(rule): ["italy", "kosovo"]}
    assert [line.split(" (")[0] for line in lines] == [
        "Italy: cases_7d_per_100k 5,000,000 > 300",
        "Kosovo: cases_7d_per_100k 301.25 > 300",
        "Spain: cases_7d_per_100k 1 <= 300",
    ]


@pytest.mark.parametrize("latest", [[], [row(value=None)], [{**row(), "cases_7d_per_100k": None}]])
def test_what_is_missing_has_crossed_nothing(latest: list[dict[str, Any]]) -> None:
    before = {str(RULE): ["spain"]}
    assert crossings([RULE], latest, before) == (before, [])
    assert idle_rules([RULE], latest) == [RULE]
    assert idle_rules([RULE], [row()]) == []


def test_crossings_are_told_together_once_for_each_version() -> None:
    looks: dict[str, Any] = {"rules": [RULE, AlertRule("*", "cases_7d_per_100k", 100)]}
    state, alerts = told(seen(record(0), published=manifest(0), latest=[row()], **looks))
    assert alerts == []
    high = [row(value=400.0), row("italy", 150.0)]
    looked = seen(record(1), published=manifest(1), latest=high, **looks)
    state, (alert,) = told(looked, state)
    assert (alert.event, alert.values["count"], len(alert.items)) == ("crossed", "3", 3)
    assert alert.values["first"] == alert.items[0]
    assert not rules.wants_latest(state, manifest(1), looks["rules"])
    assert told(looked, state)[1] == []


def test_figures_that_could_not_be_read_are_judged_the_next_time() -> None:
    looks: dict[str, Any] = {"rules": [RULE]}
    state, _ = told(seen(record(0), published=manifest(0), latest=[row()], **looks))
    state, alerts = told(seen(record(1), published=manifest(1), latest=None, **looks), state)
    assert alerts == []
    assert rules.wants_latest(state, manifest(1), [RULE])
    looked = seen(record(1), published=manifest(1), latest=[row(value=301.0)], **looks)
    assert events(told(looked, state)[1]) == ["crossed"]


def test_without_rules_nothing_is_read_and_nothing_remembered() -> None:
    assert not rules.wants_latest(AlertState(), manifest(0), [])
    state, _ = told(seen(record(0), published=manifest(0)), AlertState(over={str(RULE): ["spain"]}))
    assert state.over == {}


def test_the_figures_that_rules_may_name_are_those_of_latest_json(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    stored = store.read("latest.json")
    assert stored
    latest = msgspec.json.decode(stored.body)["countries"]
    figures = {
        name
        for row in latest
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    about = {"population", "gdp_per_unit_of_energy_use", "urban_population_pct"}
    assert figures - about <= set(MEASURES) <= latest[0].keys()


# ---- reports


def test_a_report_is_told_by_month_and_links_to_it() -> None:
    now = datetime(2026, 2, 1, 7, tzinfo=UTC)
    alert = rules.report_ready("2026-01", "reports/2026-01/index.html", now)
    assert (alert.id, alert.kind) == ("report-2026-01", "reports")
    assert alert.page == "reports/2026-01/index.html"


# ---- what is wanted, what waits


def test_kinds_that_are_not_wanted_are_not_told_and_not_made_up_for_later() -> None:
    looked = seen(failure(0, attempts=3))
    state, alerts = decide(looked, AlertState(), ["stale"])
    assert alerts == []
    assert decide(looked, state, KINDS)[1] == []


def test_every_event_has_a_kind_that_can_be_chosen() -> None:
    assert set(KIND.values()) == {*KINDS, "notes"}


def an_alert(n: int = 0, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Alert:
    return Alert(f"stale-{n}", "stale", at)


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
