"""Restoring in spite of crashes and races."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from etl.errors import StateConflict
from etl.store.memory import MemoryStore
from etl.upkeep.doctor import published
from tests.support.restoring import MANY, on_view, publish, put_back, run_ids, scheduled
from tests.support.runs import (
    NOW,
    contents,
    growing,
    records,
    run,
)
from tests.support.stores import Broken, Wrapped, once, store_with


def test_a_restore_that_breaks_at_any_change_leaves_a_whole_version_and_is_finished(
    store: MemoryStore, source: Path
) -> None:
    first, second, _ = run_ids(store)
    put_back(store, "previous")
    before = contents(store)  # from here the first run has a country less
    counted = Wrapped(store_with(before))
    put_back(counted, "previous")
    assert counted.changes > 20
    for broken_at in range(1, counted.changes + 1):
        torn = store_with(before)

        def die(n: int, operation: str, key: str, at: int = broken_at) -> None:
            if n == at:
                raise Broken

        with suppress(Broken):
            put_back(Wrapped(torn, before=die), "previous")
        moved = json.loads(contents(torn)["manifest.json"])["run_id"]
        assert moved == (second if broken_at == 1 else first)
        # a run that is not due finishes what is half done, and does nothing else
        assert scheduled(torn, source, 0).outcome == "not_due"
        assert on_view(torn) == moved
        last = records(torn)[-1]
        assert (last["outcome"], last["published_run"]) == ("restored", moved)
        assert [f for f in published.published_findings(torn) if f.level != "ok"] == []
        if broken_at % 5 == 1:
            assert scheduled(torn, source, 1).outcome == "published"


def test_a_publication_in_between_wins_and_that_is_said(store: MemoryStore, source: Path) -> None:
    before = contents(store)
    for operation, key in (("write", "manifest.json"), ("copy", "latest.csv")):
        raced = store_with(before)

        def other_worker(raced: MemoryStore = raced) -> None:
            publish(raced, source, 23)

        with pytest.raises(StateConflict, match="another run was published in between"):
            put_back(Wrapped(raced, before=once(operation, key, other_worker)), "previous")
        newest = run_ids(raced)[-1]
        assert newest not in before["history.json"].decode()
        assert on_view(raced) == newest
        outcomes = [r["outcome"] for r in records(raced)]
        # the other worker found it half done, and put it on record before its own
        told = ["restored", "published"] if operation == "copy" else ["published"]
        assert outcomes[3:] == told
        assert scheduled(raced, source, 2).outcome == "unchanged"
        assert len(records(raced)) == len(outcomes) + 1


def test_a_record_that_comes_late_takes_its_place_before_the_run_that_followed(
    source: Path,
) -> None:
    store = MemoryStore()
    publish(store, source, 20)

    def others() -> None:
        publish(store, tomorrows, 22)

    tomorrows = source.with_name("tomorrow.json")
    source.write_bytes(growing(21, MANY))
    late = Wrapped(store, before=once("write", "history.json", others))
    assert run(late, source, now=NOW - timedelta(days=1)).outcome == "published"
    assert [r["slot"] for r in records(store)] == ["2021-01-23", "2021-01-24", "2021-01-25"]
    assert [r.get("healed", False) for r in records(store)] == [False] * 3
    assert json.loads(contents(store)["status.json"])["published_run"] == on_view(store)
