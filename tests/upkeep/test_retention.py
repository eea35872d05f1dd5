"""What is cleared and what stays: runs, inputs, shared pages, letters, broken runs."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from etl.errors import SourceChanged, StoreError
from etl.history.history import History
from etl.history.record import Record
from etl.store import Entry, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from etl.upkeep import prune
from etl.upkeep.doctor import published as doctor
from etl.upkeep.restore import restore
from etl.upkeep.retention import (
    LEFT,
    LETTERS,
    SHARED,
    UNFINISHED,
    plan_clearing,
)
from tests.support.clearing import FIRST, aged, clear, found, groups, ids, whole_runs
from tests.support.desk import Desk
from tests.support.runs import NOW, assert_settled, contents, growing, moment, records, run
from tests.support.runs import settings as runs_settings
from tests.support.s3_server import use
from tests.support.stores import Wrapped

SHARED_PAGE = "_shared/2021-01-30T070000Z-0123456789abcdef/index.html"
LASTING_PAGE = "_shared/2999-01-30T070000Z-0123456789abcdef/index.html"


# ---- what stays


def test_old_runs_go_and_each_months_last_inputs_stay_with_their_manifest(
    days: tuple[MemoryStore, list[str]],
) -> None:
    store, runs = days
    now = FIRST + timedelta(days=14)
    clear(store, 3, now)
    january_last = runs[6]
    assert january_last.startswith("2021-01-31")
    assert whole_runs(store) == runs[-2:]  # the published one and the one before it, though old
    assert ids(store, "raw") == [january_last, *runs[-2:]]
    assert [e.key for e in store.list(f"runs/{january_last}/")] == [
        f"runs/{january_last}/manifest.json"
    ]
    assert_settled(contents(store))
    assert {f.level for f in doctor.published_findings(store)} == {"ok"}
    assert prune.make_plan(store, 3, now).groups == {}


def test_what_is_young_stays(days: tuple[MemoryStore, list[str]]) -> None:
    store, runs = days
    before = contents(store)
    assert clear(store, 15, FIRST + timedelta(days=14)).groups == {}
    assert contents(store) == before
    clear(store, 12, FIRST + timedelta(days=14))
    assert whole_runs(store) == runs[2:]


def test_a_run_that_was_put_back_stays_though_it_is_old(
    days: tuple[MemoryStore, list[str]],
) -> None:
    store, runs = days
    now = FIRST + timedelta(days=14)
    restore(store, runs[2], moment(runs_settings("unused"), now))
    clear(store, 4, now)
    assert whole_runs(store) == [runs[1], runs[2], *runs[10:]]
    assert_settled(contents(store))


def test_inputs_kept_aside_stay_while_a_young_record_tells_of_them(tmp_path: Path) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    run(store, source, now=FIRST)
    source.write_bytes(b"not what it was")
    for day in (1, 5):
        with pytest.raises(SourceChanged):
            run(store, source, now=FIRST + timedelta(days=day))
    [kept] = {kept["key"] for record in records(store) for kept in record.get("kept", [])}
    now = FIRST + timedelta(days=7)
    assert clear(store, 3, now).groups == {}  # the record of the fifth day names it
    assert store.head(kept) is not None
    clear(store, 1, now)
    assert store.head(kept) is None
    with pytest.raises(SourceChanged):  # the same again: kept anew
        run(store, source, now=now)
    again = records(store)[-1]["kept"][0]["key"]
    assert again != kept
    assert store.head(again) is not None


def test_nothing_is_cleared_where_nothing_is_published(
    days: tuple[MemoryStore, list[str]],
) -> None:
    store, _ = days
    store.delete("manifest.json")
    with pytest.raises(StoreError, match="nothing is published"):
        prune.make_plan(store, 1, FIRST + timedelta(days=14))


def test_what_somebody_else_keeps_among_the_runs_stays(
    days: tuple[MemoryStore, list[str]],
) -> None:
    store, _ = days
    own = {"runs/notes.txt": b"1", "runs/my-own/manifest.json": b"2", "raw/x/y": b"3"}
    own |= {"_shared/notes.txt": b"4", "_probe": b"5", "notes.txt": b"6"}
    for key, body in own.items():
        store.write(Upload(key, body))
    clear(store, 1, NOW + timedelta(days=1000))
    assert own.items() <= contents(store).items()


def test_imports_whose_catalogue_was_lost_are_as_old_as_their_objects(
    days: tuple[MemoryStore, list[str]],
) -> None:
    store, _ = days
    ancient = ["2019-01-01T060000Z-0123456789ab", "2019-01-02T060000Z-0123456789ab"]
    for run_id in ancient:
        for key in (f"raw/{run_id}/stats.json.gz", f"runs/{run_id}/manifest.json"):
            store.write(Upload(key, b"imported, or made by backfill, today"))
    today = datetime.now(UTC)
    clear(store, 30, today + timedelta(days=29))
    assert ids(store, "raw")[:2] == ids(store, "runs")[:2] == ancient
    clear(store, 30, today + timedelta(days=31))
    assert ids(store, "raw")[0] == ancient[1]  # each month's last inputs stay


# ---- what was left behind


def test_a_run_that_gave_way_to_another_workers_goes_with_its_inputs(tmp_path: Path) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    run(store, source, now=FIRST - timedelta(days=1))

    def overtake(n: int, operation: str, key: str) -> None:
        if key.endswith("/manifest.json") and len(winners) == 0:
            winners.append("")
            result = run(store, source, now=FIRST + timedelta(seconds=5))
            winners[0] = result.manifest.run_id if result.manifest else ""

    winners: list[str] = []
    source.write_bytes(growing(21))
    assert run(Wrapped(store, before=overtake), source, now=FIRST).outcome == "yielded"
    (loser,) = set(ids(store, "runs")) - {record["run_id"] for record in records(store)}
    assert loser in ids(store, "raw")
    assert clear(store, 30, datetime.now(UTC) + timedelta(hours=23)).portions() == []
    clear(store, 30, datetime.now(UTC) + timedelta(hours=25))
    assert loser not in ids(store, "runs") + ids(store, "raw")
    assert winners[0] in ids(store, "runs")
    assert_settled(contents(store))


def test_a_folder_without_a_manifest_goes_once_nobody_wrote_there_for_a_day() -> None:
    now = datetime(2021, 2, 6, 7, tzinfo=UTC)
    for hours, goes in ((25, True), (23, False)):
        for run_id, ours in (
            ("2021-02-03T070000Z-abcd", True),
            ("2021-02-05T070000Z-0000", False),  # published
            ("2021-02-04T070000Z-0000", False),  # the one before
        ):
            broken = aged(hours=hours, now=now)
            made = groups(plan_clearing(found(runs={run_id: broken}), 400, now))
            assert made == ({LEFT: [f"runs/{run_id}"]} if goes and ours else {})


def test_what_readers_sent_goes_after_30_days_whatever_is_kept_of_runs() -> None:
    now = datetime(2021, 2, 6, 7, tzinfo=UTC)
    made = plan_clearing(found(inbox=["inbox/results"]), 4000, now)
    assert groups(made) == {LETTERS: ["inbox/results"]}
    [portion] = made.groups[LETTERS]
    old, young = (Entry("inbox/results/1", 1, now - timedelta(days, 3600)) for days in (30, 29))
    assert (portion.has(old), portion.has(young)) == (True, False)


def test_a_name_in_the_inbox_that_leads_elsewhere_is_never_deleted(
    moto_s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, moto_s3)
    store = S3Store.connect(f"prune-{uuid4().hex}", "covid")
    store.client.create_bucket(Bucket=store.bucket)
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    run(store, source, now=FIRST)
    up = "covid/inbox/incoming/../../manifest.json"
    form = store.client.generate_presigned_post(store.bucket, up)
    requests.post(form["url"], data=form["fields"], files={"file": b"x"}, timeout=10)
    assert [entry.key for entry in store.list("inbox/")] == [up.removeprefix("covid/")]
    much_later = datetime.now(UTC) + timedelta(days=60)
    made = prune.make_plan(store, 4000, much_later)
    assert LETTERS not in made.groups
    prune.clear(store, made)
    assert store.read("manifest.json")
    store.client.close()


def test_a_published_run_whose_manifest_was_lost_is_no_left_over() -> None:
    now = datetime(2021, 2, 6, 7, tzinfo=UTC)
    run_id = "2021-02-01T070000Z-abcd"
    record = Record(
        run_id=run_id,
        slot=date(2021, 2, 1),
        started_at=now - timedelta(days=5),
        outcome="published",
        source="sample",
        published_run=run_id,
    )
    there = found(runs={run_id: aged(hours=100, now=now)}, past=History([record]))
    assert groups(plan_clearing(there, 400, now)) == {}
    assert groups(plan_clearing(there, 3, now)) == {LEFT: [f"runs/{run_id}"]}


def test_a_copy_of_the_page_goes_when_its_links_have_expired(desk: Desk) -> None:
    desk.publish(20)
    for key in (SHARED_PAGE, LASTING_PAGE):
        desk.store.write(Upload(key, b"<html>"))
    said = desk("prune", "--keep-days", "36500", "--yes")
    assert f"1 {SHARED}: 1 object, 6 B" in said.out
    assert desk.store.head(SHARED_PAGE) is None
    assert desk.store.head(LASTING_PAGE) is not None


def test_unfinished_files_and_empty_folders_of_a_directory_go(local_desk: Desk) -> None:
    store = local_desk.store
    assert isinstance(store, DirectoryStore)
    local_desk.publish(20)
    young, old = f".{'0' * 32}.tmp", f".{'1' * 32}.tmp"
    killed = store.root / "runs" / "2021-01-01T000000Z-abcd" / "countries"
    killed.mkdir(parents=True)
    yesterday = datetime.now(UTC).timestamp() - 90_000
    for folder in (store.root, store.root / "countries", killed):
        (folder / old).write_bytes(b"half")
        os.utime(folder / old, (yesterday, yesterday))
    (store.root / young).write_bytes(b"half")
    (store.root / ".notes.tmp").write_bytes(b"somebody's own")
    os.utime(store.root / ".notes.tmp", (yesterday, yesterday))
    said = local_desk("prune", "--keep-days", "36500", "--yes")
    assert f"{UNFINISHED}: 3 objects, 12 B" in said.out
    assert sorted(path.name for path in store.root.rglob(".*")) == [young, ".lock", ".notes.tmp"]
    assert not killed.parent.exists()
    assert (store.root / "runs").exists()
