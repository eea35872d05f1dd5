"""What readers and other commands see of rebuilt runs."""

from datetime import date
from pathlib import Path

import pytest

from etl.archive import backfill as filling
from etl.errors import EtlError, StoreError
from etl.history import catalogue, history
from etl.store.directory import DirectoryStore
from etl.upkeep import prune
from etl.upkeep.doctor import published as doctor
from etl.upkeep.restore import restore
from tests.support.archives import DAY, LATER, fill, live, raw_alone, restating
from tests.support.runs import NOW, assert_settled, contents, growing, moment, run, settings
from tests.support.stores import Broken, Wrapped, once


def test_publishing_gives_readers_the_newest_run_and_the_next_daily_run_goes_on_from_there(
    store: DirectoryStore, source: Path
) -> None:
    [*_, last] = live(store, source, restating(3))
    wanted = settings(source, OUTPUT_DIR=str(store.root), KEEP="new")
    done = fill(store, source, KEEP="new")
    run_id = filling.publish(wanted, store, done, NOW + 3 * DAY)
    assert run_id == done.days[-1].run_id
    manifest = assert_settled(contents(store))
    assert manifest["run_id"] == run_id
    record = history.read(store)[0].records[-1]
    assert (record.outcome, record.slot, record.published_run) == (
        "restored",
        date(2021, 1, 28),
        run_id,
    )
    assert {finding.level for finding in doctor.published_findings(store)} == {"ok"}
    source.write_bytes(growing(24, step=102))
    made = run(store, source, now=NOW + 4 * DAY, KEEP="new")
    assert made.manifest
    assert made.manifest.previous
    assert made.manifest.previous.run_id == run_id
    back = restore(store, last, moment(wanted, NOW + 5 * DAY))
    assert back
    assert_settled(contents(store))


def test_an_archive_can_be_the_first_that_readers_get(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    other = raw_alone(store, tmp_path / "other")
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    run_id = filling.publish(wanted, other, fill(other, source), LATER)
    assert assert_settled(contents(other))["run_id"] == run_id
    assert filling.publish(wanted, other, fill(other, source), LATER) == run_id


def test_nothing_is_published_where_the_newest_snapshot_failed(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, [*restating(2), b"<html>"])
    before = store.read("manifest.json")
    wanted = settings(source, OUTPUT_DIR=str(store.root))
    with pytest.raises(EtlError, match="the newest snapshot, of 2021-01-27, failed"):
        filling.publish(wanted, store, fill(store, source), LATER)
    assert store.read("manifest.json") == before


def test_a_publication_that_breaks_off_is_healed_as_what_it_was(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    wanted = settings(source, OUTPUT_DIR=str(store.root), KEEP="new")
    done = fill(store, source, KEEP="new")

    def die() -> None:
        raise Broken

    wrapped = Wrapped(store, after=once("write", "manifest.json", die))
    with pytest.raises(Broken):
        filling.publish(wanted, wrapped, done, NOW + 2 * DAY)
    told = [finding for finding in doctor.published_findings(store) if finding.level != "ok"]
    assert any("no record" in finding.what for finding in told)
    list(doctor.heal(store))
    assert history.read(store)[0].records[-1].outcome == "published"  # of the day before
    run(store, source, now=NOW + 3 * DAY, KEEP="new")
    healed = history.read(store)[0].records[2]
    assert (healed.outcome, healed.healed, healed.slot) == ("restored", True, date(2021, 1, 28))
    assert_settled(contents(store))


def test_runs_made_anew_are_as_old_as_they_are_and_not_as_their_days(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    done = fill(other, source)
    filling.publish(wanted, other, done, LATER)
    plan = prune.make_plan(other, 30, LATER + 29 * DAY)
    assert not any(portion.folder.startswith("runs/") for portion in plan.portions())
    prune.clear(other, prune.make_plan(other, 30, LATER + 31 * DAY))
    kept = {entry.key.split("/")[1] for entry in other.list("runs/")}
    assert kept == {done.days[-1].run_id}
    assert [run.run_id for run in catalogue.read(other).rebuilt] == [done.days[-1].run_id]


def test_a_day_without_a_daily_run_means_the_run_made_anew(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(3))
    other = raw_alone(store, tmp_path / "other")
    done = fill(other, source)
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    filling.publish(wanted, other, done, LATER)
    record = restore(other, "2021-01-26", moment(wanted, LATER))
    assert record
    assert record.published_run == done.days[1].run_id
    with pytest.raises(
        StoreError, match=rf"these can be restored: {done.days[2].run_id} \(of 2021"
    ):
        restore(other, "2021-01-01", moment(wanted, LATER))
