"""The run history: nothing is lost between workers, and the public reads no operator's messages."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any

import msgspec
import pytest

from config import read_settings
from etl.errors import StateConflict, StoreError
from etl.history import append, history
from etl.history.history import History
from etl.history.record import Failure, KeptInput, Record
from etl.history.status import PUBLIC_REASONS, SLOTS_SHOWN, status
from etl.store import Stored, Upload, json_state
from etl.store.layout import HISTORY, STATUS
from etl.store.memory import MemoryStore
from tests.support.records import DAY, FIRST, failure, record

TABLE = read_settings({}).table


def written(*records: Record) -> tuple[MemoryStore, list[Record]]:
    """A store to which these were told one after the other, and what it then holds."""
    store = MemoryStore()
    for each in records:
        append.add(store, each)
    return store, history.read(store)[0].records


class Busy(MemoryStore):
    """Somebody else is at work on the history just before our next write, or hides its answer."""

    def __init__(self, meanwhile: Callable[[MemoryStore], object], key: str = HISTORY) -> None:
        super().__init__()
        self.meanwhile: Callable[[MemoryStore], object] | None = meanwhile
        self.key = key

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        if upload.key == self.key and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile(self)
        return super().write(upload, if_match=if_match, if_none_match=if_none_match)


class AnswerLost(MemoryStore):
    """The next write arrives, and yet is reported as a conflict."""

    lose = False

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        etag = super().write(upload, if_match=if_match, if_none_match=if_none_match)
        if self.lose:
            self.lose = False
            raise StateConflict("412, from the second try of a request that had arrived")
        return etag


# ---- reading


def test_no_history_is_an_empty_one() -> None:
    assert history.read(MemoryStore()) == (History([]), None)


def test_what_was_told_is_read_again() -> None:
    full = record(
        rows=35_232,
        series=213,
        source_last=FIRST - DAY,
        warnings=["stale"],
        forced=["fewer"],
        seconds=1.25,
    )
    failed = failure(1, kept=[KeptInput("raw/x/stats.json.gz", "ab" * 32)])
    assert written(full, failed)[1] == [full, failed]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b'{"records": 1}',
        b'{"records": [{"run_id": "x"}]}',
        b"\xff\xfe",
        b"<html>",
    ],
)
def test_a_history_that_cannot_be_read_says_what_to_do_and_is_left_alone(broken: bytes) -> None:
    store = MemoryStore()
    store.write(Upload(HISTORY, broken))
    with pytest.raises(
        StoreError, match="restore an earlier version of it, or delete it"
    ) as caught:
        append.record(store, record(), TABLE)
    assert "memory/history.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert store.read(HISTORY) == Stored(broken, Upload(HISTORY, broken).sha256)


def test_fields_of_a_later_version_do_not_upset_an_earlier_one() -> None:
    store, _ = written(record())
    found = store.read(HISTORY)
    assert found
    content = json.loads(found.body)
    content["records"][0]["weather"] = "sunny"
    store.write(Upload(HISTORY, json.dumps(content).encode()))
    assert history.read(store)[0].records == [record()]


def test_the_last_success_is_the_newest_record_that_did_not_fail() -> None:
    unchanged = record(1, outcome="unchanged", published_run=record(0).run_id)
    assert History([]).last_success() is None
    assert History([failure(0)]).last_success() is None
    assert History([record(0), unchanged, failure(2)]).last_success() == unchanged


def test_the_success_of_a_run_is_the_newest_after_which_readers_had_its_files() -> None:
    published, other = record(0), record(2)
    unchanged = record(1, outcome="unchanged", published_run=published.run_id)
    past = History([published, unchanged, other, failure(3, published_run=published.run_id)])
    assert past.success_of(published.run_id) == unchanged
    assert past.success_of(other.run_id) == other
    assert past.success_of("another") is None


# ---- adding


def test_twelve_workers_at_once_lose_nothing() -> None:
    store, begin = MemoryStore(), Barrier(12)

    def worker(n: int) -> None:
        begin.wait()
        for m in range(5):
            append.record(store, record(n * 5 + m), TABLE)

    threads = [Thread(target=worker, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = history.read(store)[0].records
    assert sorted(each.slot for each in records) == [FIRST + n * DAY for n in range(60)]
    status = store.read(STATUS)
    assert status
    assert json.loads(status.body)["published_run"] == records[-1].run_id


def test_the_first_record_of_another_worker_is_kept_too() -> None:
    one = msgspec.json.encode(History([record(0)]))
    store = Busy(lambda store: MemoryStore.write(store, Upload(HISTORY, one)))
    assert append.add(store, record(1)).records == [record(0), record(1)]
    assert history.read(store)[0].records == [record(0), record(1)]


def test_a_history_that_never_stands_still_is_given_up_on_with_its_conflict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def forever(store: MemoryStore) -> None:
        other = record(len(history.read(store)[0].records) + 10)
        past = History([*history.read(store)[0].records, other])
        MemoryStore.write(store, Upload(HISTORY, msgspec.json.encode(past)))
        assert isinstance(store, Busy)
        store.meanwhile = forever

    store = Busy(forever)
    with pytest.raises(StateConflict):
        append.add(store, record(1))
    assert len(history.read(store)[0].records) == json_state.TRIES


def test_a_record_that_arrived_though_its_answer_was_lost_stands_once() -> None:
    store = AnswerLost()
    append.add(store, record(0))
    store.lose = True
    append.add(store, record(1))
    assert history.read(store)[0].records == [record(0), record(1)]


def test_a_repeated_failure_whose_answer_was_lost_is_counted_once() -> None:
    store = AnswerLost()
    for minute in range(3):
        append.add(store, failure(0, minute))
    store.lose = True
    append.add(store, failure(0, 3))
    (counted,) = history.read(store)[0].records
    assert counted.attempts == 4
    assert counted.first_failed_at == failure(0, 0).started_at


def test_telling_twice_is_telling_once() -> None:
    assert written(record(0), record(0))[1] == [record(0)]


# ---- failures that repeat


def test_failures_that_repeat_are_counted_in_one_record() -> None:
    _, (counted,) = written(*(failure(0, minute) for minute in (0, 1, 3, 7)))
    assert counted.attempts == 4
    assert counted.first_failed_at == failure(0, 0).started_at
    assert counted.run_id == failure(0, 7).run_id
    assert counted.started_at == failure(0, 7).started_at


@pytest.mark.parametrize(
    "other",
    [
        failure(0, 1, message="HTTP status 404"),
        failure(0, 1, failure=Failure("SourceChanged", "HTTP status 503")),
        failure(1),
        record(0),
    ],
    ids=["another message", "another kind", "another slot", "a success"],
)
def test_what_is_not_the_same_failure_has_a_record_of_its_own(other: Record) -> None:
    assert written(failure(0), other)[1] == [failure(0), other]


def test_the_count_goes_on_from_what_was_kept_aside() -> None:
    kept = [KeptInput("raw/x/stats.json.gz", "ab" * 32)]
    _, (counted,) = written(failure(0, 0, kept=kept), failure(0, 1))
    assert counted.kept == kept


# ---- healing


def test_a_runs_own_record_takes_the_place_of_the_one_that_healing_made() -> None:
    healed = record(0, healed=True)
    own = record(0, seconds=1.9)
    assert written(healed, own)[1] == [own]


def test_healing_does_not_take_the_place_of_a_runs_own_record() -> None:
    own = record(0, seconds=1.9)
    assert written(own, record(0, healed=True))[1] == [own]


# ---- status.json


def status_of(*records: Record, now: datetime | None = None, stale_after_days: int = 14) -> Any:
    past = History(list(records))
    now = now or records[-1].started_at
    return json.loads(msgspec.json.encode(status(past, now, stale_after_days)))


def test_the_status_says_what_was_published_and_how_far_behind_the_source_is() -> None:
    said = status_of(record(9, source_last=FIRST), now=datetime(2026, 1, 10, 6, tzinfo=UTC))
    assert said == {
        "checked_at": "2026-01-10T06:00:00Z",
        "outcome": "published",
        "why": "",
        "published_run": record(9).run_id,
        "source_last": "2026-01-01",
        "days_behind": 9,
        "stale": False,
        "slots": [{"slot": "2026-01-10", "outcome": "published"}],
        "last_date_since": None,
        "bytes_since": None,
        "format": 1,
    }


@pytest.mark.parametrize(("days", "stale"), [(14, False), (15, True)])
def test_the_source_is_stale_when_it_is_further_behind_than_the_setting(
    days: int, stale: bool
) -> None:
    said = status_of(record(days, source_last=FIRST))
    assert (said["days_behind"], said["stale"]) == (days, stale)


def test_after_a_failure_the_status_still_names_what_readers_have() -> None:
    said = status_of(record(0, source_last=FIRST), failure(1))
    assert said["outcome"] == "failed"
    assert said["published_run"] == record(0).run_id
    assert said["days_behind"] == 1


def test_a_history_of_failures_alone_makes_a_status_too() -> None:
    said = status_of(failure(0))
    assert (said["published_run"], said["days_behind"], said["stale"]) == (None, None, False)


@pytest.mark.parametrize("kind", [*PUBLIC_REASONS, "ZeroDivisionError"])
def test_the_public_reads_a_reason_and_never_the_operators_message(kind: str) -> None:
    secret = "s3://a-private-bucket/with/a/path?token=1"  # noqa: S105  no secret
    said = status_of(record(0), failure(1, failure=Failure(kind, secret)))
    assert "private" not in json.dumps(said)
    assert said["why"] == PUBLIC_REASONS.get(kind, "the run failed")
    assert said["slots"][-1]["why"] == said["why"]


def test_the_strip_shows_the_last_90_slots() -> None:
    said = status_of(*(record(n) for n in range(200)))
    assert len(said["slots"]) == SLOTS_SHOWN == 90
    assert said["slots"][-1]["slot"] == str(FIRST + 199 * DAY)
    assert said["slots"][0]["slot"] == str(FIRST + 110 * DAY)
    assert {slot["outcome"] for slot in said["slots"]} == {"published"}


def test_a_slot_without_any_record_is_shown_as_missed() -> None:
    slots = status_of(record(0), record(3))["slots"]
    assert [slot["outcome"] for slot in slots] == ["published", "missed", "missed", "published"]


def test_nothing_is_missed_before_the_first_record() -> None:
    assert len(status_of(record(5), record(6))["slots"]) == 2


def test_after_months_of_silence_the_strip_is_as_long_as_ever() -> None:
    slots = status_of(record(0), record(500))["slots"]
    assert [slot["outcome"] for slot in slots] == ["missed"] * 89 + ["published"]


def test_a_slot_shows_the_best_that_became_of_it() -> None:
    unchanged = record(1, run_id="later", outcome="unchanged", published_run=record(0).run_id)
    said = status_of(failure(0), record(0), failure(1), unchanged, failure(2))
    assert [slot["outcome"] for slot in said["slots"]] == ["published", "unchanged", "failed"]
    assert [slot.get("why", "") for slot in said["slots"]] == [
        "",
        "",
        PUBLIC_REASONS["SourceUnavailable"],
    ]


def test_a_run_by_hand_that_fails_does_not_darken_its_slots_success() -> None:
    assert status_of(record(0), failure(0, 90))["slots"][0]["outcome"] == "published"


def test_telling_writes_the_status_of_the_whole_history() -> None:
    store = MemoryStore()
    append.record(store, record(0), TABLE)
    append.record(store, failure(1), TABLE)
    found = store.read(STATUS)
    assert found
    said = json.loads(found.body)
    assert said["outcome"] == "failed"
    assert [slot["outcome"] for slot in said["slots"]] == ["published", "failed"]


def test_the_status_of_a_slower_worker_does_not_hide_a_record_told_meanwhile() -> None:
    store = Busy(lambda store: append.record(store, record(0), TABLE), key=STATUS)
    append.record(store, failure(0), TABLE)
    found = store.read(STATUS)
    assert found
    said = json.loads(found.body)
    assert (said["outcome"], said["slots"][0]["outcome"]) == ("published", "published")
