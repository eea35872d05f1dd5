"""RUN_TIMEOUT_MINUTES for a run that was started by hand; the worker kills those it starts."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from etl import log
from etl.errors import RunTimeout
from etl.worker.handover import BY_HAND, Handover

TO_RECORD_S = 30.0  # for the failure's record and its alerts; then the process ends


@contextmanager
def time_limit(limit_s: float, handover: Handover) -> Iterator[None]:
    """Raise RunTimeout inside when the time is up. Does nothing in a run that the worker started.

    If that is swallowed, or recording it hangs, the process ends TO_RECORD_S later.
    """
    if handover != BY_HAND or not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> NoReturn:
        log.error("run.killed", error=f"still running {TO_RECORD_S:g} s after RUN_TIMEOUT_MINUTES")
        os._exit(1)

    def time_is_up(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, TO_RECORD_S)
        raise RunTimeout(f"still running after {limit_s / 60:g} minutes (RUN_TIMEOUT_MINUTES)")

    before = signal.signal(signal.SIGALRM, time_is_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
