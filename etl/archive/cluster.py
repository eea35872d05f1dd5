"""Reach Dask's scheduler and workers, or start some here."""

import gc
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from etl.archive import workers as all_workers
from etl.archive.engine import Engine, Here
from etl.archive.on_dask import OnDask
from etl.errors import ConfigError, EtlError
from etl.load.free_memory import keep_one_heap
from etl.worker.scratch import scratch

if TYPE_CHECKING:
    from distributed import LocalCluster

INSTALL = "python -m pip install --require-hashes -r requirements/scale.txt"
ANSWER_S = 10
# What Dask keeps of the past: its profiler grows by a third of a megabyte with each snapshot, and
# its logs of events by less.
LEAN = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.log-length": 100,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.system-monitor.log-length": 10,
}


def require(whoever: str) -> None:
    """Raise ConfigError if Dask is not installed. `whoever` begins the message."""
    if find_spec("distributed") is None or find_spec("dask") is None:
        raise ConfigError(f"{whoever} Dask, which is not installed: {INSTALL}")


@contextmanager
def open_engine(address: str | None, workers: int | None) -> Iterator[Engine]:
    """Yield an engine: the scheduler at `address`, `workers` local processes, or this process.

    Raises ConfigError if Dask is not installed, EtlError if no scheduler answers.
    """
    keep_one_heap()
    gc.freeze()  # what is loaded so far stays
    gc.enable()  # commands do without, but these may go on for hours
    if address is None and workers is None:
        yield Here()
        return
    require("--dask and --workers need")
    import distributed

    _silence_dask()
    if address is None:
        with _local(workers) as engine:
            yield engine
        return
    try:
        client = distributed.Client(address, timeout=ANSWER_S)
    except (OSError, ValueError) as exc:
        raise EtlError(
            f"no scheduler answers at {address} ({exc}); start one: dask scheduler"
        ) from exc
    with client:
        all_workers.require_some(client, address, ANSWER_S)
        yield OnDask(client, address)


def _silence_dask() -> None:
    """Let Dask log no tracebacks: what happens to the scheduler, this process says in one line."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def _local(workers: int | None) -> Iterator[OnDask]:
    import dask
    import distributed

    with (
        dask.config.set(LEAN),
        scratch() as spill,
        _started(workers, spill) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield OnDask(client, cluster.scheduler_address)


def _started(workers: int | None, spill: Path) -> "LocalCluster":
    """Start processes here that Ctrl-C does not reach: this process ends them.

    Threads and processes take over the mask of the thread that starts them. Raises EtlError if one
    ends, or fails, while it starts.
    """
    import distributed

    # multiprocessing's tracker would warn of what is left when this process ends at once
    sys.warnoptions.append("ignore:resource_tracker")
    resource_tracker.ensure_running()  # it would unblock the signal if it were started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,  # a run keeps one core busy
            memory_limit="auto",  # its share of this machine's memory
            dashboard_address="127.0.0.1:0",  # any port: nobody looks at it
            local_directory=str(spill),
            silence_logs="CRITICAL",  # failures are reported by this process
        )
    except (OSError, RuntimeError) as exc:
        raise EtlError(
            f"the workers did not start ({exc.__cause__ or exc}); run it again, with fewer "
            "--workers if memory is short"
        ) from exc
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
