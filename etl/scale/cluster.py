"""Where tasks are worked on: here, or on Dask. The only room that knows Dask's scheduler.

Dask gives a lost worker's tasks to another one; what a task writes makes that harmless.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from etl import log
from etl.errors import ConfigError, EtlError
from etl.history import Failure

if TYPE_CHECKING:
    from distributed import Client

INSTALL = "python -m pip install --require-hashes -r requirements-scale.txt"
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


class OnDask:
    def __init__(self, client: "Client", address: str) -> None:
        self._client = client
        self._address = address

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Failure]]:
        from distributed import KilledWorker, as_completed

        # impure: the same item asked for again is worked on again
        futures = self._client.map(function, items, pure=False)
        item_of = {future.key: item for future, item in zip(futures, items, strict=True)}
        done = as_completed(futures)
        del futures  # or each result would be held on the workers to the end
        for future in done:
            item = item_of.pop(future.key)
            if future.status == "finished":
                yield item, future.result()
                continue
            exc = future.exception() if future.status == "error" else None
            if isinstance(exc, KilledWorker):
                why = "its worker was lost again and again; too little memory?"
                yield item, Failure("Lost", why)
            else:
                raise self._broken(exc) from exc

    def compute(self, frame: Any) -> Any:
        return self._client.compute(frame, sync=True)

    def _broken(self, exc: BaseException | None) -> EtlError:
        if isinstance(exc, EtlError):
            return exc
        if isinstance(exc, ImportError):
            return EtlError(
                f"a worker of {self._address} can't import this project ({exc}); start it where "
                "the project is: PYTHONPATH=. dask worker ..."
            )
        told = f": {type(exc).__name__}: {exc}" if exc else ""
        return EtlError(
            f"the scheduler {self._address} gave up{told}; say it again: what is done is skipped"
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
    import distributed

    if address is None:
        with (
            tempfile.TemporaryDirectory(prefix="cloud-etl-") as scratch,
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,  # a run keeps one core busy
                memory_limit="auto",  # its share of this machine's
                dashboard_address=None,
                local_directory=scratch,
                silence_logs="ERROR",
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
        if not client.scheduler_info()["workers"]:
            log.warning("backfill.no_workers", scheduler=address)
        yield OnDask(client, address)
