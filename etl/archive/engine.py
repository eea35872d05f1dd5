"""Where the tasks of a job are worked on, and what becomes of a task that fails.

A task returns a Failure if the bytes that it was given are bad: that is so everywhere and for ever.
It raises whatever may succeed elsewhere or later, such as a store that does not answer or a full
disk. `attempt` waits and tries again, and gives a Trouble in the end.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Protocol, TypeVar

from etl import log
from etl.archive.job import Job, WrongWorker
from etl.errors import (
    DataRejected,
    EtlError,
    SourceChanged,
    SourceUnavailable,
    StateConflict,
    StepFailed,
    StoreError,
)
from etl.history.record import Failure
from etl.load.free_memory import trim_heap

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)  # a minute, for a store that is away for 30 s
GIVE_UP_AFTER = 5  # tasks in a row that come to nothing
OF_THE_BYTES = (SourceChanged, SourceUnavailable, DataRejected, StepFailed)
NO_BETTER_LATER = (WrongWorker.__name__, StepFailed.__name__)  # on the same worker
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Trouble:
    """Why a task came to nothing, though the bytes that it was given may be good.

    `worker` is the address of the last worker that tried; empty: this process.
    """

    kind: str
    message: str
    worker: str = ""

    def failure(self) -> Failure:
        """Return it as a Failure whose message names the worker."""
        where = f"worker {self.worker}: " if self.worker else ""
        return Failure(self.kind, f"{where}{self.message}")


@dataclass(frozen=True)
class Progress:
    """Callbacks of a job: for a new stage and its number of items, for each result, and for each
    that is a Failure or a Trouble, before that."""

    stage: Callable[[str, int], None] = lambda what, total: None
    advance: Callable[[object], None] = lambda arrived: None
    failed: Callable[[object], None] = lambda arrived: None


class Engine(Protocol):
    """Where the tasks of a job are worked on."""

    def prove(self, job: Job) -> None:
        """Raise EtlError unless every worker can do the job's work."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Trouble]]:
        """Yield each item with the function's result, in the order in which they finish.

        Raises EtlError if task after task comes to nothing, or no more results can come.
        """


def map_with_progress(
    engine: Engine,
    progress: Progress,
    stage: str,
    function: Callable[[Item], Result],
    items: Sequence[Item],
) -> Iterator[tuple[Item, Result | Trouble]]:
    """Like `Engine.map`, and report the stage and each result to `progress`.

    Raises EtlError after GIVE_UP_AFTER troubles in a row: then every task would end so.
    """
    progress.stage(stage, len(items))
    in_a_row = 0
    for item, result in engine.map(function, items):
        yield item, result
        if isinstance(result, Failure | Trouble):
            progress.failed(result)
        progress.advance(result)
        in_a_row = in_a_row + 1 if isinstance(result, Trouble) else 0
        if isinstance(result, Trouble) and in_a_row == GIVE_UP_AFTER:
            raise EtlError(
                f"{in_a_row} tasks in a row failed, the last one: "
                f"{result.failure().message}; fix that and run the command again: finished work "
                "is skipped"
            )


class Here:
    """Work on one item after the other, in this process."""

    def __init__(self, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._pauses_s = pauses_s

    def prove(self, job: Job) -> None:
        """Do nothing: this process has opened the store already."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[Item, Result | Trouble]]:
        for item in items:
            yield item, attempt(function, item, pauses_s=self._pauses_s)


impatient = Event()  # set once all pauses were waited for, until a task succeeds again


def attempt(
    function: Callable[[Item], Result],
    item: Item,
    *,
    pauses_s: Sequence[float] = PAUSES_S,
    worker: str = "",
) -> Result | Trouble:
    """Call the function and return its result; while it raises, wait and call it again.

    Only one task waits that long: after it, the next ones are tried once, until one succeeds.
    """
    for pause_s in [*(() if impatient.is_set() else pauses_s), None]:
        try:
            result = function(item)
        except Exception as exc:
            trouble = Trouble(type(exc).__name__, _text(exc), worker)
        else:
            impatient.clear()
            return result
        finally:
            trim_heap()  # otherwise memory grows by half a megabyte with each snapshot
        if trouble.kind in NO_BETTER_LATER:
            return trouble
        if pause_s is not None:
            log.warning("backfill.waiting", seconds=pause_s, error=trouble.message)
            time.sleep(pause_s)
    impatient.set()
    return trouble


def patiently(call: Callable[[], Result]) -> Result:
    """Make a call that may be repeated; while the store fails, wait as for a task and repeat it.

    For what a long job itself asks of the store. Raises StoreError in the end.
    """
    for pause_s in PAUSES_S:
        try:
            return call()
        except StateConflict:
            raise
        except StoreError as exc:
            log.warning("backfill.waiting", seconds=pause_s, error=exc)
        time.sleep(pause_s)
    return call()


def is_of_the_bytes(exc: Exception) -> bool:
    """Say whether only other bytes, or other code, would avoid an error.

    Not so if the store, the disk, the memory or the installation failed, as the error itself or the
    cause of it. Libraries raise an OSError without a number for bytes that they can't read.
    """
    cause: BaseException | None = exc
    while cause is not None:
        failed = isinstance(cause, StoreError | MemoryError | ImportError)
        if failed or (isinstance(cause, OSError) and cause.errno is not None):
            return False
        cause = cause.__cause__
    return isinstance(exc, OF_THE_BYTES) or not isinstance(exc, EtlError)


def _text(exc: Exception) -> str:
    return str(exc) if isinstance(exc, EtlError) else f"{type(exc).__name__}: {exc}"
