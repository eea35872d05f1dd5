"""The program under a clock and limits that a test sets while it runs; see Weather.

    python tests/support/weathered.py            the worker; its children are this program too
    python tests/support/weathered.py run ...    a command

Waiting is left out: between tries of a download and of S3, and between two looks at the clock.
"""

import datetime as datetimes
import json
import os
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

VARIABLE = "WEATHER"  # names the file that holds a Weather
PROJECT = Path(__file__).resolve().parents[2]
real = datetimes.datetime


@dataclass(frozen=True)
class Weather:
    """The clock is `ahead_s` seconds ahead; no file may get larger than `most_bytes`."""

    ahead_s: float = 0
    most_bytes: int | None = None

    def write(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)


def current() -> Weather:
    return Weather(**json.loads(Path(os.environ[VARIABLE]).read_text()))


class Clock(real):
    """datetime, with another `now`."""

    @classmethod
    def now(cls, tz: datetimes.tzinfo | None = None) -> Any:
        return real.now(tz) + datetimes.timedelta(seconds=current().ahead_s)


def worker() -> int:
    import app
    from etl.worker import children

    for module in (app, children):
        module.datetime = Clock  # type: ignore[attr-defined]
    children.PROGRAM = Path(__file__)
    app.NAP_S = 0.05
    return app.worker()


def command() -> int:
    import etl.cli.commands.run
    import etl.pipeline
    from etl.cli.main import main

    for module in (etl.pipeline, etl.cli.commands.run):
        module.datetime = Clock  # type: ignore[attr-defined]
    patch("time.sleep").start()
    if (most := current().most_bytes) is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return main()


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT))
    sys.exit(command() if len(sys.argv) > 1 else worker())
