"""A job that is stopped, or loses its scheduler: real processes, one line, the exit status."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl.store.directory import DirectoryStore
from tests.support.archives import live, restating
from tests.support.dask import scheduler, worker
from tests.support.processes import APP, environment

pytest.importorskip("distributed", reason="SKIPPED: pip install -r requirements/scale.txt")
SNAPSHOTS = 5


@contextmanager
def backfill(source: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a backfill of SNAPSHOTS daily runs in a process group, and wait for the first run."""
    folder = source.parent
    there = len(live(DirectoryStore(folder / "out"), source, restating(SNAPSHOTS)))
    variables = environment(SOURCE="coviddata", COUNTRIES_URL="", KEEP="new", PYTHONWARNINGS="")
    with subprocess.Popen(
        [sys.executable, str(APP), "backfill", *options],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        ends = time.monotonic() + 60
        while len(list((folder / "out" / "runs").glob("*/manifest.json"))) == there:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < ends
            time.sleep(0.005)
        yield process


def test_ctrl_c_ends_the_command_and_its_workers_with_one_line(source: Path) -> None:
    with backfill(source, "--workers", "1") as process:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to workers too
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "run.stopped level=warning signal=SIGINT\n"


def test_a_scheduler_that_is_killed_in_mid_work_is_one_line_and_its_workers_end(
    source: Path,
) -> None:
    with (
        scheduler() as (address, pid),
        worker(address) as worker_pid,
        backfill(source, "--dask", address) as process,
    ):
        os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=30)
        ended = os.waitid(os.P_PID, worker_pid, os.WEXITED | os.WNOWAIT)
    assert (process.returncode, out) == (1, "")
    assert err == (
        f"Error: the scheduler {address} no longer answers; run this again: "
        "finished work is skipped\n"
    )
    assert ended
    assert ended.si_code == os.CLD_EXITED
