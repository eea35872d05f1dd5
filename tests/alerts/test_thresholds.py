"""Figures that cross a limit, up or down."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from etl.alerts import rules
from etl.alerts.state import (
    AlertState,
)
from etl.alerts.thresholds import crossings, idle_rules
from etl.settings.alert_rules import MEASURES, AlertRule
from tests.support.alerts import RULE, events, manifest, row, seen, told
from tests.support.records import record
from tests.support.runs import published_store


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


def test_a_silent_country_s_figures_are_unknown() -> None:
    rule = AlertRule("*", "cumulative_cases", 300)
    spain = {"country_key": "spain", "country": "Spain", "iso3": "ESP", "date": "2026-01-01"}
    silent = {**spain, "cumulative_cases": 301, "silent": True}
    assert crossings([rule], [silent], {str(rule): []}) == ({str(rule): []}, [])
    assert crossings([rule], [{**silent, "silent": False}], {str(rule): []})[1] != []


def test_a_rule_on_a_day_s_count_speaks_of_7_days_where_the_source_is_weekly() -> None:
    rule = AlertRule("ESP", "new_cases", 300)
    spain = {"country_key": "spain", "country": "Spain", "iso3": "ESP", "date": "2026-01-01"}
    weekly = {**spain, "new_cases": None, "cases_7d_avg": 310.5}
    assert crossings([rule], [weekly], {str(rule): []})[1] == [
        "Spain: cases_7d_avg 310.5 > 300 (7 days to 2026-01-01)"
    ]
    assert crossings([rule], [{**weekly, "cases_7d_avg": None}], {str(rule): []})[1] == []
