"""Publishing: whatever breaks wherever, readers have one whole version."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.errors import StateConflict, StoreError
from etl.load import publish
from etl.store import Upload
from etl.store.memory import MemoryStore
from tests.support.runs import (
    COUNTRIES,
    NOW,
    assert_settled,
    assert_whole,
    contents,
    growing,
    published_store,
    records,
    run,
)
from tests.support.stores import Broken, Wrapped, once, store_with


# an error at every second change, a death at the others
@pytest.mark.parametrize(
    ("exception", "first"), [(StoreError("no"), 1), (Broken(), 2)], ids=["error", "death"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_publication_that_breaks_at_any_change_leaves_a_whole_version_and_is_healed(
    tmp_path: Path, when: str, exception: Exception, first: int
) -> None:
    seeded, source = published_store(tmp_path)
    before = contents(seeded)
    old = json.loads(before["manifest.json"])["run_id"]
    source.write_bytes(growing(21))
    counted = Wrapped(store_with(before))
    run(counted, source)
    assert counted.changes > 20
    for broken_at in range(first, counted.changes + 1, 2):
        store = store_with(before)

        def fail(n: int, operation: str, key: str, at: int = broken_at) -> None:
            if n == at:
                raise exception

        with_hook = Wrapped(store, **{when: fail})
        with suppress(StoreError, Broken):
            run(with_hook, source)

        after = contents(store)
        new = assert_whole(after)["run_id"]
        old_run = {key: body for key, body in before.items() if key.startswith(f"runs/{old}/")}
        assert {key: after[key] for key in old_run} == old_run
        for key in (key for key in before if f"runs/{old}/{key}" in before and "/" not in key):
            assert after[key] in (before[f"runs/{old}/{key}"], after.get(f"runs/{new}/{key}"))

        run(store, source, now=NOW + timedelta(minutes=1))
        healed = contents(store)
        manifest = assert_settled(healed)
        assert manifest["source"]["last_date"] == "2021-01-21"
        successes = [r for r in records(store) if r["outcome"] == "published"]
        assert len({r["run_id"] for r in successes}) == len(successes)
        assert manifest["run_id"] in {r["published_run"] for r in successes}


def test_the_loser_of_a_commit_gives_way_quietly_if_the_winner_made_the_same_slot(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))

    def other_worker() -> None:
        run(store, source)

    loser = Wrapped(store, before=once("write", "manifest.json", other_worker))
    assert run(loser, source).outcome == "yielded"
    assert_settled(contents(store))
    slots = [r["slot"] for r in records(store) if r["outcome"] == "published"]
    assert slots == ["2021-01-24", "2021-01-25"]


def test_the_loser_of_a_commit_fails_if_the_winner_made_another_slot(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))

    def other_worker() -> None:
        run(store, source, now=NOW - timedelta(days=1, minutes=-5))

    loser = Wrapped(store, before=once("write", "manifest.json", other_worker))
    with pytest.raises(StateConflict):
        run(loser, source)
    assert_settled(contents(store))


def test_a_commit_during_the_copies_wins_over_copies_that_come_late(tmp_path: Path) -> None:
    keys = tuple(f"country-{n}" for n in range(60))
    store = MemoryStore()
    source, newer = tmp_path / "stats.json", tmp_path / "newer.json"
    source.write_bytes(growing(20, keys))
    newer.write_bytes(growing(22, keys[:55]))

    def other_worker() -> None:
        assert run(store, newer, now=NOW + timedelta(days=1)).outcome == "published"

    run(Wrapped(store, before=once("copy", "countries/country-30.json", other_worker)), source)
    manifest = assert_settled(contents(store))
    assert manifest["source"]["last_date"] == "2021-01-22"


def test_an_answer_that_is_lost_at_the_commit_is_looked_up(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))

    def lose_the_answer() -> None:
        raise StoreError("no answer in time")

    hook = once("write", "manifest.json", lose_the_answer)
    assert run(Wrapped(store, after=hook), source).outcome == "published"
    assert_settled(contents(store))
    assert [r["outcome"] for r in records(store)] == ["published", "published"]


def test_a_country_that_is_gone_leaves_no_stable_name(tmp_path: Path) -> None:
    keys = tuple(f"country-{n}" for n in range(20))
    store = MemoryStore()
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20, keys))
    run(store, source, now=NOW - timedelta(days=1))
    source.write_bytes(growing(21, keys[:-1]))
    result = run(store, source)
    assert result.record is not None
    assert "countries gone: country-19" in result.record.warnings
    objects = contents(store)
    assert_settled(objects)
    assert "countries/country-19.json" not in objects


def test_settling_without_a_manifest_does_nothing() -> None:
    store = MemoryStore()
    publish.settle(store)
    assert contents(store) == {}


def test_stable_names_are_revalidated_run_folders_and_the_pages_assets_kept_for_ever(
    tmp_path: Path,
) -> None:
    seen: dict[str, str] = {}
    source = tmp_path / "stats.json"
    source.write_bytes(growing(3, COUNTRIES))

    class Recording(MemoryStore):
        def write(self, upload: Upload, **conditions: Any) -> str:
            seen[upload.key] = upload.cache_control
            return super().write(upload, **conditions)

        def copy(self, source: str, target: str, *, cache_control: str, **more: Any) -> None:
            seen[target] = cache_control
            super().copy(source, target, cache_control=cache_control, **more)

    run(Recording(), source)
    for key, cache_control in seen.items():
        kept = key.startswith(("runs/", "raw/", "assets/"))
        assert ("immutable" in cache_control) == kept, key
        assert (cache_control == "no-cache") == (not kept), key


def test_a_conflict_behind_our_own_commit_is_a_failure_and_no_giving_way(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))

    def refuse() -> None:
        raise StateConflict("somebody else is copying")

    with pytest.raises(StateConflict):
        run(Wrapped(store, before=once("copy", "latest.json", refuse)), source)
    run(store, source, now=NOW + timedelta(minutes=1))
    assert_settled(contents(store))
