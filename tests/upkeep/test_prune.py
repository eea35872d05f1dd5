"""Clearing up: what must stay stays, whatever is asked; what goes, goes in a safe order."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etl.errors import SourceChanged, StateConflict, StoreError
from etl.history import manifest as manifests
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.manifest import Manifest, Previous, SourceNote
from etl.history.record import Record
from etl.history.run import Options
from etl.store import Entry, Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from etl.upkeep import prune
from etl.upkeep.doctor import published as doctor
from etl.upkeep.restore import restore
from etl.upkeep.retention import (
    LEFT,
    LETTERS,
    RUNS,
    SHARED,
    UNFINISHED,
    Folder,
    FolderContents,
    Plan,
    plan_clearing,
)
from tests.support.desk import Desk
from tests.support.runs import NOW, assert_settled, contents, growing, moment, records, run
from tests.support.runs import settings as runs_settings
from tests.support.s3_server import use
from tests.support.stores import Broken, Wrapped, once, store_with

FIRST = datetime(2021, 1, 25, 7, tzinfo=UTC)
SHARED_PAGE = "_shared/2021-01-30T070000Z-0123456789abcdef/index.html"
LASTING_PAGE = "_shared/2999-01-30T070000Z-0123456789abcdef/index.html"


@pytest.fixture
def days(tmp_path: Path) -> tuple[MemoryStore, list[str]]:
    """A run a day from 25 January to 5 February; their ids."""
    store, source = MemoryStore(), tmp_path / "stats.json"
    for n in range(12):
        source.write_bytes(growing(20 + n))
        run(store, source, now=FIRST + timedelta(days=n))
    return store, [record["run_id"] for record in records(store)]


def whole_runs(store: Store) -> list[str]:
    """The runs all of whose files are there."""
    keys = {entry.key for entry in store.list()}
    manifests_there = sorted(key for key in keys if re.fullmatch(r"runs/[^/]+/manifest\.json", key))
    read = [manifests.read(store, key) for key in manifests_there]
    found = [one.manifest for one in read if one]
    return [m.run_id for m in found if {file.key for file in m.files} <= keys]


def ids(store: Store, top: str) -> list[str]:
    return sorted({entry.key.split("/")[1] for entry in store.list(f"{top}/")})


def clear(store: Store, keep_days: int, now: datetime) -> Plan:
    made = prune.make_plan(store, keep_days, now)
    prune.clear(store, made)
    return made


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


# ---- what was left behind


def aged(folder: str, *names: str, hours: float, now: datetime) -> Folder:
    moment = now - timedelta(hours=hours)
    return Folder(folder, [Entry(f"{folder}/{name}", 1, moment) for name in names])


def found(**over: object) -> FolderContents:
    note = SourceNote("sample", "", "", "", 1, 1, date(2021, 1, 1), date(2021, 1, 2))
    published = Manifest(
        run_id="2021-02-05T070000Z-0000", slot=date(2021, 2, 5), started_at=FIRST, source=note,
        settings={}, fingerprint="", inputs=[], files=[], checks=None,  # type: ignore[arg-type]
        previous=Previous("2021-02-04T070000Z-0000", ""),
    )  # fmt: skip
    nothing = {
        "past": History([]),
        "listed": Catalogue(),
        "runs": {},
        "raw": {},
        "shared": [],
        "inbox": [],
        "unfinished": [],
    }
    return FolderContents(**{"published": published} | nothing | over)  # type: ignore[arg-type]


def test_a_folder_without_a_manifest_goes_once_nobody_wrote_there_for_a_day() -> None:
    now = datetime(2021, 2, 6, 7, tzinfo=UTC)
    for hours, goes in ((25, True), (23, False)):
        for run_id, ours in (
            ("2021-02-03T070000Z-abcd", True),
            ("2021-02-05T070000Z-0000", False),  # published
            ("2021-02-04T070000Z-0000", False),  # the one before
        ):
            broken = aged(f"runs/{run_id}", "world.json", hours=hours, now=now)
            made = plan_clearing(found(runs={run_id: broken}), 400, now)
            assert made.groups == ({LEFT: [broken]} if goes and ours else {})


def test_what_readers_sent_goes_after_30_days_whatever_is_kept_of_runs() -> None:
    now = datetime(2021, 2, 6, 7, tzinfo=UTC)
    old = aged("inbox/results", "1.json", "2.json", hours=30 * 24 + 1, now=now)
    young = aged("inbox/pictures", "3.jpg", hours=29 * 24, now=now)
    assert plan_clearing(found(inbox=[old, young]), 4000, now).groups == {LETTERS: [old]}


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
        run_id=run_id, slot=date(2021, 2, 1), started_at=now - timedelta(days=5),
        outcome="published", source="sample", published_run=run_id,
    )  # fmt: skip
    lost = aged(f"runs/{run_id}", "world.json", hours=100, now=now)
    there = found(runs={run_id: lost}, past=History([record]))
    assert plan_clearing(there, 400, now).groups == {}
    assert plan_clearing(there, 3, now).groups == {LEFT: [lost]}


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
    names = ("latest.csv", "manifest.json")
    runs = {run: aged(f"runs/{run}", *names, hours=1, now=now) for run in run_ids}
    raw = {run: aged(f"raw/{run}", "stats.json.gz", hours=1, now=now) for run in run_ids}
    past = History(
        [
            Record(run_id=run, slot=moment.date(), started_at=moment, outcome="published",
                   source="sample", published_run=run)
            for n, (run, moment) in enumerate(zip(run_ids, began, strict=True))
            if n in on_record
        ]
    )  # fmt: skip
    current, before = run_ids[published % len(began)], run_ids[published % len(began) - 1]
    manifest = replace(found().published, run_id=current, previous=Previous(before, ""))
    there = found(published=manifest, runs=runs, raw=raw, past=past)
    gone = {entry.key for entry in plan_clearing(there, keep_days, now).entries()}
    for run_id in (current, before):
        assert not any(f"/{run_id}/" in key for key in gone)
    last = {(moment.year, moment.month): run for run, moment in zip(run_ids, began, strict=True)}
    for run_id in last.values():
        assert not {f"raw/{run_id}/stats.json.gz", f"runs/{run_id}/manifest.json"} & gone
    for run_id, start in zip(run_ids, began, strict=True):
        if start >= now - timedelta(days=keep_days):
            assert not any(f"/{run_id}/" in key for key in gone)
        elif run_id not in (current, before):
            assert f"runs/{run_id}/latest.csv" in gone
            told = on_record and run_id in {record.run_id for record in past.records}
            if run_id not in last.values() and not told:
                assert f"raw/{run_id}/stats.json.gz" in gone


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
    assert heading.startswith(f"{desk.store.address}, of before 20")
    assert re.fullmatch(rf" +1 {RUNS}: {count} objects, {size / 1000:.1f} kB", runs_line)
    assert "1 old inputs: 1 object" in inputs_line
    assert total.startswith(f"in all {count + 1} objects")
    assert total.endswith("nothing was cleared")
    asked = desk("prune")
    assert asked.status == 1
    assert "no terminal to ask on: Clear" in asked.err
    assert desk("prune", answer="n").status == 1
    assert contents(desk.store) == before
    assert (
        desk("prune", answer="y")
        .out.splitlines()[-1]
        .endswith(f"cleared {count + 1} objects, {total.split(', ')[1].split(';')[0]}")
    )
    assert whole_runs(desk.store) == others
    again = desk("prune", "--yes").out
    assert again.startswith(f"{desk.store.address}: nothing to clear of before 20")
    assert not Path("out/runs", first).exists()


def test_how_long_is_a_setting(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    local_desk.publish_daily(NOW, 3)
    monkeypatch.setenv("RETENTION_DAYS", "36500")
    assert "nothing to clear of before 19" in local_desk("prune").out
    assert local_desk("prune", "--keep-days", "0").status == 2


def test_the_first_run_of_a_month_clears_up_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
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
    assert "prune.cleared" in caplog.text


def test_a_clearing_that_fails_leaves_the_run_a_success(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class NoListing(MemoryStore):
        def list(self, prefix: str = "", *, in_order: bool = True) -> Iterator[Entry]:
            raise StoreError("no permission to list")

    store, source = NoListing(), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    assert run(store, source, options=Options(if_due=True)).outcome == "published"
    assert "prune.failed" in caplog.text
