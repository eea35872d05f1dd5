"""Where tasks are worked on: here, or on Dask. The only room that knows Dask's scheduler.

Dask gives a lost worker's tasks to another one; what a task writes makes that harmless.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from etl import log
from etl.archive.job import WrongWorker, tools
from etl.errors import ConfigError, EtlError
from etl.history.record import Failure

if TYPE_CHECKING:
    from distributed import Client

INSTALL = "python -m pip install --require-hashes -r requirements/scale.txt"
ANSWER_S = 10
Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Each item with what the function makes of it, as they come.

        A Failure where the item took its worker down again and again. Raises EtlError where
        nothing more can come.
        """

    def compute(self, frame: Any) -> Any:
        """The pandas of a dask.dataframe."""


class Here:
    """One after the other, in this process."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        for item in items:
            yield item, function(item)

    def compute(self, frame: Any) -> Any:
        return frame.compute(scheduler="synchronous")


def _in_worker(function: Callable[[Item], Result], item: Item) -> Result:
    log.set_up("INFO")  # nobody else has, there
    return function(item)


class OnDask:
    def __init__(self, client: "Client", address: str) -> None:
        self._client = client
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
        # with the task that takes its worker down go those that wait there: each gets its own try
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
        """What came of each, a KilledWorker it may be. Raises EtlError."""
        from distributed import KilledWorker, as_completed

        # impure: the same item asked for again is worked on again
        futures = self._client.map(partial(_in_worker, function), items, pure=False)
        item_of = {future.key: item for future, item in zip(futures, items, strict=True)}
        done = as_completed(futures)
        del futures  # or each result would be held on the workers to the end
        for future in done:
            try:
                result = future.result()
            except KilledWorker as exc:
                result = exc
            except Exception as exc:  # the task's own, or the end of scheduler or last worker
                raise self._broken(exc) from exc
            yield item_of.pop(future.key), result

    def compute(self, frame: Any) -> Any:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import NoWorkerError

        try:
            return self._client.compute(frame, sync=True)
        except (KilledWorker, FutureCancelledError, CommClosedError, NoWorkerError) as exc:
            raise self._broken(exc) from exc

    def _broken(self, exc: Exception) -> EtlError:
        if isinstance(exc, EtlError):
            return exc
        told = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        return EtlError(
            f"the scheduler {self._address} gave up: {told}; say it again: what is done is skipped"
        )


def require(whoever: str) -> None:
    """Raises ConfigError where Dask is not installed; `whoever` needs it."""
    if find_spec("distributed") is None or find_spec("dask") is None:
        raise ConfigError(f"{whoever} Dask, which is not here: {INSTALL}")


@contextmanager
def engine(address: str | None, workers: int | None) -> Iterator[Engine]:
    """A scheduler that runs somewhere, worker processes of our own, or neither.

    Raises ConfigError where Dask is not installed, EtlError where no scheduler answers.
    """
    if address is None and workers is None:
        yield Here()
        return
    require("--dask and --workers need")
    import dask
    import distributed

    if address is None:
        with (
            # it would keep what it saw: a third of a megabyte a snapshot, on and on
            dask.config.set({"distributed.worker.profile.enabled": False}),
            tempfile.TemporaryDirectory(prefix="cloud-etl-") as scratch,
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,  # a run keeps one core busy
                memory_limit="auto",  # its share of this machine's
                dashboard_address="127.0.0.1:0",  # any port: nobody is told of it
                local_directory=scratch,
                silence_logs="CRITICAL",  # what fails is told by the one who asked
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
        _ready(client, address)
        yield OnDask(client, address)


def _ready(client: "Client", address: str) -> None:
    """Scheduler and workers must know this very project: a worker that is given what it does not
    know just dies. Raises EtlError."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError as exc:
        raise EtlError(
            f"the scheduler {address} has no workers; start some: dask worker {address}"
        ) from exc
    try:
        there = {client.run_on_scheduler(tools), *client.run(tools).values()}
    except Exception as exc:  # whatever it was there, here it may come as a mere Exception
        raise EtlError(
            f"the scheduler {address}, or a worker of it, can't import this project ({exc}); start "
            "each where the project is: PYTHONPATH=. dask worker ..."
        ) from exc
    if there != {tools()}:
        raise WrongWorker
