"""TRANSFORM on a cluster: the step's source travels with the job, and workers verify it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from etl.archive.cluster import open_engine
from etl.archive.engine import Engine, Progress
from etl.archive.job import job
from etl.errors import EtlError
from etl.store.directory import DirectoryStore
from tests.support.archives import fill, live, outcomes, raw_alone, restating
from tests.support.dask import scheduler, worker
from tests.support.runs import settings

STEP = "def transform(table):\n    return table.assign(x=7)\n"


@pytest.fixture
def step(tmp_path: Path) -> Path:
    path = tmp_path / "my_step.py"
    path.write_text(STEP)
    return path


def test_workers_elsewhere_run_the_source_that_was_sent(
    store: DirectoryStore, source: Path, tmp_path: Path, step: Path
) -> None:
    live(store, source, restating(2), OUTPUTS="none", TRANSFORM=str(step))
    other = raw_alone(store, tmp_path / "other")
    with scheduler() as (address, _), worker(address), open_engine(address, None) as cluster:
        gone = Progress(stage=lambda what, total: step.unlink(missing_ok=True))
        done = fill(
            other, source, engine=cluster, progress=gone, OUTPUTS="none", TRANSFORM=str(step)
        )
    assert not step.exists()
    assert outcomes(done) == ["made"] * 2
    for day in done.days:
        table = pd.read_parquet(tmp_path / f"other/runs/{day.run_id}/timeseries.parquet")
        assert set(table["x"]) == {7}


def test_a_worker_refuses_a_step_that_changed_on_the_way(
    store: DirectoryStore, source: Path, step: Path, two_workers: Engine
) -> None:
    sent = job(settings(source, OUTPUT_DIR=str(store.root), TRANSFORM=str(step)), store)
    two_workers.prove(sent)
    own = replace(sent.settings.table.own_step, source=STEP.replace("7", "8"))  # type: ignore[type-var]
    table = replace(sent.settings.table, own_step=own)
    changed = replace(sent, settings=replace(sent.settings, table=table))
    said = r"worker tcp://.*my_step\.py: what arrived is not what was sent; its digest differs"
    with pytest.raises(EtlError, match=said):
        two_workers.prove(changed)


def test_a_step_that_fails_on_a_worker_is_one_line_with_file_and_line(
    store: DirectoryStore, source: Path, tmp_path: Path, step: Path, two_workers: Engine
) -> None:
    live(store, source, restating(1), OUTPUTS="none")
    other = raw_alone(store, tmp_path / "other")
    for body, said in (
        (f"import not_installed\n{STEP}", "line 1, column 1: it needs the module not_installed"),
        (STEP.replace("7", "1 / 0"), "line 2, column 27: ZeroDivisionError: division by zero"),
    ):
        step.write_text(body)
        [day] = fill(other, source, engine=two_workers, TRANSFORM=str(step)).days
        assert day.failure
        assert day.failure.kind == "StepFailed"
        assert f"{step}, {said}" in day.failure.message
