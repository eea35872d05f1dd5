"""A worker on a machine that gives its processes too little memory."""

from pathlib import Path

from tests.support.processes import APP
from tests.support.worker import Start, records

LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
sys.argv = [{app!r}]
sys.path.insert(0, {folder!r})
runpy.run_path({app!r}, run_name="__main__")
"""


def test_a_run_without_enough_memory_is_recorded(start: Start, tmp_path: Path) -> None:
    program = LIMITED.format(limit=250 << 20, app=str(APP), folder=str(APP.parent))
    worker = start(program)
    assert "failures=1" in worker.wait_for("worker.retry")
    (record,) = records(tmp_path / "out")
    assert record["outcome"] == "failed"
    assert record["failure"]["message"]
    worker.wait_for("worker.alive")
