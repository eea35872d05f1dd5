"""Commands whose standard streams are closed, or whose reader leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import APP, environment


def shell(command: str, cwd: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell command in which `app` is the program."""
    return subprocess.run(
        [
            "/bin/bash",
            "-c",
            f'set -o pipefail; app() {{ "{sys.executable}" "{APP}" "$@"; }}; {command}',
        ],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-", "| cat", "2>/dev/full"])
def test_closed_streams_give_no_traceback(closed: str, tmp_path: Path) -> None:
    ended = shell(f"app history --json {closed}", tmp_path)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


def test_a_reader_that_leaves_early_ends_a_command_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "large").write_bytes(bytes(1 << 20))
    for command in ("app get large - | head -c 1", "app get large - 2>&1 | head -c 1"):
        ended = shell(command, tmp_path)
        assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("command", ["history --json", "--help"])
def test_an_output_that_cannot_be_written_is_one_line(command: str, tmp_path: Path) -> None:
    ended = shell(f"app {command} > /dev/full", tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: No space left on device; free some space")
    assert ended.stderr.count("\n") == 1


def test_a_name_that_is_not_utf_8_is_listed_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    Path(tmp_path / "out" / os.fsdecode(b"caf\xe9")).write_bytes(b"odd")
    for command in ("ls", "ls --json"):
        ended = shell(f"app {command}", tmp_path, PYTHONIOENCODING="ascii")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "caf\\udce9" in ended.stdout
