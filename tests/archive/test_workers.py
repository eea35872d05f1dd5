"""Workers in trouble: one of them, all of them, and what each proves before it may work."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from etl.archive.cluster import open_engine
from etl.archive.engine import Engine, Progress, map_with_progress
from etl.archive.job import Job, job
from etl.archive.on_dask import OnDask
from etl.errors import EtlError, StoreError
from etl.store.directory import DirectoryStore
from tests.support.logged import Logged
from tests.support.runs import contents, settings


def refuse(bad: str, item: int) -> int:
    """Fail on the worker `bad`, or on all of them if it is empty."""
    from distributed import get_worker

    if bad in ("", get_worker().address):
        raise StoreError(f"not {item}")
    return item


def test_an_error_that_concerns_every_task_stops_them_all(two_workers: Engine) -> None:
    assert isinstance(two_workers, OnDask)
    hasty = OnDask(two_workers.client, "here", pauses_s=())
    said = r"5 tasks in a row failed, the last one: worker tcp://[0-9.:]+: not \d+; fix that"
    with pytest.raises(EtlError, match=said):
        list(map_with_progress(hasty, Progress(), "x", partial(refuse, ""), range(99)))


def test_one_bad_worker_costs_no_task_and_soon_gets_no_more(
    two_workers: Engine, logged: Logged
) -> None:
    assert isinstance(two_workers, OnDask)
    hasty = OnDask(two_workers.client, "here", pauses_s=())
    bad = next(iter(two_workers.client.nthreads()))
    came = dict(hasty.map(partial(refuse, bad), range(40)))
    assert came == {item: item for item in range(40)}
    assert len(logged.lines("backfill.worker_left_out")) == 1


def test_every_worker_proves_first_that_it_shares_the_folder(
    store: DirectoryStore, source: Path, two_workers: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = job(settings(source, OUTPUT_DIR=str(store.root)), store)
    two_workers.prove(wanted)
    assert contents(store) == {}
    elsewhere = replace(wanted, settings=settings(source, OUTPUT_DIR=f"{store.root}-other"))
    monkeypatch.setattr(Job, "store", store)  # of this process alone
    with pytest.raises(EtlError, match=r"worker tcp://[0-9.:]+: it does not see what was just .*"):
        two_workers.prove(elsewhere)
    old = replace(wanted, tools=wanted.tools.replace("pandas=", "pandas=1."))
    with pytest.raises(EtlError, match=r"worker tcp://.*: it runs pandas [0-9.]+ where 1\."):
        two_workers.prove(old)


def test_workers_that_do_not_start_are_one_clear_line() -> None:
    import dask

    said = "the workers did not start .*no_such_module.*; run it again, with fewer --workers if"
    with (
        dask.config.set({"distributed.worker.preload": ["no_such_module"]}),
        pytest.raises(EtlError, match=said),
        open_engine(None, 1),
    ):
        pass
