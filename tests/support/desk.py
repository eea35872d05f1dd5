"""Simulate a person at the command line: what is typed, printed, and the exit status."""

import json
import sys
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from etl.cli import main
from etl.store import Store
from tests.support.runs import NOW, growing, run


class Said(NamedTuple):
    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Desk:
    """Runs commands on one store, in this process."""

    def __init__(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.store = store
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str, answer: str | None = None) -> Said:
        """Run a command; without an `answer` it has no terminal to ask on."""
        typed = StringIO() if answer is None else Terminal(f"{answer}\n")
        self._monkeypatch.setattr(sys, "stdin", typed)
        self._capsys.readouterr()
        try:
            status = main.main(list(arguments))
        except SystemExit as exc:
            status = int(exc.code or 0)
        return Said(status, *self._capsys.readouterr())

    def publish(self, days: int, *, now: datetime = NOW, step: int = 100) -> str:
        """Make a run on so many days of data, and return its id."""
        source = Path("stats.json")
        source.write_bytes(growing(days, step=step))
        result = run(self.store, source, now=now)
        assert result.outcome == "published"
        assert result.record is not None
        return result.record.run_id

    def publish_daily(self, first: datetime, count: int) -> list[str]:
        """Make a run per day, each on one more day of data, and return the ids."""
        return [self.publish(20 + n, now=first + timedelta(days=n)) for n in range(count)]
