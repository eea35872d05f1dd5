"""Read what commands print and record, with or without a separate process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from etl.extract.sources import SAMPLES

NEXT_DAY = str(SAMPLES / "stats-next-day.json.gz")  # today's samples are one day older: refused
Fails = Callable[..., str]  # makes a run that must fail, and returns all its output and alerts
Command = Callable[..., Result]  # runs a command with click's test runner


def from_json(text: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def last_record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = from_json((folder / "history.json").read_bytes())["records"][-1]
    return found


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output
