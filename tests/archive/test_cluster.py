"""The archive on Dask: processes here, and a scheduler elsewhere."""

import os
import signal
import time
from pathlib import Path

import pytest

from etl.archive import cluster
from etl.archive.backfill import backfill
from etl.archive.cluster import open_engine
from etl.archive.engine import Engine, Progress
from etl.archive.on_dask import LOST, OnDask
from etl.errors import EtlError
from etl.history import catalogue
from etl.store.directory import DirectoryStore
from tests.support.archives import EVERYTHING, LATER, fill, live, raw_alone, restating
from tests.support.dask import scheduler, worker
from tests.support.desk import Desk
from tests.support.runs import NOW, assert_settled, contents, settings


def die_of_three(item: int) -> int:
    if item == 3:
        os._exit(1)
    return item * 2


def test_two_workers_make_what_one_process_makes(
    store: DirectoryStore, source: Path, tmp_path: Path, two_workers: Engine
) -> None:
    live(store, source, [*restating(4), b"<html>"])
    here, there = raw_alone(store, tmp_path / "here"), raw_alone(store, tmp_path / "there")
    one, two = fill(here, source), fill(there, source, engine=two_workers)
    assert [day.outcome for day in two.days] == [*["made"] * 4, "failed"]
    assert [(day.run_id, day.failure) for day in one.days] == [
        (day.run_id, day.failure) for day in two.days
    ]
    assert contents(here) == contents(there)


def test_a_worker_that_is_killed_in_mid_work_costs_no_day_and_doubles_none(
    store: DirectoryStore, source: Path, tmp_path: Path, two_workers: Engine
) -> None:
    live(store, source, restating(8))
    whole, other = raw_alone(store, tmp_path / "whole"), raw_alone(store, tmp_path / "other")
    fill(whole, source)
    assert isinstance(two_workers, OnDask)
    killed: list[int] = []

    def kill(arrived: object) -> None:
        if not killed:  # the first run has come, so that others are on their way
            pids = two_workers.client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    stages: list[str] = []
    progress = Progress(
        lambda what, total: stages.append(what),
        lambda arrived: kill(arrived) if stages[-1] == "rebuild" else None,
    )
    done = fill(other, source, engine=two_workers, progress=progress)
    assert killed
    assert [day.outcome for day in done.days] == ["made"] * 8
    assert contents(other) == contents(whole)


def test_what_takes_its_worker_down_again_and_again_is_given_up_and_the_rest_goes_on() -> None:
    import dask
    import distributed  # noqa: F401  first, or the end of `set` removes all of its defaults

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        open_engine(None, 1) as found,
    ):
        came = dict(found.map(die_of_three, [1, 3, 5]))
    assert (came[1], came[5]) == (2, 10)
    assert came[3] is LOST


def test_workers_keep_nothing_of_what_they_have_done(two_workers: Engine) -> None:
    import dask

    assert isinstance(two_workers, OnDask)
    # the profiler's memory has no end: a year of snapshots was 130 MB
    profiles = two_workers.client.run(dask.config.get, "distributed.worker.profile.enabled")
    assert list(profiles.values()) == [False, False]


def test_on_a_cluster_and_s3_a_lost_worker_costs_no_day_and_doubles_none(s3_desk: Desk) -> None:
    s3_desk.publish_daily(NOW, 6)
    before = contents(s3_desk.store)
    bucket = os.environ["S3_BUCKET"]
    wanted = settings("unused", S3_BUCKET=bucket, KEEP="new")
    with scheduler() as (address, _), worker(address) as pid, worker(address):
        rebuilt: list[object] = []

        def kill(arrived: object) -> None:
            rebuilt.append(arrived)
            if len(rebuilt) == 7:  # six were looked at, and the first run is made
                os.kill(pid, signal.SIGKILL)

        with open_engine(address, None) as found:
            progress = Progress(advance=kill)
            done = backfill(wanted, s3_desk.store, found, EVERYTHING, LATER, progress)
    assert [day.outcome for day in done.days] == ["made"] * 6
    after = contents(s3_desk.store)
    assert {key: after[key] for key in before} == before
    # a worker that is killed while it tries the server's conditions leaves that object
    assert_settled({key: body for key, body in after.items() if not key.startswith("_doctor-")})
    folders = {key.split("/")[1] for key in after.keys() - before.keys() if key[:5] == "runs/"}
    assert folders == {day.run_id for day in done.days}
    assert [run.run_id for run in catalogue.read(s3_desk.store).rebuilt] == sorted(folders)


def test_the_commands_go_to_a_cluster(bench: Desk) -> None:
    bench.publish_daily(NOW, 2)
    with scheduler() as (address, _), worker(address):
        said = bench("backfill", "--dask", address, "--json")
        assert [day["outcome"] for day in said.json()["days"]] == ["made", "made"]
        again = bench("vintages", "--dask", address)
    assert "2 snapshots, 2 of them new, from 2021-01-25 to 2021-01-26" in again.out


def test_a_worker_that_can_not_import_the_project_is_told_how(bench: Desk, tmp_path: Path) -> None:
    bench.publish_daily(NOW, 1)
    with scheduler() as (address, _), worker(address, str(tmp_path)):
        said = bench("backfill", "--dask", address)
    assert said.status == 1
    assert "can't import this project" in said.err
    assert "PYTHONPATH=. dask worker" in said.err


def test_a_scheduler_without_workers_is_one_clear_line(
    bench: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 1)
    bench.publish_daily(NOW, 1)
    with scheduler() as (address, _):
        said = bench("backfill", "--dask", address)
    assert said.status == 1
    assert said.err == (
        f"Error: the scheduler {address} has no workers; start some: dask worker {address}\n"
    )


def test_a_scheduler_that_does_not_answer_is_one_clear_line(
    bench: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 1)
    bench.publish_daily(NOW, 1)
    said = bench("backfill", "--dask", "tcp://127.0.0.1:9")
    assert said.status == 1
    assert said.err.startswith("Error: no scheduler answers at tcp://127.0.0.1:9")
    assert said.err.count("\n") == 1


def test_when_the_last_worker_is_lost_a_scheduler_that_waits_no_longer_says_so() -> None:
    with (
        scheduler(DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT="1s") as (address, _),
        worker(address) as pid,
        open_engine(address, None) as found,
    ):
        assert isinstance(found, OnDask)
        came = found.map(abs, [-1, -2])
        next(came)
        ends = time.monotonic() + 30
        while not any(found.client.who_has().values()):
            assert time.monotonic() < ends  # the second result is on the worker
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EtlError, match=r"failed: NoWorkerError.*finished work is skipped"):
            list(came)
