"""What the tests of this room share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.support.logged import Logged
from tests.support.processes import APP, command
from tests.support.s3_server import Answer, answering
from tests.support.worker import PATIENCE_S, SlowSource, Start, Worker


@pytest.fixture
def lines(logged: Logged) -> Callable[[str], list[str]]:
    """The log lines of an event so far."""
    return logged.lines


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a worker with these settings."""
    (tmp_path / "scratch").mkdir()
    workers: list[Worker] = []

    def make(program: str = "", **settings: str) -> Worker:
        settings = {"HEARTBEAT_MINUTES": "0.01", **settings}
        workers.append(Worker(tmp_path, settings, ["-c", program] if program else [str(APP)]))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which today's run is made."""
    folder = tmp_path_factory.mktemp("made")
    assert command("run", cwd=folder).returncode == 0
    return folder / "out"


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


@pytest.fixture
def slow() -> Iterator[SlowSource]:
    asked, over = Event(), Event()

    def reply(answer: Answer) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", "1000000")
        answer.end_headers()
        answer.wfile.write(b"[")
        answer.wfile.flush()
        asked.set()
        over.wait(PATIENCE_S)

    with answering(reply) as address:
        yield SlowSource(f"{address}/stats.json", asked)
        over.set()
