"""What the worker survives: runs that hang, are killed or fail, and alerts that can't be sent."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.bench.measure import peak_kb
from etl.alerts.state import Alert, AlertState, queued, tried, update_state
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.language_server import language_server
from tests.support.letters import send
from tests.support.processes import command
from tests.support.sns_server import ARN, Sns, attributes
from tests.support.worker import PATIENCE_S, SlowSource, Start, needs_proc, records


def test_a_run_that_hangs_is_killed_at_its_time_limit_and_stands_in_the_history_as_lost(
    start: Start, slow: SlowSource, tmp_path: Path
) -> None:
    worker = start(SOURCE_URL=slow.address, RUN_TIMEOUT_MINUTES="0.03")
    assert "RUN_TIMEOUT_MINUTES (0.03)" in worker.wait_for("worker.run_lost")
    assert "failures=1" in worker.wait_for("worker.retry")
    (record,) = records(tmp_path / "out")
    assert record["outcome"] == "failed"
    assert record["failure"]["kind"] == "Lost"
    assert record["seconds"] >= 1
    assert json.loads((tmp_path / "out" / "status.json").read_text())["outcome"] == "failed"
    assert list((tmp_path / "scratch").iterdir()) == []
    worker.wait_for("worker.alive")
    worker.stops()


@needs_proc
def test_a_run_that_is_killed_from_outside_counts_as_a_failure_and_is_recorded(
    start: Start, slow: SlowSource, tmp_path: Path
) -> None:
    worker = start(SOURCE_URL=slow.address)
    assert slow.asked.wait(PATIENCE_S)
    os.kill(worker.child(), signal.SIGKILL)
    assert "memory" in worker.wait_for("worker.run_lost")
    worker.wait_for("worker.retry")
    (record,) = records(tmp_path / "out")
    assert record["failure"] == {
        "kind": "Lost",
        "message": "killed by the system, most likely because memory ran out",
    }
    worker.stops()


def test_a_run_that_fails_is_tried_again_and_the_loop_lives_on(
    start: Start, tmp_path: Path
) -> None:
    worker = start(SOURCE_URL=str(tmp_path / "nothing.json"))
    assert "SourceUnavailable" in worker.wait_for("run.failed")
    assert "failures=1" in worker.wait_for("worker.retry")
    worker.wait_for("worker.alive")
    worker.stops()
    (record,) = records(tmp_path / "out")
    assert record["failure"]["kind"] == "SourceUnavailable"


def test_a_failure_that_cannot_be_put_on_record_is_logged_and_the_loop_lives_on(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    worker = start()
    assert "OUTPUT_DIR" in worker.wait_for("run.failed")
    worker.wait_for("worker.retry")
    worker.wait_for("worker.alive")
    worker.stops()


def test_an_alert_that_could_not_be_sent_is_sent_at_a_heartbeat_and_not_again(
    start: Start, published: Path, sns: Sns
) -> None:
    box = sns.mailbox("ada")
    store = DirectoryStore(published)
    waiting = queued(AlertState(), [Alert("stale-2026-01-01", "stale", datetime.now(UTC))], ["en"])
    update_state(store, lambda known: tried(waiting, "stale-2026-01-01", ["en"], "SNS was down"))
    sns.refuse["Publish"] = (403, "AuthorizationError", "no")
    reached = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    worker = start(ALERT_TOPIC=ARN, ALERT_ON="failures", **reached)
    assert "sns:Publish" in worker.wait_for("alert.failed")
    assert "sns:Publish" in worker.wait_for("alert.failed")
    sns.refuse.clear()
    worker.wait_for("alert.sent")
    tries = len(sns.published())
    for _ in range(2):
        worker.wait_for("worker.alive")
    worker.stops()
    assert len(sns.published()) == tries
    (came,) = box.read()
    assert attributes(came)["message_id"] == "stale-2026-01-01"


@needs_proc
def test_a_heartbeat_reads_what_readers_sent_tells_of_it_and_leaves_the_loop_as_small(
    start: Start, sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = sns.mailbox("ada")
    store = S3Store.connect("news", "covid")
    with language_server(monkeypatch) as services:
        reached = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        chosen = {"ALERT_TOPIC": ARN, "ALERT_ON": "inbox", "S3_BUCKET": "news", "INBOX": "on"}
        worker = start(**chosen, **reached)
        worker.wait_for("run.published")
        worker.wait_for("worker.alive")
        assert store.head("feedback.html")
        for n in range(2):
            send(store, {f"{n}-remark": b"Las cifras son wrong."})
            worker.wait_for("alert.sent")
            assert "letters=1 waiting=0 calls=3" in worker.wait_for("inbox.read")
        worker.wait_for("worker.alive")
        peak = peak_kb(worker.process.pid)
        assert peak
        assert peak < 25_000
        worker.stops()
    assert "inbox.form_renewed" in worker.events()
    assert services.calls.count("DetectSentiment") == 2
    assert ["LAS CIFRAS SON WRONG." in came["Message"] for came in box.read()] == [True, True]


def test_an_inbox_that_cannot_be_read_fails_no_run(start: Start, sns: Sns) -> None:
    reached = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    worker = start(S3_BUCKET="missing", INBOX="on", **reached)
    assert "bucket 'missing' does not exist" in worker.wait_for("inbox.failed")
    worker.wait_for("worker.alive")
    worker.stops()


def test_the_third_run_that_is_lost_is_told(tmp_path: Path, sns: Sns) -> None:
    box = sns.mailbox("ada")
    reached = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    slot, began = "2026-01-01", datetime.now(UTC) - timedelta(minutes=10)
    for minute in range(3):
        assert box.read() == []
        started = f"{began + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
        ended = command(
            "record-failure",
            "--slot",
            slot,
            "--started",
            started,
            "--error",
            "killed by the system",
            cwd=tmp_path,
            ALERT_TOPIC=ARN,
            **reached,
        )
        assert ended.returncode == 0, ended.stderr
    (came,) = box.read()
    assert "Lost: killed by the system" in came["Message"]
    assert f"since {began:%Y-%m-%d %H:%M} UTC" in came["Message"]
