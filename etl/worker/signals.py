"""The signals that end a process: SIGTERM from the platform or the worker, SIGINT from a person.

Needs only the standard library, since it stays in memory while the worker is idle.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGTERM, signal.SIGINT)


class Stop(BaseException):
    """SIGTERM or SIGINT arrived; raised only where the loop waits."""


class Signals:
    """Turns SIGTERM and SIGINT into Stop, but only inside `interruptible`."""

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
    """Let SIGTERM and SIGINT do nothing from now on, since they would change the exit status.

    This thread no longer receives them, not even while Python ends. Another one may; SIG_IGN would
    then make Python write a traceback ("Signal 15 ignored due to race condition").
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    for number in STOPS:
        signal.signal(number, _ignore)


def _ignore(number: int, frame: FrameType | None) -> None:
    pass
