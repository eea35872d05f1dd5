"""The command line: help, wrong usage, exit statuses, how it is stopped."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import click
import pytest
from click.testing import CliRunner

from etl import pipeline
from etl.cli import main
from tests.support.commands import Fails, last_record
from tests.support.processes import APP, command, environment, snapshot
from tests.support.s3_server import Answer, answering


def test_the_help_lists_the_commands_and_says_what_happens_without_one() -> None:
    said = CliRunner().invoke(main.cli, ["--help"])
    assert said.exit_code == 0
    for word in ("starts the worker", ".env.example", "Files:", "Versions:"):
        assert word in said.output
    for name, found in main.cli.commands.items():
        assert (f"\n  {name} " in said.output) != found.hidden, name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run", ["--if-due", "--force", "--dry-run", "--json", "python app.py run --dry-run"]),
        ("demo", ["made-up", "no account", "OUTPUT_DIR"]),
        ("history", ["--last", "--json", "newest last"]),
    ],
)
def test_the_help_of_a_command_teaches_its_options(name: str, words: list[str]) -> None:
    said = CliRunner().invoke(main.cli, [name, "-h"])
    assert said.exit_code == 0
    assert [word for word in words if word not in said.output] == []


def test_every_command_and_option_is_explained() -> None:
    for name, found in main.cli.commands.items():
        assert found.help, name
        for option in found.params:
            if isinstance(option, click.Option):
                assert found.hidden or option.help, f"{name} {option.name}"


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["nonsense"], ["run", "--nonsense"], ["run", "more"], ["history", "--last=0"]],
)
def test_wrong_usage_ends_with_status_2_and_names_what_is_wrong(
    arguments: list[str], capsys: pytest.CaptureFixture[str], as_before: None
) -> None:
    assert main.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error:" in err
    assert re.search(r"nonsense|more|--last", err.splitlines()[-1])
    assert "Traceback" not in err


def test_wrong_settings_end_with_status_2_and_are_all_named_a_line_each(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, RUN_AT="25:00", KEEP="some", STALE_AFTER_DAYS="-1")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 3
    assert all(line.startswith("settings.wrong level=error") for line in ended.stderr.splitlines())
    assert snapshot(tmp_path) == {}


def test_an_error_is_one_clear_line_with_status_1_and_is_recorded(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, SOURCE_URL="nothing.json")
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("run.failed level=error kind=SourceUnavailable error=")
    assert "nothing.json" in line
    assert last_record(tmp_path / "out")["failure"]["kind"] == "SourceUnavailable"


def test_a_defect_of_ours_is_one_line_with_a_folded_traceback_and_status_1(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    as_before: None,
    tmp_path: Path,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "run", broken)
    assert main.main(["run"]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith('run.crashed level=error kind=ZeroDivisionError error="two\\nlines"')
    assert 'traceback="Traceback (most recent call last):\\n' in line


def test_what_was_never_thought_of_is_recorded_all_the_same(
    monkeypatch: pytest.MonkeyPatch, run_fails: Fails, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("never thought of")

    monkeypatch.setattr("etl.extract.inputs.fetch_statistics", broken)
    assert "run.crashed" in run_fails()
    assert last_record(tmp_path / "out")["failure"] == {
        "kind": "ZeroDivisionError",
        "message": "never thought of",
    }


def test_it_ends_quietly_where_nobody_reads_on(published: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(APP), "history", "--json"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_says_so_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    asked, over = Event(), Event()

    def reply(answer: Answer) -> None:
        asked.set()
        over.wait(30)

    (tmp_path / "scratch").mkdir()
    with (
        answering(reply) as address,
        subprocess.Popen(
            [sys.executable, str(APP), "run"],
            cwd=tmp_path,
            env=environment(SOURCE_URL=address, TMPDIR=str(tmp_path / "scratch")),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process,
    ):
        assert asked.wait(30)
        while process.poll() is None:  # as the platform and the worker may both do
            process.send_signal(number)
        _, err = process.communicate(timeout=30)
        over.set()
    assert process.returncode == 128 + number
    assert err == f"run.stopped level=warning signal={number.name}\n"
    assert snapshot(tmp_path) == {}


STOPPED_IN_A_DESTRUCTOR = """
import os, signal, sys, time
from etl.cli.main import cli, main

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(100))

@cli.command("wait")
def wait():
    Last()
    time.sleep(30)

sys.exit(main(["wait"]))
"""


def test_a_signal_that_arrives_in_a_destructor_ends_the_command_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_IN_A_DESTRUCTOR],
        cwd=APP.parent,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        128 + signal.SIGTERM,
        "run.stopped level=warning signal=SIGTERM\n",
    )
