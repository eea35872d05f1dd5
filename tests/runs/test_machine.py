"""Runs on a machine that lacks room, and runs that can't read what is published."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from etl.errors import EtlError, StoreError
from etl.history.run import Options
from etl.store import Upload
from etl.store.memory import MemoryStore
from tests.support.runs import assert_settled, contents, growing, published_store, records, run


def test_a_published_table_that_cannot_be_read_fails_the_run_unless_it_is_forced(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    run_id = json.loads(contents(store)["manifest.json"])["run_id"]
    store.write(Upload(f"runs/{run_id}/timeseries.parquet", b"no parquet"))
    source.write_bytes(growing(21))
    with pytest.raises(StoreError, match=r"run --force"):
        run(store, source)
    assert json.loads(contents(store)["manifest.json"])["run_id"] == run_id
    assert run(store, source, options=Options(force=True)).outcome == "published"
    manifest = assert_settled(contents(store))
    (forced,) = manifest["checks"]["forced"]
    assert forced.startswith(f"nothing was compared: the table of {run_id} can't be read")
    assert records(store)[-1]["forced"] == [forced]
    assert "nothing was compared" in contents(store)["index.html"].decode()
    assert manifest["checks"]["restated"] is None


def test_one_failed_read_of_the_published_table_is_repeated(tmp_path: Path) -> None:
    class Once(MemoryStore):
        tries = 0

        def download(self, key: str, path: Path) -> bool:
            self.tries += 1
            if self.tries == 1:
                raise StoreError("broke off")
            return super().download(key, path)

    store, source = Once(), tmp_path / "stats.json"
    for days in (20, 21):
        source.write_bytes(growing(days))
        assert run(store, source).outcome == "published"
    assert json.loads(contents(store)["manifest.json"])["checks"]["restated"]
    assert store.tries == 2


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """Lower one of this process's limits."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


@contextmanager
def few_files(more: int) -> Iterator[None]:
    """Leave this process room for `more` open files."""
    highest = max(map(int, os.listdir("/proc/self/fd")))
    with limited(resource.RLIMIT_NOFILE, highest + 10):
        opened: list[int] = []
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        for free in opened[:more]:
            os.close(free)
        try:
            yield
        finally:
            for taken in opened[more:]:
                os.close(taken)


@pytest.mark.parametrize(
    ("starved", "message"),
    [
        *(
            (partial(limited, resource.RLIMIT_FSIZE, size), "File too large")
            for size in (0, 300, 1000, 4000)
        ),
        *((partial(few_files, more), "Too many open files") for more in (0, 1, 2)),
    ],
)
def test_a_full_disk_or_file_table_fails_the_run_clearly_and_the_next_one_succeeds(
    tmp_path: Path, starved: Callable[[], AbstractContextManager[None]], message: str
) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)["manifest.json"]
    source.write_bytes(growing(21))
    with starved(), pytest.raises(EtlError, match=message):
        run(store, source)
    assert contents(store)["manifest.json"] == before
    assert message in records(store)[-1]["failure"]["message"]
    assert run(store, source).outcome == "published"
    assert_settled(contents(store))


def test_a_temporary_folder_that_cannot_be_made_is_recorded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(OSError, match="missing"):
        run(store, source)
    assert [record["outcome"] for record in records(store)] == ["published", "failed"]


def test_a_disk_without_room_for_a_temporary_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", None)  # as in a process that has made none yet
    with limited(resource.RLIMIT_FSIZE, 0), pytest.raises(EtlError, match="set TMPDIR"):
        run(store, source)
    assert "temporary directory" in records(store)[-1]["failure"]["message"]
