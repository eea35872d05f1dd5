"""Whole runs with somebody to tell: who hears what, how often, and that no run fails by it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.alerts import rules
from etl.alerts.teller import Teller
from etl.errors import EtlError, StoreError
from etl.store import Upload
from etl.store.memory import MemoryStore
from tests.support.runs import COUNTRIES, NOW, growing, published_store, run, settings
from tests.support.sns_server import ARN, Mailbox, Sns, attributes
from tests.support.telling import (
    DAY,
    HOUR,
    MINUTE,
    QUIET,
    TOLD,
    broken_store,
    fails,
    fails_three_times,
    handed,
    ids,
    options,
    state,
    tells,
)

# ---- an incident


def test_an_incident_is_told_once_and_its_end_once(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.rename(tmp_path / "away.json")
    for n in range(2):
        fails(store, source, NOW + n * MINUTE)
    assert box.read() == []
    fails(store, source, NOW + 2 * MINUTE)
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the run of 2021-01-25 is failing"
    assert "has been failing since 2021-01-25 07:00 UTC, most recently for" in came["Message"]
    assert "\nAttempts in a row: 3.\n" in came["Message"]
    assert "figures up to 2021-01-20" in came["Message"]
    for n in range(3, 30):
        fails(store, source, NOW + n * HOUR)
    (tmp_path / "away.json").rename(source)
    assert tells(store, source, NOW + 31 * HOUR) == "unchanged"
    assert tells(store, source, NOW + 55 * HOUR) == "unchanged"
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the daily run works again"
    assert "It had been failing since 2021-01-25 07:00 UTC; attempts: 30." in came["Message"]
    assert state(store)["sent"] == [
        {"id": f"{event}-2021-01-25T070000Z", "at": at, "outcome": "sent"}
        for event, at in (
            ("failed", "2021-01-25T07:02:00Z"),
            ("recovered", "2021-01-26T14:00:00Z"),
        )
    ]


def test_a_quiet_day_writes_nothing_about_alerts(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    tells(store, source)
    before = store.head("alerts.json")
    tells(store, source, NOW + DAY)
    assert store.head("alerts.json") == before
    assert box.read() == []


def test_without_a_topic_or_on_a_dry_run_nothing_is_kept_or_sent(sns: Sns, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_TOPIC="")
    source.rename(tmp_path / "away.json")
    for n in range(3):
        fails(store, source, NOW + n * MINUTE, options(dry_run=True))
    assert state(store) == {}
    assert sns.actions == []


def test_a_run_that_died_before_it_told_leaves_that_to_the_next(
    box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Teller, "failed", lambda *_: None)
        fails_three_times(store, source)
    assert box.read() == []
    source.rename(tmp_path / "away.json")
    fails(store, source, NOW + HOUR)
    assert len(box.read()) == 1


def test_refused_data_is_told_with_its_reasons(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(10))
    for n in range(3):
        with pytest.raises(EtlError):
            tells(store, source, NOW + n * MINUTE)
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the data of 2021-01-25 was rejected"
    assert "the last date is 2021-01-10, earlier than the published 2021-01-20" in came["Message"]
    assert "publish them with: python app.py run --force" in came["Message"]


# ---- data


def test_a_rewritten_history_is_told_with_the_countries_most_changed(
    box: Mailbox, tmp_path: Path
) -> None:
    store, source = published_store(tmp_path)
    tells(store, source, NOW - HOUR)
    numbers = json.loads(source.read_bytes())
    for n, element in enumerate(numbers):
        for day in list(element["dates"].values())[: 5 * n]:
            day["cumulative"]["cases"] += 7
    source.write_bytes(json.dumps(numbers).encode())
    assert tells(store, source) == "published"
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the source restated 8.3% of its figures"
    assert "of 180 figures that were published earlier, 15 (8.3%)" in came["Message"]
    assert "- Diamond Princess: 10\n- Spain: 5\n" in came["Message"]
    stored = store.read("manifest.json")
    assert stored
    assert json.loads(stored.body)["checks"]["restated"] == {
        "cells": 15,
        "compared": 180,
        "most": [
            {"key": "diamond-princess", "name": "Diamond Princess", "cells": 10},
            {"key": "spain", "name": "Spain", "cells": 5},
        ],
    }
    tells(store, source, NOW + DAY)
    assert box.read() == []


def test_a_threshold_is_told_when_it_is_crossed(
    box: Mailbox, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    store, source = published_store(tmp_path)
    watch = {"ALERT_RULES": "ESP:cases_7d_avg>150,Atlantis:active>1,*:new_cases>150"}
    tells(store, source, NOW - HOUR, QUIET, **watch)
    assert box.read() == []
    assert [line for line in lines() if "alert.rule_idle" in line] == [
        "alert.rule_idle level=warning rule=Atlantis:active>1 "
        'error="no published figure matches it"'
    ]
    source.write_bytes(growing(21, step=200))
    tells(store, source, NOW, options(force=True), **watch)
    (came, restated) = sorted(box.read(), key=lambda came: attributes(came)["kind"], reverse=True)
    assert attributes(restated)["kind"] == "restated"
    assert came["Subject"] == "Cloud ETL: thresholds crossed: 4"
    assert "- Spain: cases_7d_avg 200 > 150 (2021-01-21)\n" in came["Message"]
    assert came["Message"].count("new_cases 200 > 150") == len(COUNTRIES)
    tells(store, source, NOW + DAY, QUIET, **watch)
    assert box.read() == []


def test_a_stale_source_is_told_weekly(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    heard = []
    for day in range(16):
        run(store, source, now=NOW + day * DAY, ALERT_TOPIC=ARN, STALE_AFTER_DAYS="7")
        heard += [(day, name) for name in ids(box)]
    assert heard == [(3, "stale-2021-01-28"), (10, "stale-2021-02-04")]


def test_a_report_is_told_once(box: Mailbox) -> None:
    teller = Teller(settings("x", **TOLD), MemoryStore())
    for _ in range(2):
        teller.tell(rules.report_ready("2021-01", "reports/2021-01/index.html", NOW), NOW)
    assert ids(box) == ["report-2021-01"]


def test_a_kind_that_is_switched_off_is_not_told(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_ON="stale")
    off = Teller(settings("x", **TOLD, ALERT_ON="stale"), store)
    off.tell(rules.report_ready("2021-01", "reports/2021-01/index.html", NOW), NOW)
    assert box.read() == []


# ---- no run fails by it


def test_a_defect_in_the_alerts_is_logged_and_the_run_is_made(
    sns: Sns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("never thought of")

    monkeypatch.setattr("etl.alerts.rules.decide", broken)
    store, source = published_store(tmp_path)
    assert tells(store, source) == "unchanged"
    source.rename(tmp_path / "away.json")
    fails(store, source, NOW)  # and its own error is not hidden
    crashed = [line for line in lines() if line.startswith("alert.crashed")]
    assert len(crashed) == 2
    assert "kind=ZeroDivisionError" in crashed[0]


def test_memory_that_cannot_be_read_is_begun_anew(
    box: Mailbox, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    store, source = published_store(tmp_path)
    store.write(Upload("alerts.json", b"{"))
    fails_three_times(store, source)
    assert len(box.read()) == 1
    assert any(line.startswith("alert.memory_unreadable") for line in lines())


@pytest.mark.parametrize("reads", [True, False], ids=["no writes", "no reads either"])
def test_where_the_folder_cannot_be_used_the_workers_own_count_decides(
    box: Mailbox, tmp_path: Path, reads: bool
) -> None:
    store, source = published_store(tmp_path)
    source.rename(tmp_path / "away.json")
    for failures in range(6):
        told = handed(failures=failures, failing_since=NOW if failures else None)
        with pytest.raises(EtlError):
            tells(broken_store(store, reads=reads), source, NOW + failures * MINUTE, told)
        assert len(box.read()) == (failures == 2)
    (tmp_path / "away.json").rename(source)
    told = handed(failures=6, failing_since=NOW)
    assert tells(store, source, NOW + HOUR, told) == "unchanged"
    assert ids(box) == ["recovered-2021-01-25T070000Z"]


def test_what_is_told_without_the_folder_says_so(box: Mailbox, tmp_path: Path) -> None:
    told = handed(failures=2, failing_since=NOW)
    with pytest.raises(StoreError):
        tells(broken_store(MemoryStore(), reads=False), tmp_path / "x", NOW, told)
    (came,) = box.read()
    assert "StoreError: bucket 'news' does not exist" in came["Message"]
    assert "since 2021-01-25 07:00 UTC" in came["Message"]
    assert "The published version is not affected." in came["Message"]
    assert "may send it again after a restart" in came["Message"]
