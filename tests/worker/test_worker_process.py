"""The worker as a real process: what it logs, how it stops, what it survives."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import pytest

from dev.bench.measure import peak_kb
from etl.alerts.state import Alert, AlertState, queued, tried, update_state
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.language_server import language_server
from tests.support.letters import send
from tests.support.processes import APP, command, environment, snapshot
from tests.support.s3_server import Answer, answering
from tests.support.sns_server import ARN, Sns, attributes

PATIENCE_S = 30.0  # for a machine with other work; what is measured has limits of its own
STOP_LIMIT_S = 10.0
LOGFMT = re.compile(r'[a-z_]+\.[a-z_]+( [a-z_0-9]+=([^\s"=]*|"([^"\\]|\\.)*"))*')

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")


@dataclass
class Worker:
    """`python app.py` in a folder of its own; its log is read as it comes."""

    folder: Path
    settings: dict[str, str]
    program: list[str] = field(default_factory=lambda: [str(APP)])
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.program],
            cwd=self.folder,
            env=environment(TMPDIR=str(self.folder / "scratch"), **self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        self._arriving: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._arriving.put(line.rstrip("\n"))
        self._arriving.put(None)

    def wait_for(self, event: str) -> str:
        """The next line of that event."""
        deadline = time.monotonic() + PATIENCE_S
        with suppress(Empty):
            while (
                line := self._arriving.get(timeout=max(0.0, deadline - time.monotonic()))
            ) is not None:
                self.log.append(line)
                if line.startswith(event):
                    return line
        raise AssertionError(f"no {event}: {self.log}")

    def child(self) -> int:
        """The process id of the run that is under way."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = stat.read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == self.process.pid:
                return int(stat.parent.name)
        raise AssertionError("it has no child")

    def ends(self) -> tuple[int, float]:
        """Its exit status, and how long it took from now."""
        began = time.monotonic()
        status = self.process.wait(PATIENCE_S)
        took_s = time.monotonic() - began
        self._reader.join(PATIENCE_S)
        while (line := self._arriving.get(timeout=PATIENCE_S)) is not None:
            self.log.append(line)
        assert [line for line in self.log if not LOGFMT.fullmatch(line)] == []
        return status, took_s

    def stops(self, *numbers: int, limit_s: float = STOP_LIMIT_S) -> None:
        """Send it signals; it must end with status 0 soon after."""
        for number in numbers or (signal.SIGTERM,):
            self.process.send_signal(number)
        status, took_s = self.ends()
        assert (status, self.log[-1]) == (0, "worker.stopped")
        assert took_s < limit_s

    def events(self) -> list[str]:
        return [line.split(" ", 1)[0] for line in self.log]

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stdout
        self.process.stdout.close()


Start = Callable[..., Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a worker with these settings."""
    (tmp_path / "scratch").mkdir()
    workers: list[Worker] = []

    def make(program: str = "", **settings: str) -> Worker:
        settings = {"HEARTBEAT_MINUTES": "0.01", **settings}
        workers.append(Worker(tmp_path, settings, ["-c", program] if program else [str(APP)]))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which today's run is made."""
    folder = tmp_path_factory.mktemp("made")
    assert command("run", cwd=folder).returncode == 0
    return folder / "out"


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


@dataclass
class SlowSource:
    """It begins to answer, and then says no more."""

    address: str
    asked: Event


@pytest.fixture
def slow() -> Iterator[SlowSource]:
    asked, over = Event(), Event()

    def reply(answer: Answer) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", "1000000")
        answer.end_headers()
        answer.wfile.write(b"[")
        answer.wfile.flush()
        asked.set()
        over.wait(PATIENCE_S)

    with answering(reply) as address:
        yield SlowSource(f"{address}/stats.json", asked)
        over.set()


def records(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "history.json").read_text())["records"]
    return found


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# ---- its days


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


# ---- how it stops


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


# ---- what it survives


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
        "message": "killed from outside, most likely for lack of memory",
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
            "record-failure", "--slot", slot, "--started", started,
            "--error", "killed from outside", cwd=tmp_path, ALERT_TOPIC=ARN, **reached,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
    (came,) = box.read()
    assert "Lost: killed from outside" in came["Message"]
    assert f"since {began:%Y-%m-%d %H:%M} UTC" in came["Message"]
