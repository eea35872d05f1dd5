"""The worker as a separate process, and a source that keeps it waiting."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import pytest

from tests.support.processes import APP, environment

PATIENCE_S = 30.0  # for a busy machine; measurements have their own limits

STOP_LIMIT_S = 10.0

LOGFMT = re.compile(r'[a-z_]+\.[a-z_]+( [a-z_0-9]+=([^\s"=]*|"([^"\\]|\\.)*"))*')

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")


@dataclass
class Worker:
    """`python app.py` in its own folder; its log is read as it arrives."""

    folder: Path
    settings: dict[str, str]
    program: list[str] = field(default_factory=lambda: [str(APP)])
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.program],
            cwd=self.folder,
            env=environment(TMPDIR=str(self.folder / "scratch"), **self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        self._arriving: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._arriving.put(line.rstrip("\n"))
        self._arriving.put(None)

    def wait_for(self, event: str) -> str:
        """Wait for the next log line of that event, and return it."""
        return self.wait_until(lambda line: line.startswith(event), event)

    def wait_until(
        self,
        is_it: Callable[[str], bool],
        what: str = "such line",
        patience_s: float = PATIENCE_S,
    ) -> str:
        """Wait for the next log line that `is_it`, and return it."""
        deadline = time.monotonic() + patience_s
        with suppress(Empty):
            while (
                line := self._arriving.get(timeout=max(0.0, deadline - time.monotonic()))
            ) is not None:
                self.log.append(line)
                if is_it(line):
                    return line
        raise AssertionError(f"no {what}: {self.log}")

    def child(self) -> int:
        """Return the process id of the current run."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = stat.read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == self.process.pid:
                return int(stat.parent.name)
        raise AssertionError("it has no child")

    def ends(self) -> tuple[int, float]:
        """Wait for the end; return the exit status and the seconds it took from now."""
        began = time.monotonic()
        status = self.process.wait(PATIENCE_S)
        took_s = time.monotonic() - began
        self._reader.join(PATIENCE_S)
        while (line := self._arriving.get(timeout=PATIENCE_S)) is not None:
            self.log.append(line)
        odd = [line for line in self.log if not LOGFMT.fullmatch(line)]
        assert odd == [], "\n".join(self.log)
        return status, took_s

    def stops(self, *numbers: int, limit_s: float = STOP_LIMIT_S) -> None:
        """Send signals to the worker, which must soon end with status 0."""
        for number in numbers or (signal.SIGTERM,):
            self.process.send_signal(number)
        status, took_s = self.ends()
        assert (status, self.log[-1]) == (0, "worker.stopped")
        assert took_s < limit_s

    def events(self) -> list[str]:
        return [line.split(" ", 1)[0] for line in self.log]

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stdout
        self.process.stdout.close()


Start = Callable[..., Worker]


@dataclass
class SlowSource:
    """A server that begins to answer and then sends nothing more."""

    address: str
    asked: Event


def records(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "history.json").read_text())["records"]
    return found


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
