"""What a directory does besides the contract: locks, permissions, what a killed writer left."""

import multiprocessing
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.parallel import in_parallel
from tests.support.stores import body, keys


def increment(root: Path, times: int) -> None:
    store = DirectoryStore(root)
    while times:
        stored = store.read("count")
        assert stored is not None
        try:
            store.write(Upload("count", b"%d" % (int(stored.body) + 1)), if_match=stored.etag)
        except StateConflict:
            continue
        times -= 1


def write_more_than_the_limit(root: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # stands in for a full disk
    with pytest.raises(StoreError, match=r"latest\.json: File too large; .*OUTPUT_DIR"):
        DirectoryStore(root).write(Upload("latest.json", b"x" * 101))


def write_without_permission(root: Path) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write anywhere
    with pytest.raises(StoreError, match=r"Permission denied; make it writable or set OUTPUT_DIR"):
        DirectoryStore(root).write(Upload("latest.json", b"2"))


def in_processes(*calls: Callable[[], None]) -> None:
    """Run the calls side by side, each in a process of its own, and want each to succeed."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=call) for call in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(calls)


def test_two_processes_that_count_by_if_match_lose_nothing(directory: DirectoryStore) -> None:
    directory.write(Upload("count", b"0"))
    in_processes(*[partial(increment, directory.root, 50)] * 2)
    assert body(directory, "count") == b"100"


def test_a_reader_beside_a_writer_sees_whole_versions_alone(directory: DirectoryStore) -> None:
    versions = {bytes([letter]) * 1_000_000 for letter in b"ab"}
    directory.write(Upload("latest.json", min(versions)))

    def write() -> None:
        for _ in range(20):
            for version in versions:
                directory.write(Upload("latest.json", version))

    writer, seen = Thread(target=write), set()
    writer.start()
    while writer.is_alive():
        seen.add(body(directory, "latest.json"))
    writer.join()
    assert seen == versions


def test_a_killed_writers_leftovers_do_not_show_and_are_out_of_reach(
    directory: DirectoryStore,
) -> None:
    directory.write(Upload("runs/1/latest.json", b"1"))
    (directory.root / "runs/1/.0123.tmp").write_bytes(b"ha")
    assert (directory.root / ".lock").exists()
    assert keys(directory) == ["runs/1/latest.json"]
    assert directory.head("runs/1/.0123.tmp") is None
    for own in (".lock", "runs/1/.0123.tmp", ".git/config"):
        with pytest.raises(ValueError, match="begins with a dot"):
            directory.write(Upload(own, b"1"))
        with pytest.raises(ValueError, match="begins with a dot"):
            directory.delete(own)


def test_what_a_killed_writer_left_is_listed_and_can_be_removed(directory: DirectoryStore) -> None:
    directory.write(Upload("runs/1/latest.json", b"1"))
    left = directory.root / "runs/1" / f".{uuid4().hex}.tmp"
    left.write_bytes(b"half")
    [entry] = directory.unfinished()
    assert (entry.key, entry.size) == (f"runs/1/{left.name}", 4)
    directory.discard(entry)
    assert list(directory.unfinished()) == []
    directory.discard(entry)  # gone already
    directory.delete("runs/1/latest.json")
    directory.remove_empty("runs/1")
    assert not (directory.root / "runs/1").exists()


def test_a_failed_write_leaves_the_old_version_and_no_litter(directory: DirectoryStore) -> None:
    directory.write(Upload("latest.json", b"1"))
    in_processes(partial(write_more_than_the_limit, directory.root))
    assert body(directory, "latest.json") == b"1"
    assert sorted(path.name for path in directory.root.iterdir()) == [".lock", "latest.json"]


def test_a_directory_without_permission_is_named_with_the_way_out(
    directory: DirectoryStore,
) -> None:
    directory.write(Upload("latest.json", b"1"))
    directory.root.chmod(0o555)
    in_processes(partial(write_without_permission, directory.root))
    directory.root.chmod(0o755)
    assert body(directory, "latest.json") == b"1"


def test_a_file_in_the_directorys_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("not a directory")
    store = DirectoryStore(tmp_path / "out")
    attempts: list[Callable[[], object]] = [
        lambda: store.read("a"),
        lambda: store.write(Upload("a", b"1")),
        lambda: keys(store),
        lambda: store.delete("a"),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="out is not a directory; move it away, or set"):
            attempt()


def test_an_object_in_a_folders_place_is_named(directory: DirectoryStore) -> None:
    directory.write(Upload("countries", b"1"))
    with pytest.raises(
        StoreError, match=r"countries/ESP\.json: .*; another file or folder is in its place"
    ):
        directory.write(Upload("countries/ESP.json", b"1"))


def test_only_a_write_makes_the_directory(directory: DirectoryStore, tmp_path: Path) -> None:
    directory.read("a")
    directory.delete("a")
    assert keys(directory) == []
    assert list(tmp_path.iterdir()) == []


def test_published_files_have_the_usual_permissions(directory: DirectoryStore) -> None:
    directory.write(Upload("latest.json", b"1"))
    (directory.root / "plain").write_bytes(b"1")
    mode = (directory.root / "plain").stat().st_mode
    assert (directory.root / "latest.json").stat().st_mode == mode


def test_plain_writers_and_a_conditional_one_do_not_deadlock(directory: DirectoryStore) -> None:
    def write(number: int) -> None:
        directory.write(Upload(f"{number}", b"1"), if_none_match=number % 2 == 0)

    in_parallel(write, range(40))
    assert len(keys(directory)) == 40


def test_fifos_and_loops_of_links_are_passed_over(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.write(Upload("file", b"x"))
    os.mkfifo(tmp_path / "fifo")
    os.mkfifo(tmp_path / f".{'0' * 32}.tmp")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "self").symlink_to(".", target_is_directory=True)
    assert [entry.key for entry in store.list()] == ["file"]
    assert list(store.unfinished()) == []
    assert store.read("fifo") is None
    assert store.head("fifo") is None
    assert not store.download("fifo", tmp_path / "to")
    with pytest.raises(StoreError, match="symbolic links"):
        store.read("loop")
