"""The signals that end a process."""

import signal

import pytest

from etl.worker.signals import Signals, Stop


@pytest.mark.usefixtures("as_before")
def test_a_stop_that_comes_between_two_waits_is_raised_at_the_next() -> None:
    signals = Signals()
    signals.install()
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stop), signals.interruptible():
        pytest.fail("it went in")
