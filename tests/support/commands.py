"""Commands in tests: what they print and record, with or without a process of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from etl.extract.sources import SAMPLES

NEXT_DAY = str(SAMPLES / "stats-next-day.json.gz")  # today's samples are one day older: refused
Fails = Callable[..., str]  # runs a run that must fail, and returns all that was told and written
Command = Callable[..., Result]  # runs a command by click's own runner


def from_json(text: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def last_record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = from_json((folder / "history.json").read_bytes())["records"][-1]
    return found


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output
