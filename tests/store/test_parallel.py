"""Many uploads at a time: progress, the first error, stop signals."""

import time
from threading import Event, Timer, get_ident

import pytest

from etl.errors import StoreError
from etl.store import Upload
from etl.store.memory import MemoryStore
from etl.store.parallel import in_parallel, upload_all


class Waiting(MemoryStore):
    """Waits before each write, like a distant server, and counts the threads that write."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s
        self.threads: list[int] = []

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        self.threads.append(get_ident())
        time.sleep(self.wait_s)
        return super().write(upload)


def test_uploads_to_a_store_that_lets_us_wait_run_sixteen_at_a_time() -> None:
    store = Waiting(0.05)
    upload_all(store, [Upload(f"{number}", b"1") for number in range(50)])
    assert set(store.threads[:2]) == {get_ident()}
    assert len(set(store.threads[2:])) == 16
    assert len(list(store.list())) == 50


def test_uploads_to_a_store_that_answers_at_once_need_few_threads() -> None:
    class Busy(Waiting):
        def write(
            self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
        ) -> str:
            until = time.thread_time() + 0.02
            while time.thread_time() < until:
                pass
            return super().write(upload)

    store = Busy(0)
    upload_all(store, [Upload(f"{number}", b"1") for number in range(30)])
    assert len(set(store.threads)) < 8  # a busy machine may let us wait a little
    assert len(list(store.list())) == 30


def test_few_uploads_run_side_by_side_from_the_start() -> None:
    store = Waiting(0.05)
    upload_all(store, [Upload(f"{number}", b"1") for number in range(4)])
    assert len(set(store.threads)) == 4


def test_progress_hears_of_every_upload_in_the_callers_thread() -> None:
    heard: list[tuple[str, int]] = []
    uploads = [Upload(f"{number}", b"1") for number in range(20)]
    upload_all(
        MemoryStore(), uploads, progress=lambda upload: heard.append((upload.key, get_ident()))
    )
    assert sorted(heard) == sorted((upload.key, get_ident()) for upload in uploads)


def test_nothing_to_upload_is_nothing_done() -> None:
    upload_all(MemoryStore(), [])


def test_the_first_error_is_raised_when_the_running_ones_have_ended() -> None:
    started: list[int] = []
    ended: list[int] = []
    failed = Event()

    def work(number: int) -> None:
        started.append(number)
        if number == 1:
            failed.set()
            raise StoreError("the second one failed")
        failed.wait(10)
        ended.append(number)

    with pytest.raises(StoreError, match="the second one failed"):
        in_parallel(work, range(20_000), at_a_time=2)
    assert len(started) < 20_000
    assert sorted(ended) == sorted(number for number in started if number != 1)


def test_an_error_in_progress_stops_the_rest_too() -> None:
    started: list[int] = []
    told = Event()

    def work(number: int) -> None:
        started.append(number)
        if number:
            told.wait(10)

    def interrupted(number: int) -> None:
        Timer(0.2, told.set).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(20_000), at_a_time=2, progress=interrupted)
    assert len(started) < 20_000
