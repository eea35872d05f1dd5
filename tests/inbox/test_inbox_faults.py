"""The inbox's promise: whoever dies, and however many are at it, each letter is read once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest

from config import read_settings
from etl.alerts import aws
from etl.alerts.teller import Teller
from etl.inbox import allowance, claims, intake, results, rounds
from etl.inbox.letter import Check, Letter
from etl.inbox.letter_round import RoundResult
from etl.settings.groups import Settings
from etl.store import Entry, Head, Stored, Upload
from etl.store.layout import INCOMING, PENDING, PICTURES, RESULTS
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.language_server import Languages, language_server
from tests.support.letters import jpeg, send
from tests.support.logged import Logged
from tests.support.processes import APP, environment
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, use
from tests.support.sns_server import Sns

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LETTERS = {"1-remark": b"All of it is wrong, I say.", "2-photo": jpeg(), "3-gif": b"GIF89a"}
OF_A_TEXT = ("DetectDominantLanguage", "TranslateText", "DetectSentiment")
VARIABLES = {
    "S3_BUCKET": "news",
    "INBOX": "on",
    "ALERT_TOPIC": "news",
    "INBOX_ALERT": "negative,label:Cat>80",
}


class Dead(BaseException):
    """The process is gone: no handler runs that touches the world."""


class Mortal(MemoryStore):
    """Dies at its nth operation, before or behind what that does; a dead one does nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket = "news"
        self.live()

    def live(self, dies_at: int = 0, *, done: bool = False) -> None:
        self.count, self._dies_at, self._done = 0, dies_at, done

    def _operate(self, operation: Callable[[], Any]) -> Any:
        self.count += 1
        if self._dies_at and self.count > self._dies_at:
            raise Dead
        if self.count == self._dies_at:
            if self._done:
                operation()
            raise Dead
        return operation()

    def read(self, key: str) -> Stored | None:
        found: Stored | None = self._operate(lambda: MemoryStore.read(self, key))
        return found

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        return str(
            self._operate(
                lambda: MemoryStore.write(
                    self, upload, if_match=if_match, if_none_match=if_none_match
                )
            )
        )

    def head(self, key: str) -> Head | None:
        found: Head | None = self._operate(lambda: MemoryStore.head(self, key))
        return found

    def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
        yield from self._operate(lambda: MemoryStore.list(self, prefix))

    def delete(self, key: str) -> None:
        self._operate(lambda: MemoryStore.delete(self, key))


def settings(**over: str) -> Settings:
    return read_settings(VARIABLES | over)


def make_round(store: Any, now: datetime, chosen: Settings | None = None) -> RoundResult:
    chosen = chosen or settings()
    return rounds.make_round(chosen.inbox, store, Teller(chosen, store), now)


@pytest.fixture
def world(sns: Sns, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sns, Languages]]:
    """SNS and the other services; clients are made once, since to make one takes time."""
    with language_server(monkeypatch) as services:
        monkeypatch.setattr(aws, "client", cache(aws.client))
        yield sns, services


def test_wherever_a_worker_dies_the_next_finishes_and_nothing_is_lost_or_doubled(
    world: tuple[Sns, Languages],
) -> None:
    sns, services = world
    alone = Mortal()
    send(alone, LETTERS)
    alone.live()
    make_round(alone, NOW)
    whole = alone.count
    assert whole > 25
    repeated = []
    for dies_at in range(1, whole + 1):
        for done in (False, True):
            store = Mortal()
            send(store, LETTERS)
            services.calls.clear()
            sns.actions.clear()
            store.live(dies_at, done=done)
            with pytest.raises(Dead):
                make_round(store, NOW)
            store.live()
            make_round(store, NOW + timedelta(minutes=1))  # what is claimed is left alone
            make_round(store, NOW + timedelta(minutes=16))
            make_round(store, NOW + timedelta(minutes=32))
            assert_each_once(store)
            told = sns.published()
            text = " ".join(action["Message"] for action in told)
            # at least once, and again only where the first was on its way
            assert "ALL OF IT IS WRONG" in text
            assert "a picture: Animal 99%" in text
            assert len(told) <= 3
            counted = Counter(services.calls)
            assert counted["DetectLabels"] in (1, 2)
            assert all(counted[call] in (1, 2) for call in OF_A_TEXT)
            repeated.append(sum(counted.values()) > 4)
    # only where it died between an answer and its being written down was a call paid for twice
    assert sum(repeated) == 2


def assert_each_once(store: Any) -> None:
    """Each letter has one result, each picture one copy, and nothing else is left."""
    found = [letter for letter in results.latest_results(store, 100) if letter]
    assert Counter(letter.key.removeprefix(INCOMING) for letter in found) == Counter(LETTERS.keys())
    by_name = {letter.key.removeprefix(INCOMING): letter for letter in found}
    assert by_name["1-remark"].mood == "negative"
    assert by_name["2-photo"].labels
    assert "GIF" in by_name["3-gif"].notes["contents"]
    assert [entry.key for entry in store.list(INCOMING)] == []
    assert [entry.key for entry in store.list(PENDING)] == []
    assert [entry.key for entry in store.list(PICTURES)] == [by_name["2-photo"].picture]


