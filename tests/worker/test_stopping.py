"""How the worker stops: at signals, and with a run under way."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import APP, snapshot
from tests.support.worker import (
    PATIENCE_S,
    STOP_LIMIT_S,
    SlowSource,
    Start,
    gone,
    needs_proc,
)


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGINT,),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT, signal.SIGTERM),
    ],
    ids=["Ctrl-C", "SIGTERM twice", "three signals"],
)
def test_it_stops_at_signals_while_it_sleeps(
    start: Start, published: Path, numbers: tuple[int, ...]
) -> None:
    worker = start()
    worker.wait_for("worker.alive")
    worker.stops(*numbers, limit_s=2)


def test_signals_that_go_on_coming_while_it_ends_change_nothing(
    start: Start, published: Path
) -> None:
    worker = start()
    worker.wait_for("worker.alive")
    while worker.process.poll() is None:
        worker.process.send_signal(signal.SIGTERM)
    worker.stops()


@needs_proc
@pytest.mark.parametrize("to", ["the worker", "all processes", "all processes twice"])
def test_a_stop_while_a_run_fetches_takes_the_run_along_and_tears_nothing(
    start: Start, slow: SlowSource, tmp_path: Path, to: str
) -> None:
    worker = start(SOURCE_URL=slow.address)
    assert slow.asked.wait(PATIENCE_S)
    child = worker.child()
    for _ in range(2 if to.endswith("twice") else 1):
        if to == "the worker":
            worker.process.send_signal(signal.SIGTERM)
        else:
            os.killpg(worker.process.pid, signal.SIGTERM)
    status, took_s = worker.ends()
    assert (status, worker.log[-1]) == (0, "worker.stopped")
    assert took_s < STOP_LIMIT_S
    assert gone(child)
    assert worker.events() == ["worker.started", "run.stopped", "worker.stopped"]
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert list((tmp_path / "scratch").iterdir()) == []


@needs_proc
def test_a_stop_while_a_run_fetches_leaves_what_was_published(
    start: Start, slow: SlowSource, published: Path
) -> None:
    history = json.loads((published / "history.json").read_text())
    for record in history["records"]:
        record["slot"] = "2020-01-01"
    (published / "history.json").write_text(json.dumps(history))
    manifest = json.loads((published / "manifest.json").read_text())
    (published / "manifest.json").write_text(json.dumps(manifest | {"slot": "2020-01-01"}))
    before = snapshot(published)
    worker = start(SOURCE_URL=slow.address)
    assert slow.asked.wait(PATIENCE_S)
    worker.stops()
    assert snapshot(published) == before


@needs_proc
def test_a_run_that_does_not_hear_is_killed_so_that_the_worker_stops_in_time(
    start: Start, slow: SlowSource
) -> None:
    impatient = f"""
import sys
sys.path.insert(0, {str(APP.parent)!r})
import app, etl.worker.children
etl.worker.children.GRACE_S = 0.3
sys.exit(app.worker())
"""
    worker = start(impatient, SOURCE_URL=slow.address)
    assert slow.asked.wait(PATIENCE_S)
    child = worker.child()
    os.kill(child, signal.SIGSTOP)
    worker.stops(limit_s=5)
    assert gone(child)


def test_the_time_it_gives_a_run_to_stop_fits_into_ten_seconds() -> None:
    sys_path = [
        sys.executable,
        "-c",
        "from etl.cli import main; from etl.worker import children;"
        " print(children.GRACE_S, main.STOP_GRACE_S)",
    ]
    said = subprocess.run(sys_path, cwd=APP.parent, capture_output=True, check=True, text=True)
    for_the_run, of_the_run = map(float, said.stdout.split())
    assert of_the_run < for_the_run < STOP_LIMIT_S
