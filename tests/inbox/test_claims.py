"""The progress of a letter, as somebody may have edited it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from etl.inbox import claims
from etl.store import Entry, Upload
from etl.store.memory import MemoryStore

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
    changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    store = with_progress(**changed)
    assert claims.read_progress(store, LETTER.id) is None
    assert claims.all_progress(store) == []
    assert "inbox.progress_unreadable" in caplog.messages
