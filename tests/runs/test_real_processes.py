"""Real processes on one bucket: two at once, and killed or stopped at every request.

On moto's server, and on a real one where there is one (dev/tools/s3-server). FAULTS=full makes 50
rounds and every request; otherwise a sample from a fixed seed.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from etl.history.run import Options
from etl.store.s3.store import S3Store
from tests.support.fault_proxy import FaultProxy
from tests.support.processes import APP, environment
from tests.support.reader import Reader, assert_promises, assert_settled
from tests.support.runs import growing, run
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, use
from tests.support.web_server import Reply, Request, Script, web_server

FULL = os.environ.get("FAULTS") == "full"
ROUNDS = 50 if FULL else 1
BUCKET = f"processes-{uuid4().hex}"  # other processes test on the same server
IF_DUE = Options(if_due=True)


@pytest.fixture(scope="module")
def server(s3_url: str) -> str:
    return s3_url


@pytest.fixture(autouse=True)
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, server)
    client = boto3.client("s3")
    if BUCKET not in [b["Name"] for b in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "stats.json"
    path.write_bytes(growing(3, ("spain",)))
    return path


def on(url: str, folder: str, source: Path | str) -> dict[str, str]:
    """The environment of a process that publishes to this folder through this server."""
    return environment(
        SOURCE="coviddata",
        SOURCE_URL=str(source),
        COUNTRIES_URL="",
        S3_BUCKET=BUCKET,
        S3_FOLDER=folder,
        AWS_ENDPOINT_URL_S3=url,
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_DEFAULT_REGION="us-east-1",
    )


def start(env: dict[str, str], cwd: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(APP), *arguments],
        env=env,
        cwd=cwd,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def tell(child: "subprocess.Popen[str]", number: signal.Signals, told: list[float]) -> None:
    """Send a signal and note the moment."""
    told.append(time.monotonic())
    child.send_signal(number)


def next_run(folder: str, source: Path) -> None:
    """What the worker's next start does."""
    store = S3Store.connect(BUCKET, folder)
    run(store, source, options=IF_DUE, now=datetime.now(UTC), RUN_AT=environment()["RUN_AT"])


def yesterdays_version(folder: str, source: Path) -> None:
    run_at = environment()["RUN_AT"]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    outcome = run(S3Store.connect(BUCKET, folder), source, now=yesterday, RUN_AT=run_at).outcome
    assert outcome == "published"
    source.write_bytes(growing(4, ("spain",)))


def test_of_two_workers_at_the_same_moment_one_commits_and_one_gives_way(
    server: str, source: Path, tmp_path: Path
) -> None:
    outcomes: Counter[str] = Counter()
    for nth in range(ROUNDS):
        folder = f"two-{nth}"
        source.write_bytes(growing(3, ("spain",)))
        if nth % 2:
            yesterdays_version(folder, source)
        env = on(server, folder, source)
        both = [start(env, tmp_path, "run", "--if-due") for _ in range(2)]
        logs = [worker.communicate(timeout=60)[1] for worker in both]
        assert [worker.returncode for worker in both] == [0, 0], logs
        said = sorted(
            event
            for log in logs
            for event in ("run.published", "run.yielded", "run.not_due")
            if event in log
        )
        assert said in (["run.published", "run.yielded"], ["run.not_due", "run.published"]), logs
        outcomes.update(said)
        assert_settled(Reader(server, BUCKET, folder).contents())
    print(f"two workers, {ROUNDS} rounds:", dict(outcomes))
    assert outcomes["run.published"] == ROUNDS
    if ROUNDS > 10:
        assert outcomes["run.yielded"] > 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_ended_at_any_request_leaves_a_whole_version_that_the_next_one_mends(
    server: str, source: Path, tmp_path: Path, when: str, number: signal.Signals
) -> None:
    with FaultProxy(server) as proxy:
        counted = f"ended-{when}-{number.name}"
        yesterdays_version(counted, source)
        child = start(on(proxy.url, counted, source), tmp_path, "run", "--if-due")
        child.communicate(timeout=60)
        total = len(proxy.seen)
        indices = list(range(1, total + 1))
        if not FULL:
            indices = [random.Random(f"{when}{number}").choice(indices)]  # noqa: S311
        for at in indices:
            folder = f"{counted}-{at}"
            source.write_bytes(growing(3, ("spain",)))
            yesterdays_version(folder, source)
            reader = Reader(server, BUCKET, folder)
            before = reader.contents()
            child = start(on(proxy.url, folder, source), tmp_path, "run", "--if-due")
            told: list[float] = []
            proxy.call(partial(tell, child, number, told), at=at, when=when)
            child.communicate(timeout=60)
            assert time.monotonic() - told[0] < 10
            # a child that was told at its last request may have been done already
            assert child.returncode in (-number, 128 + number, 0)
            assert len(proxy.seen) >= at
            proxy.reset()
            assert_promises(before, reader.contents())
            next_run(folder, source)
            after = reader.contents()
            assert_promises(before, after)
            assert assert_settled(after)["source"]["last_date"] == "2021-01-04"
        print(f"{number.name} {when}: {len(indices)} of {total} requests")


@pytest.mark.parametrize("stage", ["fetching", "transforming", "loading"])
def test_a_worker_that_is_told_to_stop_is_gone_at_once_and_nothing_is_torn(
    server: str, source: Path, tmp_path: Path, stage: str
) -> None:
    folder = f"stopped-{stage}"
    yesterdays_version(folder, source)
    reader = Reader(server, BUCKET, folder)
    before = reader.contents()
    told: list[float] = []

    def stop() -> None:
        tell(worker, signal.SIGTERM, told)

    def fetching(_: Request) -> Reply:
        stop()
        return Reply(source.read_bytes(), cut=100, hold=True)

    def transforming(_: Request) -> Reply:
        threading.Timer(0.2, stop).start()
        return Reply(source.read_bytes())

    answers: dict[str, Script] = {"fetching": fetching, "transforming": transforming}
    with FaultProxy(server) as proxy, web_server() as web:
        url = web.on("/stats.json", answers.get(stage, Reply(source.read_bytes())))
        if stage == "loading":
            proxy.call(stop, at=8, when="before")
        worker = start(on(proxy.url, folder, url), tmp_path)
        log = worker.communicate(timeout=60)[1]
        took = time.monotonic() - told[0]
    assert worker.returncode == 0, log
    assert "worker.stopped" in log
    assert took < 10
    print(f"stopped while {stage}: {took:.2f} s")
    assert_promises(before, reader.contents())
    next_run(folder, source)
    assert_settled(reader.contents())
