"""Completion of commands and options by a real shell, after deploy/cloud-etl."""

import subprocess
from pathlib import Path

import pytest

from etl import PROJECT
from tests.support.processes import environment, snapshot

IN_BASH = """
eval "$(_CLOUD_ETL_COMPLETE=bash_source cloud-etl)"
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_cloud_etl_completion cloud-etl
echo "${{COMPREPLY[@]}}"
"""


def bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    link = folder / "bin" / "cloud-etl"
    if not link.exists():
        link.parent.mkdir()
        link.symlink_to(PROJECT / "deploy" / "cloud-etl")
    env = environment()
    return subprocess.run(
        ["bash", "-c", script],  # noqa: S607  the one in PATH
        cwd=folder,
        env={**env, "PATH": f"{link.parent}:{env['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make has made no .venv here")
def test_bash_completes_commands_and_options_and_nothing_runs(tmp_path: Path) -> None:
    for words, expected in (
        ("cloud-etl sta", "status"),
        ("cloud-etl val", "validate"),
        ("cloud-etl run --dr", "--dry-run"),
        ("cloud-etl subscribe e", "email"),
        ("cloud-etl monthly", ""),  # a hidden command
    ):
        completed = bash(IN_BASH.format(words=words), tmp_path)
        assert (completed.stdout.strip(), completed.stderr) == (expected, "")
    assert list(snapshot(tmp_path)) == ["bin/cloud-etl"]


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make has made no .venv here")
def test_the_name_without_a_command_shows_the_help_and_starts_no_worker(tmp_path: Path) -> None:
    shown = bash("cloud-etl", tmp_path)
    assert shown.returncode == 0
    assert "\n  validate " in shown.stdout
