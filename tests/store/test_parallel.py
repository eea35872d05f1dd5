"""Many uploads at a time: progress, the first error, stop signals."""

from threading import Barrier, Event, Lock, Timer, get_ident

import pytest

from etl.errors import StoreError
from etl.store import Upload
from etl.store.memory import MemoryStore
from etl.store.parallel import in_parallel, upload_all


def test_uploads_run_side_by_side_sixteen_at_most() -> None:
    full, lock = Barrier(16), Lock()

    class Counting(MemoryStore):
        running = most = 0

        def write(
            self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
        ) -> str:
            with lock:
                self.running += 1
                self.most = max(self.most, self.running)
            full.wait(timeout=10)  # falls only when sixteen are inside
            with lock:
                self.running -= 1
            return super().write(upload)

    store = Counting()
    upload_all(store, [Upload(f"{number}", b"1") for number in range(48)])
    assert store.most == 16
    assert len(list(store.list())) == 48


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
