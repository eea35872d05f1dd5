"""How far a long job is: on a terminal, in the log, and as JSON; also when nothing moves."""

import json
import time
from collections.abc import Callable
from threading import Event

import pytest

from config import read_settings
from etl.cli.pace import Pace
from etl.cli.screen import JsonScreen, Screen
from tests.support.logged import Logged, parse


def test_the_figures_of_a_stage() -> None:
    pace = Pace("rebuild", 10, began_s=100.0)
    assert pace.text(104.9) == "0 of 10"
    for second in (110.0, 120.0, 130.0):
        pace.count(second)
    pace.failed += 1
    assert pace.fields(130.0) == {
        "stage": "rebuild",
        "done": 3,
        "of": 10,
        "failed": 1,
        "per_minute": 6.0,
        "idle_s": 0,
        "left_s": 70,
    }
    assert pace.text(130.0) == "3 of 10, 1 failed, 6 a minute, 0:01:10 left"
    assert pace.text(250.0) == (
        "3 of 10, 1 failed, 1.2 a minute, 0:05:50 left, nothing new for 0:02:00"
    )


def wait_for(there: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not there():
        assert time.monotonic() < ends
        Event().wait(0.005)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "EVERY_S", 0.01)


def test_without_a_terminal_a_job_that_is_stuck_is_logged_too(often: None, logged: Logged) -> None:
    with Screen(read_settings({})) as screen:
        screen.stage("rebuild", 3)
        screen.failed("one")
        screen.advance("one")
        before = len(logged.lines("job.progress"))
        # though nothing moves
        wait_for(lambda: len(logged.lines("job.progress")) > before + 2)
    event, fields = parse(logged.text.splitlines()[-1])
    assert event == "job.progress"
    counts = [fields[name] for name in ("stage", "done", "of", "failed")]
    assert counts == ["rebuild", "1", "3", "1"]
    assert fields.keys() >= {"per_minute", "idle_s", "left_s"}


def test_with_json_each_line_on_standard_error_is_an_event(
    often: None, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ""

    def has_said() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return said.count("\n") > 1

    with JsonScreen(read_settings({})) as screen:
        screen.stage("survey", 2)
        wait_for(has_said)
    event = json.loads(said.splitlines()[0])
    assert (event["event"], event["stage"], event["of"]) == ("job.progress", "survey", 2)
