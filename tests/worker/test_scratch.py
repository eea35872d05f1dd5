"""Temporary folders: removed at their end, or at the next start of the worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etl.worker.scratch import clear_abandoned, scratch


def test_a_folder_is_removed_at_its_end_and_belongs_to_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch() as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(f"cloud-etl-{os.getpid()}-")
        (folder / "part").touch()
    assert list(tmp_path.iterdir()) == []


def test_the_folders_of_processes_that_are_gone_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = [f"cloud-etl-{ended.pid}-abc_12", f"cloud-etl-{os.getpid()}-old00000"]
    kept = [
        f"cloud-etl-{os.getppid()}-abc",
        "cloud-etl-notes",
        "other-1-a",
        f"cloud-etl-{10**30}-a",
    ]
    for name in gone + kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "part").touch()
    assert sorted(clear_abandoned()) == sorted(gone)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
