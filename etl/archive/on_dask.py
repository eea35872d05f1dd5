"""Work on tasks on Dask's workers.

Dask gives the tasks of a lost worker to another one. That is harmless, since a task always writes
the same bytes under the same names. A task that raises on one worker is given to another one, and a
worker on which task after task raises gets no more of them.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from etl import log
from etl.archive import workers as all_workers
from etl.archive.engine import PAUSES_S, Item, Result, Trouble, attempt
from etl.archive.job import Job
from etl.errors import EtlError
from etl.load.free_memory import keep_one_heap

if TYPE_CHECKING:
    from distributed import Client, Future

WORKERS_TRIED = 3  # for each task
LEFT_OUT_AFTER = 2  # troubles of a worker in a row
QUEUED = 4  # tasks handed to Dask for each thread of the workers
LOST = Trouble("Lost", "its worker was lost several times; is there too little memory?")


@dataclass(frozen=True)
class _Answer(Generic[Result]):
    """What a worker sends back: a result or a Trouble."""

    worker: str
    result: Result | Trouble


def _in_worker(
    function: Callable[[Item], Result], pauses_s: Sequence[float], item: Item
) -> _Answer[Result]:
    from distributed import get_worker

    log.set_up("INFO")  # a worker process has no log of its own yet
    keep_one_heap()
    worker: str = get_worker().address
    return _Answer(worker, attempt(function, item, pauses_s=pauses_s, worker=worker))


class OnDask:
    """Work on the items on the workers of the Dask scheduler that `client` is connected to."""

    def __init__(
        self, client: "Client", address: str, pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self.client = client
        self._address = address
        self._pauses_s = pauses_s

    def prove(self, job: Job) -> None:
        with self._explained():
            all_workers.prove(self.client, job)

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Trouble]]:
        lost = []
        for item, result in self._mapped(function, items):
            if result is LOST:
                lost.append(item)
            else:
                yield item, result
        # a task that kills its worker fails the tasks queued there as well: retry each one alone
        for item in lost:
            yield from self._mapped(function, [item])

    def _mapped(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Trouble]]:
        """Yield each item with its result, or with LOST. Raises EtlError."""
        going = _Going(self.client, partial(_in_worker, function, self._pauses_s), items)
        with self._explained():
            going.fill()
        while going.flying:
            with self._explained():
                came = going.next()
            if came:
                yield came
            with self._explained():
                going.fill()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise what Dask raises if the scheduler or the last worker is gone as an EtlError."""
        try:
            yield
        except EtlError:
            raise
        except Exception as exc:
            why = f"failed: {type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
            if self.client.status != "running":
                why = "no longer answers"
            raise EtlError(
                f"the scheduler {self._address} {why}; run this again: finished work is skipped"
            ) from exc


class _Going(Generic[Item, Result]):
    """The tasks of one `map`: a few of them are with Dask, the others wait here."""

    def __init__(
        self,
        client: "Client",
        function: Callable[[Item], _Answer[Result]],
        items: Sequence[Item],
    ) -> None:
        from distributed import as_completed

        self._client, self._function, self._waiting = client, function, deque(items)
        self.flying: dict[str, tuple[Item, frozenset[str]]] = {}
        self._done: Any = as_completed()
        self._in_a_row = Counter[str]()  # troubles, by worker
        self._at_most = 0

    def fill(self) -> None:
        """Hand over as many tasks as keep all workers busy."""
        if self._waiting and len(self.flying) <= self._at_most // 2:
            threads = sum(self._client.nthreads().values())
            self._at_most = QUEUED * max(threads, 1)
        while self._waiting and len(self.flying) < self._at_most:
            self._submit(self._waiting.popleft(), frozenset())

    def next(self) -> tuple[Item, Result | Trouble] | None:
        """Wait for an answer; None if its task was given to another worker."""
        from distributed import KilledWorker

        future = next(self._done)
        item, tried = self.flying.pop(future.key)
        try:
            answer: _Answer[Result] = future.result()
        except KilledWorker:
            return item, LOST
        finally:
            future.release()  # otherwise the workers would hold every result until the last one
        if not isinstance(answer.result, Trouble):
            self._in_a_row[answer.worker] = 0
            return item, answer.result
        self._note(answer.worker, answer.result)
        tried |= {answer.worker}
        if len(tried) < WORKERS_TRIED and self._others(tried):
            self._submit(item, tried)
            return None
        return item, answer.result

    def _submit(self, item: Item, tried: frozenset[str]) -> None:
        out = {worker for worker, n in self._in_a_row.items() if n >= LEFT_OUT_AFTER}
        others = self._others(tried | out) or self._others(tried) if tried | out else None
        future: Future = self._client.submit(
            # impure: otherwise Dask would answer a second request for an item from memory
            *(self._function, item),
            pure=False,
            workers=others or None,
        )
        self.flying[future.key] = (item, tried)
        self._done.add(future)

    def _others(self, than: frozenset[str] | set[str]) -> list[str]:
        return [worker for worker in self._client.nthreads() if worker not in than]

    def _note(self, worker: str, trouble: Trouble) -> None:
        self._in_a_row[worker] += 1
        if self._in_a_row[worker] == LEFT_OUT_AFTER:
            log.warning("backfill.worker_left_out", worker=worker, error=trouble.message)