def test_a_letter_that_kills_whoever_reads_it_is_given_up(
    world: tuple[Sns, Languages], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    send(store, {"1-remark": b"Hola, amigos", "2-deadly": b"kill"})
    take_in = intake.take_in

    def deadly(store: Any, of: claims.LetterProgress, check: Check) -> Letter | None:
        if "deadly" in of.key:
            raise Dead
        return take_in(store, of, check)

    monkeypatch.setattr(intake, "take_in", deadly)
    for hour in range(3):
        with pytest.raises(Dead):
            make_round(store, NOW + timedelta(hours=hour))
    letters = make_round(store, NOW + timedelta(hours=4)).letters
    # the good one was read at first, and told of by nobody, since that worker died
    deadly_one = next(letter for letter in letters if "deadly" in letter.key)
    assert "died, 3 times" in deadly_one.notes["given up"]
    assert [entry.key for entry in store.list(INCOMING)] == []
    assert len(results.latest_results(store, 9)) == 2


def test_a_defect_in_one_letter_s_way_stops_no_other(
    world: tuple[Sns, Languages], monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    store = MemoryStore()
    send(store, {"1-odd": b"odd", "2-remark": b"Hola, amigos"})

    def odd(store: Any, of: claims.LetterProgress, check: Check) -> Letter | None:
        if "odd" in of.key:
            raise KeyError(of.key)
        return take_in(store, of, check)

    take_in = intake.take_in
    monkeypatch.setattr(intake, "take_in", odd)
    for hour in range(3):
        done = make_round(store, NOW + timedelta(hours=hour))
        assert len(done.letters) == (hour == 0)
    (letter,) = make_round(store, NOW + timedelta(hours=4)).letters
    assert "given up" in letter.notes
    assert len(logged.lines("inbox.crashed")) == 3


def test_a_worker_that_was_overtaken_writes_nothing(world: tuple[Sns, Languages]) -> None:
    _, services = world
    store = MemoryStore()
    send(store, {"1-remark": b"Hola, amigos"})
    overtaking: list[RoundResult] = []

    def slow(call: str) -> None:
        if call == "TranslateText":
            services.before = lambda call: None
            overtaking.append(make_round(store, NOW + timedelta(minutes=20)))

    services.before = slow
    assert make_round(store, NOW).letters == []
    assert len(overtaking[0].letters) == 1
    assert len(results.latest_results(store, 9)) == 1


def in_threads(work: Callable[[int], None], count: int) -> None:
    """At the same moment; the first error is raised."""
    barrier, errors = Barrier(count), list[BaseException]()

    def begin(n: int) -> None:
        try:
            barrier.wait(20)
            work(n)
        except BaseException as exc:
            errors.append(exc)

    threads = [Thread(target=begin, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_workers_at_the_same_moment_read_each_letter_once(
    s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, s3_url)
    first = S3Store.connect(f"two-{uuid4().hex}", "covid")
    first.client.create_bucket(Bucket=first.bucket)
    first.keeps_conditions()
    letters = {f"{n:02}-remark": f"Remark {n}, again.".encode() for n in range(24)}
    send(first, letters)
    chosen = settings(S3_BUCKET=first.bucket, ALERT_TOPIC="", INBOX_DAILY_LIMIT="1000")
    stores = [S3Store.connect(first.bucket, "covid") for _ in range(3)]
    finished: list[str] = []
    with language_server(monkeypatch) as services:
        in_threads(
            lambda n: finished.extend(
                letter.key for letter in make_round(stores[n], datetime.now(UTC), chosen).letters
            ),
            3,
        )
    assert sorted(finished) == sorted(INCOMING + name for name in letters)
    assert Counter(services.calls) == dict.fromkeys(OF_A_TEXT, len(letters))
    assert allowance.read_usage(first, datetime.now(UTC))[0].calls == len(services.calls)
    assert [entry.key for entry in first.list("inbox/") if RESULTS not in entry.key] == [
        allowance.key(datetime.now(UTC))
    ]
    for store in (first, *stores):
        store.client.close()


def test_a_process_that_is_killed_in_the_middle_leaves_its_letter_to_a_later_one(
    moto_s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    use(monkeypatch, moto_s3)
    store = S3Store.connect(f"killed-{uuid4().hex}", "covid")
    store.client.create_bucket(Bucket=store.bucket)
    send(store, {f"{n}-remark": f"Remark {n}, again.".encode() for n in range(3)})
    with language_server(monkeypatch) as services:
        aws_like = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        child = subprocess.Popen(
            [sys.executable, str(APP), "inbox"],
            cwd=tmp_path,
            env=environment(S3_BUCKET=store.bucket, INBOX="on", **(aws_like | keys)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def kill(call: str) -> None:
            if call == "TranslateText" and services.calls.count(call) == 2:
                child.send_signal(signal.SIGKILL)

        services.before = kill
        assert child.wait(60) == -signal.SIGKILL
        services.before = lambda call: None
        chosen = settings(S3_BUCKET=store.bucket, ALERT_TOPIC="")
        now = datetime.now(UTC)
        assert len(make_round(store, now, chosen).letters) == 1  # the third; the second is claimed
        later = make_round(store, now + timedelta(minutes=16), chosen).letters
    # the first, whose result nobody had let go yet, and the second
    assert len(later) == 2
    assert len(results.latest_results(store, 9)) == 3
    assert [entry.key for entry in store.list(PENDING)] == []
    assert services.calls.count("DetectSentiment") == 3
    assert services.calls.count("TranslateText") == 4
    store.client.close()
