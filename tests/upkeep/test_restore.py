"""Back to an earlier run: whole, on record, and until the next scheduled run."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.errors import SourceChanged, StoreError
from etl.store import Upload
from etl.store.memory import MemoryStore
from etl.upkeep.restore import restore
from tests.support.desk import Desk
from tests.support.restoring import LATER, MANY, on_view, publish, put_back, run_ids, scheduled
from tests.support.runs import (
    NOW,
    contents,
    growing,
    moment,
    records,
    run,
    settings,
)


def test_the_previous_run_is_put_back_with_every_name_it_had_and_no_other(
    store: MemoryStore,
) -> None:
    first, second, third = run_ids(store)
    before = contents(store)
    assert put_back(store, "previous") == second
    assert on_view(store) == second
    after = contents(store)
    assert "countries/country-19.json" in after
    assert after["manifest.json"] == before[f"runs/{second}/manifest.json"]
    assert put_back(store, "previous") == first
    assert on_view(store) == first
    assert "countries/country-19.json" not in contents(store)
    assert put_back(store, third) == third
    assert on_view(store) == third
    kept = {k: v for k, v in before.items() if k.startswith(("runs/", "raw/"))}
    assert kept.items() <= contents(store).items()


def test_it_is_on_record_and_in_the_status_and_is_no_success_of_its_slot(
    store: MemoryStore,
) -> None:
    _, second, _ = run_ids(store)
    put_back(store, "previous")
    record = records(store)[-1]
    assert (record["outcome"], record["published_run"]) == ("restored", second)
    assert (record["slot"], record["source_last"]) == ("2021-01-25", "2021-01-21")
    assert record["run_id"] not in {second, *run_ids(store)}
    status = json.loads(contents(store)["status.json"])
    assert (status["outcome"], status["published_run"]) == ("restored", second)
    assert status["why"] == "an earlier version was restored"
    assert status["source_last"] == "2021-01-21"
    assert [slot["outcome"] for slot in status["slots"]] == ["published", "published", "restored"]


def test_the_run_of_a_day_is_the_one_readers_had_after_it(source: Path) -> None:
    store = MemoryStore()
    first = publish(store, source, 20)
    assert run(store, source, now=NOW - timedelta(days=1)).outcome == "unchanged"
    publish(store, source, 22)
    assert put_back(store, "2021-01-24") == first
    assert on_view(store) == first


def test_what_is_published_already_is_left_alone(store: MemoryStore) -> None:
    before = contents(store)
    assert put_back(store, run_ids(store)[-1]) is None
    assert put_back(store, "2021-01-25") is None
    assert contents(store) == before


# ---- the next scheduled run


def test_the_next_scheduled_run_publishes_anew_what_the_source_has(
    store: MemoryStore, source: Path
) -> None:
    _, second, third = run_ids(store)
    put_back(store, "previous")
    assert scheduled(store, source, 0).outcome == "not_due"  # today's slot has had its run
    assert on_view(store) == second
    result = scheduled(store, source, 1)
    assert result.outcome == "published"
    assert result.manifest is not None
    assert result.manifest.previous is not None
    assert result.manifest.previous.run_id == second
    before, after = contents(store)[f"runs/{third}/latest.csv"], contents(store)["latest.csv"]
    assert after == before
    assert on_view(store) == result.manifest.run_id
    assert scheduled(store, source, 2).outcome == "unchanged"


def test_the_next_scheduled_run_is_unchanged_where_the_source_went_back_too(
    store: MemoryStore, source: Path
) -> None:
    put_back(store, "previous")
    source.write_bytes(growing(21, MANY))
    assert scheduled(store, source, 1).outcome == "unchanged"
    assert records(store)[-1]["published_run"] == run_ids(store)[1]
    assert scheduled(store, source, 2).outcome == "unchanged"
    assert [r.get("healed", False) for r in records(store)] == [False] * 6


def test_a_slot_in_which_a_run_failed_is_still_made_after_a_restore(
    store: MemoryStore, source: Path
) -> None:
    source.write_bytes(b"{")
    tomorrow = NOW + timedelta(days=1)
    with pytest.raises(SourceChanged):
        run(store, source, now=tomorrow)
    restore(store, "previous", moment(settings(source), tomorrow + timedelta(minutes=1)))
    source.write_bytes(growing(23, MANY))
    assert scheduled(store, source, 1).outcome == "published"
    status = json.loads(contents(store)["status.json"])
    assert status["slots"][-1] == {"slot": "2021-01-26", "outcome": "published"}


# ---- what can't be restored


def test_a_run_that_is_gone_or_was_never_there_is_refused_with_those_that_can_be_restored(
    store: MemoryStore,
) -> None:
    first, second, _ = run_ids(store)
    store.delete(f"runs/{first}/manifest.json")
    before = contents(store)
    for wanted, named in (
        (first, first),
        ("2021-01-23", first),
        ("2020-12-24", "2020-12-24"),
        ("nonsense", "nonsense"),
    ):
        with pytest.raises(StoreError) as refused:
            put_back(store, wanted)
        assert str(refused.value) == (
            f"there is no run {named}; these can be restored: {second} (of 2021-01-24)"
        )
    assert contents(store) == before


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_a_run_that_is_not_whole_any_more_is_refused(store: MemoryStore, damage: str) -> None:
    first, second, _ = run_ids(store)
    key = f"runs/{second}/world.json"
    if damage == "gone":
        store.delete(key)
    else:
        store.write(Upload(key, b"{}"))
    before = contents(store)
    with pytest.raises(StoreError, match=rf"run {second}: 1 of its \d+ files are missing .*{key}"):
        put_back(store, "previous")
    assert contents(store) == before
    assert put_back(store, first) == first


def test_the_first_run_has_none_before_it(source: Path) -> None:
    store = MemoryStore()
    with pytest.raises(StoreError, match="nothing is published yet"):
        put_back(store, "previous")
    publish(store, source, 20)
    with pytest.raises(
        StoreError, match="there is no run before the published one; these can be restored: none"
    ):
        put_back(store, "previous")


# ---- at the command line


def test_a_bucket_and_a_folder_go_back_and_say_until_when(desk: Desk) -> None:
    first, second = desk.publish_daily(NOW, 2)
    said = desk("restore", "previous")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"run {first} is published again; the next scheduled run, at 20")
    assert on_view(desk.store) == first
    shown = desk("history").out
    assert f"back to run {first}" in shown
    assert "restored" in shown
    again = desk("restore", first)
    assert (again.status, again.out) == (0, "this run is already published; nothing was changed\n")
    wrong = desk("restore", "2020-01-01")
    assert wrong.status == 1
    assert wrong.err == (
        "Error: there is no run 2020-01-01; "
        f"these can be restored: {second} (of {date(2021, 1, 26)})\n"
    )
    assert desk("restore", second).status == 0
    assert on_view(desk.store) == second


def test_a_run_is_restored_whatever_settings_are_in_force_now(
    store: MemoryStore, source: Path
) -> None:
    _, second, _ = run_ids(store)
    other = settings(source, COUNTRIES="country-3", KEEP="new")
    record = restore(store, "previous", moment(other, LATER))
    assert record is not None
    assert on_view(store) == second
