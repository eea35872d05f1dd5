"""The scripts that start servers for the tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from etl import PROJECT


@pytest.mark.parametrize(
    ("script", "name", "kept"), [("s3-server", "weed", "pid"), ("ceph-server", "ceph-mon", "pids")]
)
def test_a_server_s_data_may_be_in_a_folder_that_is_named_after_the_command(
    script: str, name: str, kept: str, tmp_path: Path
) -> None:
    program = [sys.executable, str(PROJECT / "dev" / "tools" / script)]
    running = subprocess.Popen([name, "60"], executable="sleep")
    try:
        pid = [running.pid] if kept == "pids" else running.pid
        (tmp_path / "state.json").write_text(json.dumps({kept: pid, "url": f"of {tmp_path}"}))
        status = [*program, "status", "--data", str(tmp_path)]
        said = subprocess.run(status, capture_output=True, text=True, check=True)
        assert said.stdout == f"of {tmp_path}\n"
    finally:
        running.kill()
        running.wait()
