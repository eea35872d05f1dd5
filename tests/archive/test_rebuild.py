"""The run folder of one snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.archive.backlog import read_backlog
from etl.archive.job import Job, job
from etl.archive.rebuild import RebuildTask, RebuiltRun, rebuild
from etl.errors import StoreError
from etl.history import catalogue, history
from etl.history.record import Failure
from etl.store import Upload
from etl.store.directory import DirectoryStore
from tests.support.archives import LATER, fill, live, raw_alone, restating
from tests.support.runs import settings


class Away(DirectoryStore):
    """A store that fails where the page asks for the monthly reports."""

    def folders(self, prefix: str) -> Iterator[str]:
        raise StoreError("the store does not answer")


@pytest.fixture
def archive(store: DirectoryStore, source: Path, tmp_path: Path) -> DirectoryStore:
    """Hold one snapshot, whose run backfill has made."""
    live(store, source, restating(1))
    other = raw_alone(store, tmp_path / "other")
    fill(other, source)
    return other


def task_of(
    archive: DirectoryStore, source: Path, store: DirectoryStore
) -> tuple[Job, RebuildTask]:
    """Return the job of `store`, which has the archive's files, and the task of its run."""
    shared = job(settings(source, OUTPUT_DIR=str(archive.root)), store)
    nothing = history.History([]), catalogue.Catalogue()
    [found] = read_backlog(archive, shared.settings, *nothing, LATER).snapshots
    [made] = catalogue.read(archive).rebuilt
    assert found.run_id == made.snapshot
    return shared, RebuildTask(found, made.run_id)


def test_a_run_of_that_name_that_says_otherwise_is_never_overwritten(
    archive: DirectoryStore, source: Path
) -> None:
    shared, task = task_of(archive, source, archive)
    assert isinstance(rebuild(shared, task), RebuiltRun)  # another was first: fine
    key = f"runs/{task.run_id}/manifest.json"
    archive.write(Upload(key, b"another's"))
    failure = rebuild(shared, task)
    assert isinstance(failure, Failure)
    assert "exists with other content" in failure.message
    stored = archive.read(key)
    assert stored
    assert stored.body == b"another's"


def test_a_store_that_fails_while_the_page_is_made_leaves_no_run_without_a_page(
    archive: DirectoryStore, source: Path
) -> None:
    shared, task = task_of(archive, source, Away(archive.root))
    archive.delete(f"runs/{task.run_id}/manifest.json")
    with pytest.raises(StoreError, match="does not answer"):
        rebuild(shared, task)
    assert archive.head(f"runs/{task.run_id}/manifest.json") is None
