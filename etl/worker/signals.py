"""The signals that end a process: SIGTERM from the platform or the worker, SIGINT from a person.

On the standard library alone: the idle worker holds it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGTERM, signal.SIGINT)


class Stop(BaseException):
    """SIGTERM or SIGINT came; raised only where the loop waits."""


class Signals:
    """Turns SIGTERM and SIGINT into Stop, in the places that are marked as interruptible."""

    def __init__(self) -> None:
        self._came = self._waiting = False

    def install(self) -> None:
        for number in STOPS:
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        if self._waiting:
            self._waiting = False
            raise Stop

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        self._waiting = True
        try:
            if self._came:
                raise Stop
            yield
        finally:
            self._waiting = False


def ignore_stops() -> None:
    """From here on: one that comes while the process ends would change its exit status.

    They are blocked first: Python writes a traceback for one that arrives before SIG_IGN stands
    and is looked at behind it ("Signal 15 ignored due to race condition").
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
