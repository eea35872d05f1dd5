"""The README: what it shows parses, works and is true; so are the pictures of docs/screens.md."""

import csv
import html
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import duckdb
import pytest

from etl import PROJECT
from etl.cli.main import cli
from etl.cli.print_changes import FROM_RUN_TO_RUN
from etl.cli.print_runs import HISTORY
from tests.support.processes import command, environment

README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [
    line.partition("#")[0].strip()
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.splitlines()
]
TABLE = re.findall(r"^\| `python app\.py ([a-z-]+)` \|", README, re.MULTILINE)
# they end by themselves, need no account, and ask nothing; a browser would open for `open`
RUNNABLE = ["status", "history", "doctor", "ls"]


def block(kind: str) -> str:
    [text] = [str(text) for name, text in BLOCKS if name == kind]
    return text


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `make demo` has run."""
    folder = tmp_path_factory.mktemp("demo")
    assert "\t@$(BIN)/python app.py demo\n" in (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert command("demo", cwd=folder).returncode == 0
    return folder


def test_every_command_in_it_parses() -> None:
    assert len(SHELL) > 8
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for line in SHELL:
        program, *words = shlex.split(line)
        if program == "make":
            assert set(words) <= targets, line
        elif program == ".venv/bin/python":
            assert words[0] == "app.py", line
            parent = click.Context(cli, **cli.context_settings)
            cli.commands[words[1]].make_context(words[1], words[2:], parent=parent)
        elif program == "cp":
            assert (PROJECT / words[0]).exists(), line
        else:
            assert program in ("heroku", "git"), line


def test_the_table_lists_every_command_once() -> None:
    shown = [name for name, found in cli.commands.items() if not found.hidden]
    assert sorted(TABLE) == sorted(shown)


@pytest.mark.parametrize("name", RUNNABLE)
def test_what_needs_no_account_and_ends_by_itself_runs(demo: Path, name: str) -> None:
    assert name in TABLE
    ended = command(name, cwd=demo)
    assert (ended.returncode, "Error" in ended.stderr) == (0, False)
    assert ended.stdout


def test_the_lines_of_latest_csv_are_the_samples(demo: Path) -> None:
    header, *lines = csv.reader(block("").splitlines())
    with (demo / "out" / "latest.csv").open(encoding="utf-8") as file:
        found = [[row[name] for name in header] for row in csv.DictReader(file)]
    assert lines
    assert [line for line in lines if line not in found] == []


def test_the_examples_read_what_is_published(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block("python")],
        cwd=demo,
        env=environment(PYTHONWARNINGS="default"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2021-02-24" in done.stdout
    monkeypatch.chdir(demo)
    rows = duckdb.execute(block("sql")).fetchall()
    assert len(rows) == 35
    assert rows[0][1] == max(highest for _, highest in rows if highest is not None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run", ["published", "rows (+30)", "open out/index.html"]),
        ("failure", ["the input is kept", "python app.py run --force", "the previous version"]),
        ("history", [column.name for column in HISTORY]),
        ("changes", [column.name for column in FROM_RUN_TO_RUN]),
        ("status", ["published", "last check", "next run", "source", "folder"]),
        ("doctor", ["ok", "other settings have their defaults"]),
        ("validate", ["not valid as sample, 1 fault"]),
    ],
)
def test_the_pictures_of_the_commands_are_up_to_date(name: str, words: list[str]) -> None:
    drawn = (PROJECT / "docs" / f"screen-{name}.svg").read_text(encoding="utf-8")
    shown = " ".join(html.unescape(" ".join(re.findall(r">([^<]*)</text>", drawn))).split())
    assert [word for word in words if word not in shown] == []
    assert str(PROJECT) not in shown
    assert f"screen-{name}.svg" in (PROJECT / "docs" / "screens.md").read_text(encoding="utf-8")
