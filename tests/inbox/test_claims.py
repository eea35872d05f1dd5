"""The progress of a letter, as somebody may have edited it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from config import read_settings
from etl.alerts.teller import Teller
from etl.inbox import claims, results, rounds
from etl.inbox.letter import Letter
from etl.store import Entry, Upload
from etl.store.memory import MemoryStore
from tests.support.letters import GIF, send
from tests.support.logged import Logged
from tests.support.stores import keys

NOW = datetime(2026, 1, 2, 6, tzinfo=UTC)
LETTER = claims.new_progress(Entry("inbox/incoming/a", 9, NOW))


def with_progress(**changed: Any) -> MemoryStore:
    """Return a store with a letter that was begun, and these fields of its progress edited."""
    store = MemoryStore()
    held = claims.claim(store, LETTER, None, NOW)
    assert held
    key = f"inbox/pending/{LETTER.id}.json"
    stored = store.read(key)
    assert stored
    store.write(Upload(key, json.dumps({**json.loads(stored.body), **changed}).encode()))
    return store


def test_the_progress_of_a_letter_is_read_again() -> None:
    found = claims.read_progress(with_progress(), LETTER.id)
    assert found
    assert found[0]
    assert found[0].key == "inbox/incoming/a"


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "../../manifest"},
        {"id": "another"},
        {"key": "manifest.json"},
        {"received_at": "2026-01-02T06:00:00"},
        {"claimed_at": "0001-01-01T00:00:00Z"},
        {"claims": "many"},
    ],
)
def test_a_progress_that_is_of_another_letter_or_no_progress_is_not_used(
    changed: dict[str, Any], logged: Logged
) -> None:
    store = with_progress(**changed)
    found = claims.read_progress(store, LETTER.id)
    assert found
    assert found[0] is None
    assert claims.all_progress(store) == []
    assert logged.lines("inbox.progress_unreadable")


def read_letters(store: Any) -> list[Letter]:
    chosen = read_settings({"S3_BUCKET": "news", "INBOX": "on"})
    return rounds.make_round(chosen.inbox, store, Teller(chosen, store), NOW).letters


def test_a_letter_whose_progress_is_damaged_is_begun_again(logged: Logged) -> None:
    store = MemoryStore()
    send(store, {"a": GIF, "b": GIF})
    [first, _] = store.list("inbox/incoming/")
    progress = claims.new_progress(first)
    store.write(Upload(f"inbox/pending/{progress.id}.json", b'{"id":'))
    found = read_letters(store)
    assert {letter.key for letter in found} == {"inbox/incoming/a", "inbox/incoming/b"}
    assert all("GIF" in letter.notes["contents"] for letter in found)
    assert keys(store, "inbox/incoming/") == keys(store, "inbox/pending/") == []
    assert len(logged.lines("inbox.progress_unreadable")) == 1


def test_a_letter_of_which_only_damaged_progress_is_left_is_finished_as_unreadable() -> None:
    store = with_progress(claims="many")
    [letter] = read_letters(store)
    assert (letter.id, letter.kind) == (LETTER.id, "unreadable")
    assert "inbox/pending/ was damaged" in letter.notes["contents"]
    assert results.read_result(store, LETTER.id) == letter
    assert keys(store, "inbox/pending/") == []
    assert read_letters(store) == []


def test_damaged_progress_of_a_letter_with_a_result_is_only_removed() -> None:
    store = with_progress(claims="many")
    results.write_result(store, known := Letter(LETTER.id, LETTER.key, NOW, 9, "text"))
    assert read_letters(store) == [known]
    assert keys(store, "inbox/pending/") == []
