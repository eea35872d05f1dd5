"""How the folder is cleared: in order, in spite of crashes and races, by a command."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etl.errors import StateConflict, StoreError
from etl.history.history import History
from etl.history.manifest import Previous
from etl.history.record import Record
from etl.history.run import Options
from etl.store import Entry, Upload
from etl.store.memory import MemoryStore
from etl.upkeep import prune
from etl.upkeep.retention import (
    RUNS,
    plan_clearing,
)
from tests.support.clearing import FIRST, aged, clear, found, ids, whole_runs
from tests.support.desk import Desk
from tests.support.logged import Logged
from tests.support.runs import NOW, assert_settled, contents, growing, records, run
from tests.support.stores import Broken, Wrapped, once, store_with

# ---- how it goes


def test_a_clearing_that_breaks_anywhere_leaves_no_run_that_looks_whole_and_goes_on_later(
    days: tuple[MemoryStore, list[str]],
) -> None:
    seeded, runs = days
    before = contents(seeded)
    now = datetime.now(UTC) + timedelta(days=2)
    counted = Wrapped(store_with(before))
    clear(counted, 3, now)
    done = contents(counted)
    assert counted.changes > 50
    for broken_at in range(1, counted.changes + 1, 7):
        store = store_with(before)

        def die(n: int, operation: str, key: str, at: int = broken_at) -> None:
            if n == at:
                raise Broken

        with suppress(Broken):
            clear(Wrapped(store, before=die), 3, now)
        for run_id in ids(store, "runs"):
            if run_id != runs[6] and store.head(f"runs/{run_id}/manifest.json"):
                assert run_id in whole_runs(store)
        assert_settled(contents(store))
        clear(store, 3, now)
        assert contents(store) == done


def test_test_objects_of_killed_processes_go_after_a_day(desk: Desk) -> None:
    desk.publish(20)
    desk.store.write(Upload("_doctor-0123456789abcdef", b"x"))
    now = datetime.now(UTC)
    clear(desk.store, 30, now)
    assert desk.store.head("_doctor-0123456789abcdef")
    clear(desk.store, 30, now + timedelta(days=1, hours=1))
    assert not desk.store.head("_doctor-0123456789abcdef")
    assert_settled(contents(desk.store))


def test_a_publication_in_between_ends_the_clearing(
    days: tuple[MemoryStore, list[str]], tmp_path: Path
) -> None:
    store, runs = days
    now = FIRST + timedelta(days=14)
    made = prune.make_plan(store, 3, now)

    def other_worker() -> None:
        (tmp_path / "stats.json").write_bytes(growing(34))
        run(store, tmp_path / "stats.json", now=now)

    first = f"runs/{runs[0]}/manifest.json"
    with pytest.raises(StateConflict, match="another run was published in between"):
        prune.clear(Wrapped(store, after=once("delete", first, other_worker)), made)
    assert ids(store, "runs")[0] == runs[1]
    assert_settled(contents(store))


MOMENTS = st.integers(0, 3 * 365 * 86_400).map(lambda s: FIRST + timedelta(seconds=s))


@settings(max_examples=200)
@given(
    began=st.lists(MOMENTS, min_size=2, max_size=30, unique_by=lambda moment: moment.date()),
    keep_days=st.integers(1, 900),
    published=st.integers(0, 29),
    on_record=st.sets(st.integers(0, 29)),
)
def test_whatever_the_dates_what_must_stay_stays(
    began: list[datetime], keep_days: int, published: int, on_record: set[int]
) -> None:
    began.sort()
    now = began[-1] + timedelta(hours=1)
    run_ids = [f"{moment:%Y-%m-%dT%H%M%SZ}-00ff" for moment in began]
    # as if all had been copied into another bucket a day ago: only dates on record count
    copied = dict.fromkeys(run_ids, aged(hours=23, now=now, whole=True))
    past = History(
        [
            Record(
                run_id=run,
                slot=moment.date(),
                started_at=moment,
                outcome="published",
                source="sample",
                published_run=run,
            )
            for n, (run, moment) in enumerate(zip(run_ids, began, strict=True))
            if n in on_record
        ]
    )
    current, before = run_ids[published % len(began)], run_ids[published % len(began) - 1]
    manifest = replace(found().published, run_id=current, previous=Previous(before, ""))
    there = found(published=manifest, runs=copied, raw=copied, past=past)
    plan = plan_clearing(there, keep_days, now)
    keys = [f"runs/{run}/{name}" for run in run_ids for name in ("latest.csv", "manifest.json")]
    keys += [f"raw/{run}/stats.json.gz" for run in run_ids]
    gone = {
        key
        for key in keys
        for portion in plan.portions()
        if key.startswith(f"{portion.folder}/") and portion.has(Entry(key, 1, now))
    }
    for run_id in (current, before):
        assert not any(f"/{run_id}/" in key for key in gone)
    last = {(moment.year, moment.month): run for run, moment in zip(run_ids, began, strict=True)}
    for run_id in last.values():
        assert not {f"raw/{run_id}/stats.json.gz", f"runs/{run_id}/manifest.json"} & gone
    for run_id, start in zip(run_ids, began, strict=True):
        if start >= now - timedelta(days=keep_days):
            assert not any(f"/{run_id}/" in key for key in gone)
        elif run_id in {record.run_id for record in past.records} - {current, before}:
            assert f"runs/{run_id}/latest.csv" in gone
        else:
            assert not any(f"/{run_id}/" in key for key in gone)


# ---- at the command line


def test_a_bucket_and_a_folder_are_cleared_after_asking(desk: Desk) -> None:
    first, *others = desk.publish_daily(NOW, 3)
    before = contents(desk.store)
    [(count, size)] = {
        (len(sizes), sum(sizes))
        for sizes in [[len(v) for k, v in before.items() if k.startswith(f"runs/{first}/")]]
    }
    said = desk("prune", "--dry-run")
    assert (said.status, said.err) == (0, "")
    heading, runs_line, inputs_line, total = said.out.splitlines()
    assert heading.startswith(f"{desk.store.address}, from before 20")
    assert re.fullmatch(rf" +1 {RUNS}: {count} objects, {size / 1000:.1f} kB", runs_line)
    assert "1 old inputs: 1 object" in inputs_line
    assert total.startswith(f"total: {count + 1} objects")
    assert total.endswith("nothing was removed")
    asked = desk("prune")
    assert asked.status == 1
    assert "there is no terminal to ask: Remove" in asked.err
    assert desk("prune", answer="n").status == 1
    assert contents(desk.store) == before
    assert (
        desk("prune", answer="y")
        .out.splitlines()[-1]
        .endswith(f"removed {count + 1} objects, {total.split(', ')[1].split(';')[0]}")
    )
    assert whole_runs(desk.store) == others
    again = desk("prune", "--yes").out
    assert again.startswith(f"{desk.store.address}: nothing to remove from before 20")
    assert not Path("out/runs", first).exists()


def test_how_long_is_a_setting(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    local_desk.publish_daily(NOW, 3)
    monkeypatch.setenv("RETENTION_DAYS", "36500")
    assert "nothing to remove from before 19" in local_desk("prune").out
    assert local_desk("prune", "--keep-days", "0").status == 2


def test_the_first_run_of_a_month_clears_up_by_itself(tmp_path: Path, logged: Logged) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    mornings = [datetime(2021, *day, 7, tzinfo=UTC) for day in ((1, 29), (1, 30), (1, 31), (2, 1))]
    for n, now in enumerate(mornings):
        source.write_bytes(growing(20 + n))
        due = Options(if_due=True)
        run(store, source, now=now, options=due, RETENTION_DAYS="1")
        if now.month == 1:
            assert len(ids(store, "runs")) == n + 1  # within a month nothing goes
    days = [run_id[:10] for run_id in ids(store, "runs")]
    assert days == ["2021-01-31", "2021-02-01"]  # the one before the published one stays
    assert logged.lines("prune.cleared")


@pytest.mark.parametrize("error", [StoreError("no permission to list"), MemoryError(), KeyError()])
def test_a_clearing_that_fails_leaves_the_run_a_success(
    tmp_path: Path, logged: Logged, error: Exception
) -> None:
    class NoListing(MemoryStore):
        def folders(self, prefix: str) -> Iterator[str]:
            if prefix != "reports/":  # the page lists these
                raise error
            return iter(())

    store, source = NoListing(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    assert run(store, source, options=Options(if_due=True)).outcome == "published"
    assert logged.lines("task.failed")
    (record,) = records(store)
    (warning,) = record["warnings"]
    assert warning.startswith("the clean-up of 2021-01 could not be made: ")
    assert (str(error) or type(error).__name__) in warning
