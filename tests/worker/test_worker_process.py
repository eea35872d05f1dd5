"""The worker as a real process: what it logs, how it stops, what it survives."""

import re
from pathlib import Path

from dev.bench.measure import peak_kb
from tests.support.processes import snapshot
from tests.support.worker import Start, needs_proc


def test_it_publishes_within_seconds_logs_that_it_lives_and_stops_at_once(
    start: Start, tmp_path: Path
) -> None:
    worker = start()
    worker.wait_for("worker.started")
    worker.wait_for("run.published")
    for _ in range(3):
        assert "next_run=" in worker.wait_for("worker.alive")
    assert (tmp_path / "out" / "latest.csv").exists()
    worker.stops(limit_s=2)
    assert set(worker.events()) == {
        "worker.started",
        "run.warning",
        "run.published",
        "worker.alive",
        "worker.stopped",
    }
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_second_start_on_the_same_day_finds_nothing_due_and_writes_nothing(
    start: Start, published: Path
) -> None:
    before = snapshot(published)
    worker = start()
    worker.wait_for("run.not_due")
    worker.wait_for("worker.alive")
    worker.stops()
    assert "run.published" not in worker.events()
    assert snapshot(published) == before


@needs_proc
def test_the_loop_holds_less_than_25_mb_after_its_first_run(start: Start, published: Path) -> None:
    worker = start()
    worker.wait_for("run.not_due")
    worker.wait_for("worker.alive")
    peak = peak_kb(worker.process.pid)
    assert peak
    assert peak < 25_000
    worker.stops()


def test_wrong_settings_are_all_named_before_anything_starts(start: Start, tmp_path: Path) -> None:
    worker = start(RUN_AT="25:00", TIMEZONE="Mars/Olympus", KEEP="some", SINCE="yesterday")
    status, _ = worker.ends()
    assert status == 2
    assert set(worker.events()) == {"settings.wrong"}
    named = [re.findall(r'error="([A-Z_]+): expected', line)[0] for line in worker.log]
    assert sorted(named) == ["KEEP", "RUN_AT", "SINCE", "TIMEZONE"]
    assert "RUN_AT: expected HH:MM, got '25:00'" in "\n".join(worker.log)
    assert not (tmp_path / "out").exists()


def test_settings_that_no_longer_exist_are_warned_of_by_the_loop_and_not_by_each_run(
    start: Start,
) -> None:
    worker = start(SENTRY_DSN="https://CANARY@example.org/1", ALERT_ON="releases")
    worker.wait_for("run.published")
    worker.stops()
    assert worker.log[0].startswith("settings.ignored level=warning settings=")
    assert worker.events().count("settings.ignored") == 1
    assert "CANARY" not in "\n".join(worker.log)
