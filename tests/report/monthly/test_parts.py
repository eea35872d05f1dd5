"""Which snapshots a report is made of, and what is left out of it."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from etl.errors import EtlError
from etl.history import history
from etl.load import snapshots
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.archives import bring
from tests.support.reports import FEBRUARY, JANUARY, at, january, made, publish, table
from tests.support.runs import contents, growing, run


def test_refused_inputs_and_unchanged_days_are_no_snapshots(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    (tmp_path / "stats.json").write_bytes(growing(5))  # far fewer rows
    with pytest.raises(EtlError):
        run(store, tmp_path / "stats.json", now=at("2021-01-22T07:00"))
    (tmp_path / "stats.json").write_bytes(growing(20))
    assert run(store, tmp_path / "stats.json", now=at("2021-01-23T07:00")).outcome == "unchanged"
    assert len({key.split("/")[1] for key in contents(store) if key.startswith("raw/")}) == 2
    assert made(store).snapshots == 1


def test_a_snapshot_counts_to_the_month_of_its_slot(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-31T07:00", growing(29))
    late = publish(store, tmp_path, "2021-02-01T05:00", growing(30))  # before RUN_AT: yesterday's
    publish(store, tmp_path, "2021-02-01T07:00", growing(31))
    past = history.read(store)[0]
    assert snapshots.months(past) == [JANUARY, FEBRUARY]
    assert [s.run_id for s in snapshots.snapshots(store, past, [], JANUARY)][-1] == late
    assert made(store).until == date(2021, 1, 30)


def damage(store: Store, run_id: str, body: bytes | None) -> None:
    key = f"raw/{run_id}/stats.json.gz"
    store.delete(key) if body is None else store.write(Upload(key, body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gzip.compress(growing(19)), "its SHA-256 differs"),
        (b"\x1f\x8b torn", ""),
        (gzip.compress(growing(20))[:-9], "ends too early"),
    ],
    ids=["other figures", "no gzip", "cut"],
)
def test_a_damaged_snapshot_is_left_out_and_named(tmp_path: Path, body: bytes, why: str) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-20T07:00", growing(19))
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), body)
    told = made(store)
    assert (told.snapshots, told.until) == (1, date(2021, 1, 19))
    [note] = [note for note in told.notes if "2021-01-21" in note]
    assert note.startswith("Left out: the snapshot of 2021-01-21 can't be read")
    assert why in note


def test_an_imported_snapshot_without_rows_is_left_out_and_named(tmp_path: Path) -> None:
    store, versions = DirectoryStore(tmp_path / "out"), tmp_path / "versions"
    versions.mkdir()
    (versions / "2021-01-20.json").write_bytes(growing(19))
    (versions / "2021-01-21.json").write_bytes(b"[]")
    bring(store, versions)
    told = made(store)
    assert (told.snapshots, told.until) == (1, date(2021, 1, 19))
    assert "Left out: the snapshot of 2021-01-21 can't be read: it has no rows." in told.notes


def test_where_no_snapshot_can_be_read_there_is_no_report(tmp_path: Path) -> None:
    store = MemoryStore()
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), b"[]")
    with pytest.raises(EtlError, match=r"no snapshot of 2021-01 can be read: .*SHA-256"):
        made(store)
    assert not any(key.startswith("reports/") for key in contents(store))


def test_a_snapshot_that_was_deleted_does_not_count(tmp_path: Path) -> None:
    store = MemoryStore()
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), None)
    publish(store, tmp_path, "2021-01-22T07:00", growing(21))
    assert made(store).snapshots == 1


def test_facts_that_are_damaged_give_way_to_earlier_ones_and_then_to_none(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    facts = sorted(key for key in contents(store) if "InfoPaisos" in key)
    store.write(Upload(facts[-1], b"COUNTRY"))
    assert not any("no population" in note for note in made(store).notes)
    for key in facts:
        store.delete(key)
    assert any("no population and no incidence" in note for note in made(store).notes)
    assert table(store)["spain"]["cases_per_100k"] == ""
