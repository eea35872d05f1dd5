"""Tasks that fail for reasons other than the bytes that they were given."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.archive import engine
from etl.archive.backfill import Span, backfill
from etl.archive.engine import Here, Progress, Trouble, attempt, is_of_the_bytes, map_with_progress
from etl.errors import DataRejected, EtlError, SourceChanged, SourceUnavailable, StoreError
from etl.extract.fetch import Fetched
from etl.history import catalogue
from etl.history.catalogue import Archived
from etl.load import snapshots
from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.archives import LATER, fill, live, outcomes, raw_alone, restating
from tests.support.desk import Desk
from tests.support.fault_proxy import FaultProxy
from tests.support.runs import NOW, contents, settings
from tests.support.s3_server import use

FULL = OSError(errno.ENOSPC, "No space left on device")
HASTY = Here(pauses_s=())


@pytest.fixture(autouse=True)
def _patient() -> None:
    engine.impatient.clear()


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "of_the_bytes"),
    [
        (SourceChanged("x"), True),
        (SourceUnavailable("a gzip that ends too early"), True),
        (DataRejected("x"), True),
        (KeyError("a defect of ours"), True),
        (OSError("Couldn't deserialize thrift"), True),
        (StoreError("no credentials"), False),
        (EtlError("free some space on this machine"), False),
        (FULL, False),
        (MemoryError(), False),
        (caused(SourceUnavailable("can't read"), FULL), False),
        (caused(RuntimeError("x"), StoreError("y")), False),
    ],
    ids=str,
)
def test_only_bytes_make_a_snapshot_bad(error: Exception, of_the_bytes: bool) -> None:
    assert is_of_the_bytes(error) is of_the_bytes


def failing(times: int, error: Exception) -> Callable[[int], int]:
    """Return a function that fails so many times, and then returns its argument."""
    left = iter(range(times))

    def function(item: int) -> int:
        if next(left, None) is not None:
            raise error
        return item

    return function


def test_a_short_outage_is_waited_for_and_a_long_one_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert attempt(failing(4, StoreError("away")), 7) == 7
    assert sum(slept) == 1 + 2 + 4 + 8
    assert sum(engine.PAUSES_S) > 30
    away = failing(99, StoreError("away"))
    assert attempt(away, 7) == Trouble("StoreError", "away")
    slept.clear()
    assert attempt(away, 8) == Trouble("StoreError", "away")
    assert slept == []
    assert attempt(failing(0, FULL), 9) == 9
    assert attempt(failing(1, FULL), 9) == 9  # patient again


def test_where_nothing_works_the_job_ends() -> None:
    with pytest.raises(EtlError, match=r"5 tasks in a row failed, the last one: OSError:"):
        list(map_with_progress(HASTY, Progress(), "x", failing(99, FULL), range(99)))


def test_what_could_not_be_read_this_time_is_unknown_and_what_comes_after_it_waits(
    store: DirectoryStore,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published = live(store, source, restating(4))
    whole, other = raw_alone(store, tmp_path / "whole"), raw_alone(store, tmp_path / "other")
    fill(whole, source)
    bring = snapshots.bring

    def failing(store: Store, archived: Archived, work: Path, max_bytes: int) -> Fetched:
        if published[1] in archived.key:
            raise FULL
        return bring(store, archived, work, max_bytes)

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "bring", failing)
        done = fill(other, source, engine=HASTY)
    assert outcomes(done) == ["made", "unknown", "waiting", "waiting"]
    failure = done.days[1].failure
    assert failure
    assert "No space left on device" in failure.message
    assert outcomes(fill(other, source)) == ["there", "made", "made", "made"]
    assert contents(other).keys() == contents(whole).keys()


def test_the_store_may_be_away_for_the_tasks_and_for_the_job_itself(
    moto_desk: Desk, moto_s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = moto_desk.publish_daily(NOW, 3)
    before = contents(moto_desk.store)
    slept: list[float] = []
    arrived: list[object] = []
    with FaultProxy(moto_s3) as proxy:

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if slept.count(4.0) == 1 + len(ended):  # the third pause of a task, or of the job
                ended.append(len(proxy.failed))
                proxy.reset()

        def advance(result: object) -> None:
            arrived.append(result)
            if len(arrived) in (4, 6):  # the first run is made, and the last one
                proxy.fail("refused", at=1, lasting=True)

        ended: list[int] = []
        use(monkeypatch, proxy.url)
        monkeypatch.setattr("time.sleep", sleep)
        bucket = os.environ["S3_BUCKET"]
        store, wanted = (
            S3Store.connect(bucket, "covid"),
            settings("x", S3_BUCKET=bucket, KEEP="new"),
        )
        done = backfill(wanted, store, Here(), Span(), LATER, Progress(advance=advance))
    assert len(ended) == 2
    assert all(ended)  # requests were refused each time
    assert outcomes(done) == ["made"] * 3
    after = contents(moto_desk.store)
    assert {key: after[key] for key in before} == before
    listed = [run.run_id for run in catalogue.read(moto_desk.store).rebuilt]
    assert listed == sorted(str(day.run_id) for day in done.days)
    assert {key.split("/")[1] for key in after if key[:5] == "runs/"} == {*published, *listed}
