"""The program under a clock and limits that a test sets while it runs; see Weather.

    python tests/support/weathered.py            the worker
    python tests/support/weathered.py forks      a process of which its children are forks
    python tests/support/weathered.py run ...    a command

Waiting is left out: between tries of a download and of S3, and between two looks at the clock.
"""

import datetime as datetimes
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support import forked

# what a run and the monthly tasks import while they work
MODULES = (
    *("etl.cli.main", "etl.cli.commands.run", "etl.pipeline", "etl.store.s3.store"),
    *("etl.load.version", "etl.report.page.add", "etl.upkeep.monthly", "etl.report.monthly.make"),
    *("etl.extract.sources.coviddata", "etl.store.s3.answers"),
)
VARIABLE = "WEATHER"  # names the file that holds a Weather
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
    socket = Path("forks").absolute()
    os.environ[forked.VARIABLE] = str(socket)
    # it ends with the process group
    subprocess.Popen([sys.executable, __file__, "forks"])
    while not socket.exists():
        time.sleep(0.01)
    children.PROGRAM = Path(forked.__file__)
    app.NAP_S = 0.05
    return app.worker()


def forks() -> int:
    for module in MODULES:
        import_module(module)
    forked.serve(command)
    return 0


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
    sys.exit({(): worker, ("forks",): forks}.get(tuple(sys.argv[1:]), command)())
