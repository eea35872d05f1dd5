"""A folder that the samples were published into, made once."""

import shutil
from pathlib import Path

import pytest

from config import REGISTER
from etl.cli import main
from tests.support.commands import NEXT_DAY, Fails, last_record
from tests.support.processes import command, environment, snapshot


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tomorrow's statistics published in it."""
    folder = tmp_path_factory.mktemp("made")
    assert command("run", cwd=folder, SOURCE_URL=NEXT_DAY).returncode == 0
    return folder / "out"


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


@pytest.fixture
def run_fails(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    as_before: None,
    tmp_path: Path,
) -> Fails:
    """Run without a process of its own, which must fail; all that was told and written."""

    def run(**settings: str) -> str:
        monkeypatch.chdir(tmp_path)
        for setting in REGISTER:
            monkeypatch.delenv(setting.variable, raising=False)
        for name, value in environment(**settings).items():
            monkeypatch.setenv(name, value)
        assert main.main(["run"]) == 1
        told = "".join(capsys.readouterr())
        assert last_record(tmp_path / "out")["outcome"] == "failed"
        return told + b"".join(snapshot(tmp_path).values()).decode(errors="replace")

    return run
