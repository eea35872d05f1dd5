"""Commands whose standard streams are closed, or whose reader leaves."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import APP, environment


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-", "| true"])
def test_closed_streams_give_no_traceback(closed: str, tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S602  the shell closes the streams
        f'"{sys.executable}" "{APP}" history --json {closed}',
        shell=True,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
