"""Dask's scheduler and workers as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from etl import PROJECT


@contextmanager
def dask(
    *arguments: str, said: str, path: str = str(PROJECT), **variables: str
) -> Iterator[tuple[int, str]]:
    """`dask ...` as a process of its own, once it has said so: its pid, and that line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env={**os.environ, "PYTHONPATH": path, **variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        yield process.pid, next(line for line in process.stderr if said in line)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@contextmanager
def scheduler(**variables: str) -> Iterator[tuple[str, int]]:
    """Its address and its pid."""
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with dask("scheduler", *options, said="Scheduler at:", **variables) as (pid, line):
        yield line.split()[-1], pid


@contextmanager
def worker(address: str, path: str = str(PROJECT)) -> Iterator[int]:
    """A worker's pid."""
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    with dask("worker", address, *options, said="Registered to:", path=path) as (pid, _):
        yield pid
