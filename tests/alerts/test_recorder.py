"""Runs and tasks whose process was lost: what is recorded, and what goes out."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.alerts.recorder import record_lost
from etl.errors import SourceUnavailable
from etl.history import outcomes
from etl.history.run import Options
from etl.store import Store
from etl.store.memory import MemoryStore
from etl.worker.handover import BY_HAND
from tests.support.runs import NOW, assert_settled, contents, growing, records, run, settings
from tests.support.runs import die_behind_commit as dies_behind_commit
from tests.support.sns_server import Mailbox
from tests.support.stores import Wrapped
from tests.support.telling import TOLD, ids, options
from tests.support.web_server import Reply, WebServer, web_server

DAY = timedelta(days=1)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        for path in ("/check", "/check/start", "/check/fail"):
            server.on(path, Reply())
        yield server


def lose(store: Store, web: WebServer, why: str = "killed") -> str:
    """Record a lost run of NOW's slot, and return the ping that goes out."""
    chosen = settings("x", PING_URL=f"{web.url}/check")
    lost = outcomes.lost("coviddata", NOW.date(), NOW, 1.0, why)
    web.requests.clear()
    record_lost(chosen, store, BY_HAND, lost, NOW + timedelta(minutes=1))
    (ping,) = web.requests
    return ping.path


def status(store: Store) -> Any:
    return contents(store)["status.json"]


def published(folder: Path, store: Store) -> Path:
    source = folder / "stats.json"
    source.write_bytes(growing(20))
    run(store, source, now=NOW)
    return source


def test_a_lost_run_is_a_failure(web: WebServer) -> None:
    store = MemoryStore()
    assert lose(store, web) == "/check/fail"
    (record,) = records(store)
    assert (record["outcome"], record["failure"]["kind"]) == ("failed", "Lost")


def test_a_process_lost_after_its_run_was_published_is_a_warning_and_no_failure(
    web: WebServer, tmp_path: Path
) -> None:
    store = MemoryStore()
    published(tmp_path, store)
    for _ in range(2):
        assert lose(store, web) == "/check"
    (record,) = records(store)
    assert record["outcome"] == "published"
    assert record["warnings"] == [
        "a process of this slot failed after the slot was done (Lost: killed)"
    ]
    assert b'"outcome": "published"' in status(store)


def test_a_process_lost_right_after_its_commit_leaves_a_success(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    dies_behind_commit(store, source, monkeypatch)
    assert lose(store, web) == "/check"
    (record,) = records(store)
    assert (record["outcome"], record["healed"], len(record["warnings"])) == ("published", True, 1)
    assert_settled(contents(store))


def test_a_run_that_fails_after_another_worker_did_the_slot_leaves_that_success(
    tmp_path: Path,
) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))

    def other_worker(step: str) -> None:
        if step == "extract":
            run(store, source, now=NOW)
            source.unlink()

    with pytest.raises(SourceUnavailable):
        run(store, source, now=NOW, options=Options(if_due=True, step=other_worker))
    (record,) = records(store)
    assert record["outcome"] == "published"
    assert "SourceUnavailable" in record["warnings"][0]


def test_a_report_that_ends_its_process_is_tried_three_times_then_someone_is_told(
    box: Mailbox, tmp_path: Path
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def kill(n: int, operation: str, key: str) -> None:
        if key.startswith("reports/"):
            raise Killed

    store = MemoryStore()
    source = published(tmp_path, store)
    for day in range(1, 6):
        now = NOW.replace(month=2, day=day)
        with suppress(Killed):
            run(Wrapped(store, kill), source, now=now, options=options(if_due=True), **TOLD)
        assert ids(box) == (["task-report-2021-01"] if day == 4 else [])
    tried = [task for record in records(store) for task in record.get("tasks_tried", [])]
    assert tried.count("report 2021-01") == 3
    assert tried.count("clean-up 2021-02") == 1  # the other task is not held up
    assert {record["outcome"] for record in records(store)} == {"published", "unchanged"}
