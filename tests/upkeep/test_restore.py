"""Back to an earlier run: readers have it whole, it is on record, and the next run goes on."""

import json
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.errors import SourceChanged, StateConflict, StoreError
from etl.history.run import Options, Result
from etl.store import Store, Upload
from etl.store.memory import MemoryStore
from etl.upkeep.doctor import published
from etl.upkeep.restore import restore
from tests.support.desk import Desk
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    growing,
    moment,
    records,
    run,
    settings,
)
from tests.support.stores import Broken, Wrapped, once, store_with

MANY = tuple(f"country-{n}" for n in range(20))
LATER = NOW + timedelta(hours=2)


def publish(store: Store, source: Path, days: int, keys: tuple[str, ...] = MANY) -> str:
    """The run of the slot that `days` of data belong to; its id."""
    source.write_bytes(growing(days, keys))
    result = run(store, source, now=NOW + timedelta(days=days - 22))
    assert result.outcome == "published"
    assert result.record is not None
    return result.record.run_id


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "stats.json"


@pytest.fixture
def store(source: Path) -> MemoryStore:
    """Three runs; the last has a country less, the second one more than the first."""
    store = MemoryStore()
    publish(store, source, 20, MANY[:-1])
    publish(store, source, 21)
    publish(store, source, 22, MANY[:-2])
    return store


def run_ids(store: Store) -> list[str]:
    return [r["run_id"] for r in records(store) if r["outcome"] == "published"]


def put_back(store: Store, wanted: str) -> str | None:
    record = restore(store, wanted, moment(settings("unused"), LATER))
    return record.published_run if record else None


def on_view(store: Store) -> str:
    """The run that readers have, every stable name of which is that run's."""
    run_id: str = assert_settled(contents(store))["run_id"]
    return run_id


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
    assert status["why"] == "an earlier version was put back"
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


def scheduled(store: Store, source: Path, days_later: int) -> Result:
    options = Options(if_due=True, sleep=lambda seconds: None)
    return run(store, source, now=NOW + timedelta(days=days_later), options=options)


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
    with pytest.raises(StoreError, match=rf"run {second}: 1 of its \d+ files are gone .*{key}"):
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


# ---- crashes and races


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
    assert (again.status, again.out) == (0, "it is the one that is published; nothing was done\n")
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
