"""Run tasks in this process or on Dask. No other module deals with Dask's scheduler.

Dask gives the tasks of a lost worker to another one. That is harmless, since a task always writes
the same bytes under the same names.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from etl import log
from etl.archive.job import WrongWorker, tools
from etl.errors import ConfigError, EtlError
from etl.history.record import Failure
from etl.worker.scratch import scratch

if TYPE_CHECKING:
    from distributed import Client

INSTALL = "python -m pip install --require-hashes -r requirements/scale.txt"
ANSWER_S = 10
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """Callbacks of a job: one for a new stage and its number of items, one for each item done."""

    stage: Callable[[str, int], None] = lambda what, total: None
    advance: Callable[[object], None] = lambda arrived: None


class Engine(Protocol):
    """Where the tasks of a job are worked on."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Yield each item with the function's result, in the order in which they finish.

        The result is a Failure if the item took its worker down again and again. Raises EtlError
        if no more results can come.
        """

    def compute(self, frame: Any) -> Any:
        """Compute a dask.dataframe and return it as a pandas.DataFrame."""


def map_with_progress(
    engine: Engine,
    progress: Progress,
    stage: str,
    function: Callable[[Item], Result],
    items: Sequence[Item],
) -> Iterator[tuple[Item, Result | Failure]]:
    """Like `Engine.map`, and report the stage and each finished item to `progress`."""
    progress.stage(stage, len(items))
    for item, result in engine.map(function, items):
        yield item, result
        progress.advance(item)


class Here:
    """Work on one item after the other, in this process."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        for item in items:
            yield item, function(item)

    def compute(self, frame: Any) -> Any:
        return frame.compute(scheduler="synchronous")


def _in_worker(function: Callable[[Item], Result], item: Item) -> Result:
    log.set_up("INFO")  # a worker process has no log of its own yet
    return function(item)


class OnDask:
    """Work on the items on the workers of the Dask scheduler that `client` is connected to."""

    def __init__(self, client: "Client", address: str) -> None:
        self.client = client
        self._address = address

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        from distributed import KilledWorker

        lost = []
        for item, result in self._mapped(function, items):
            if isinstance(result, KilledWorker):
                lost.append(item)
            else:
                yield item, result
        # a task that kills its worker fails the tasks queued there as well: retry each one alone
        for item in lost:
            [(_, result)] = self._mapped(function, [item])
            if isinstance(result, KilledWorker):
                why = "its worker was lost again and again; too little memory?"
                yield item, Failure("Lost", why)
            else:
                yield item, result

    def _mapped(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Any]]:
        """Yield each item with its result, or with KilledWorker. Raises EtlError."""
        from distributed import KilledWorker, as_completed

        # impure: otherwise Dask would answer a second request for an item from memory
        futures = self.client.map(partial(_in_worker, function), items, pure=False)
        item_of = {future.key: item for future, item in zip(futures, items, strict=True)}
        done = as_completed(futures)
        del futures  # otherwise the workers would hold every result until the last one is done
        for future in done:
            try:
                result = future.result()
            except KilledWorker as exc:
                result = exc
            except (
                Exception
            ) as exc:  # raised by the task, or the scheduler or the last worker is gone
                raise self._broken(exc) from exc
            yield item_of.pop(future.key), result

    def compute(self, frame: Any) -> Any:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import NoWorkerError

        try:
            return self.client.compute(frame, sync=True)
        except (KilledWorker, FutureCancelledError, CommClosedError, NoWorkerError) as exc:
            raise self._broken(exc) from exc

    def _broken(self, exc: Exception) -> EtlError:
        if isinstance(exc, EtlError):
            return exc
        why = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        return EtlError(
            f"the scheduler {self._address} gave up: {why}; say it again: what is done is skipped"
        )


def require(whoever: str) -> None:
    """Raise ConfigError if Dask is not installed. `whoever` begins the message."""
    if find_spec("distributed") is None or find_spec("dask") is None:
        raise ConfigError(f"{whoever} Dask, which is not here: {INSTALL}")


@contextmanager
def open_engine(address: str | None, workers: int | None) -> Iterator[Engine]:
    """Yield an engine: the scheduler at `address`, `workers` local processes, or this process.

    Raises ConfigError if Dask is not installed, EtlError if no scheduler answers.
    """
    if address is None and workers is None:
        yield Here()
        return
    require("--dask and --workers need")
    import dask
    import distributed

    if address is None:
        with (
            # the profiler never forgets: it grows by a third of a megabyte with each snapshot
            dask.config.set({"distributed.worker.profile.enabled": False}),
            scratch() as spill,
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,  # a run keeps one core busy
                memory_limit="auto",  # its share of this machine's memory
                dashboard_address="127.0.0.1:0",  # any port: nobody looks at it
                local_directory=str(spill),
                silence_logs="CRITICAL",  # failures are reported by this process
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield OnDask(client, cluster.scheduler_address)
        return
    try:
        client = distributed.Client(address, timeout=ANSWER_S)
    except (OSError, ValueError) as exc:
        raise EtlError(
            f"no scheduler answers at {address} ({exc}); start one: dask scheduler"
        ) from exc
    with client:
        _require_this_project(client, address)
        yield OnDask(client, address)


def _require_this_project(client: "Client", address: str) -> None:
    """Raise EtlError unless the scheduler and its workers run the same version of the project.

    A worker that is sent a task from a module that it lacks dies without a message.
    """
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError as exc:
        raise EtlError(
            f"the scheduler {address} has no workers; start some: dask worker {address}"
        ) from exc
    try:
        there = {client.run_on_scheduler(tools), *client.run(tools).values()}
    except Exception as exc:  # Dask may send any error as a plain Exception
        raise EtlError(
            f"the scheduler {address}, or a worker of it, can't import this project ({exc}); start "
            "each where the project is: PYTHONPATH=. dask worker ..."
        ) from exc
    if there != {tools()}:
        raise WrongWorker
