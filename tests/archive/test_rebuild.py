"""The run folder of one snapshot."""

from pathlib import Path

from etl.archive.backlog import read_backlog
from etl.archive.job import job
from etl.archive.rebuild import RebuildTask, RebuiltRun, rebuild
from etl.history import catalogue, history
from etl.history.record import Failure
from etl.store import Upload
from etl.store.directory import DirectoryStore
from tests.support.archives import LATER, fill, live, raw_alone, restating
from tests.support.runs import settings


def test_a_run_of_that_name_that_says_otherwise_is_never_overwritten(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(1))
    other = raw_alone(store, tmp_path / "other")
    [day] = fill(other, source).days
    key = f"runs/{day.run_id}/manifest.json"
    snapshot = catalogue.read(other).rebuilt[0].snapshot
    shared = job(settings(source, OUTPUT_DIR=str(other.root)), other)
    [found] = read_backlog(
        other, shared.settings, history.History([]), catalogue.Catalogue(), LATER
    ).snapshots
    assert found.run_id == snapshot
    task = RebuildTask(found, str(day.run_id))
    assert isinstance(rebuild(shared, task), RebuiltRun)  # another was first: fine
    other.write(Upload(key, b"another's"))
    failure = rebuild(shared, task)
    assert isinstance(failure, Failure)
    assert "exists with other content" in failure.message
    stored = other.read(key)
    assert stored
    assert stored.body == b"another's"
