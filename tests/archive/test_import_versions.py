"""An archive that exists already is imported: versions become snapshots."""

import gzip
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from etl.archive.engine import Progress
from etl.archive.import_versions import import_archive
from etl.errors import ConfigError, EtlError
from etl.history import catalogue
from etl.store.directory import DirectoryStore
from samples.living import WHO_HEADER
from tests.support.archives import DAY, LATER, bring, fill, live, restating
from tests.support.runs import NOW, contents, growing, settings


def test_a_folder_of_versions_becomes_snapshots_as_if_fetched_then(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "stats-2021-01-22.json").write_bytes(growing(20))
    (versions / "2021").mkdir()
    (versions / "2021" / "20210123T0400.json.gz").write_bytes(gzip.compress(growing(21)))
    (versions / "2021-01-24").mkdir()
    (versions / "2021-01-24" / "stats.json").write_bytes(growing(22))
    (versions / "README.md").write_text("not one of them")
    taken = bring(store, versions)
    assert [one.run_id and one.run_id[:18] for one in taken] == [
        "2021-01-22T060000Z",
        "2021-01-23T040000Z",
        "2021-01-24T060000Z",
    ]
    listed = catalogue.read(store).imported
    assert [one.slot for one in listed] == [date(2021, 1, day) for day in (22, 22, 24)]
    assert listed[1].origin == "2021/20210123T0400.json.gz"
    kept = store.read(listed[1].statistics[0].key)
    assert kept
    assert gzip.decompress(kept.body) == growing(21)
    assert [day.outcome for day in fill(store).days] == ["made"] * 3


def test_how_far_an_import_is_can_be_watched(store: DirectoryStore, versions: Path) -> None:
    for day, body in ((22, growing(20)), (23, b"<html>"), (24, growing(22))):
        (versions / f"2021-01-{day}.json").write_bytes(body)
    stages: list[tuple[str, int]] = []
    came, failed = list[object](), list[object]()
    progress = Progress(lambda *stage: stages.append(stage), came.append, failed.append)
    taken = import_archive(settings("unused"), store, versions, LATER, progress)
    assert stages == [("import", 3)]
    assert came == taken
    assert failed == [taken[1]]


def test_a_name_without_a_date_is_as_old_as_its_file_and_that_is_told(
    store: DirectoryStore, versions: Path
) -> None:
    path = versions / "latest.json"
    path.write_bytes(growing(20))
    moment = datetime(2021, 1, 23, 9, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    [one] = bring(store, versions)
    assert (one.moment, one.guessed, one.new) == (moment, True, True)


def test_the_same_content_next_to_each_other_is_one_snapshot_and_its_return_another(
    store: DirectoryStore, versions: Path
) -> None:
    for day, days in ((20, 20), (21, 20), (22, 21), (23, 20)):
        (versions / f"2021-01-{day}.json").write_bytes(growing(days))
    (versions / "2021-01-22.json.gz").write_bytes(gzip.compress(growing(21)))
    taken = bring(store, versions)
    assert [one.new for one in taken] == [True, False, True, False, True]
    assert len({one.run_id for one in taken}) == 3


def test_to_say_it_again_does_nothing_and_daily_snapshots_are_not_doubled(
    store: DirectoryStore, versions: Path, tmp_path: Path
) -> None:
    live(store, tmp_path / "stats.json", restating(2))  # of the 25th and 26th
    (versions / "2021-01-24.json").write_bytes(growing(19))
    (versions / "2021-01-25.json").write_bytes(restating(2)[0])
    (versions / "2021-01-26T0800.json").write_bytes(restating(2)[1])
    assert [one.new for one in bring(store, versions)] == [True, False, False]
    before = contents(store)
    assert [one.new for one in bring(store, versions)] == [False, False, False]
    assert contents(store) == before


def test_an_import_that_broke_off_is_finished_by_the_next(
    store: DirectoryStore, versions: Path
) -> None:
    for day in (20, 21, 22):
        (versions / f"2021-01-{day}.json").write_bytes(growing(day))
    bring(store, versions)
    whole = contents(store)
    store.delete("catalogue.json")
    store.delete(next(key for key in whole if key.startswith("raw/2021-01-22")))
    bring(store, versions)
    assert contents(store) == whole


def test_what_can_not_be_unpacked_or_is_too_large_is_left_out_and_told(
    store: DirectoryStore, versions: Path
) -> None:
    packed = gzip.compress(growing(20))
    (versions / "2021-01-20.json.gz").write_bytes(packed[:-9])
    (versions / "2021-01-21.json.gz").write_bytes(packed[:40] + b"\0" * 99)
    (versions / "2021-01-22.json").write_bytes(b"[" + b" " * 2_000_000)
    (versions / "2021-01-23.json").write_bytes(b"[{}]")
    (versions / "2027-01-01.json").write_bytes(growing(20))
    taken = bring(store, versions, MAX_SOURCE_MB="1")
    assert [one.why[:61] for one in taken] == [
        "a gzip that ends too early",
        "a gzip that can't be unpacked (Error -3 while decompressing d",
        "larger than MAX_SOURCE_MB allows (1 MB)",
        "",  # whole, if of no use: the backfill says so
        "its date is in the future",
    ]
    [day] = fill(store).days
    assert day.failure
    assert day.failure.message.startswith("country 1: expected field 'country', got none; ")


def test_a_path_that_holds_no_versions_is_one_clear_line(
    store: DirectoryStore, versions: Path, tmp_path: Path
) -> None:
    with pytest.raises(EtlError, match=r"versions has no \*\.json and no \*\.json\.gz"):
        bring(store, versions)
    with pytest.raises(EtlError, match=r"nowhere\.json does not exist; name a folder"):
        bring(store, tmp_path / "nowhere.json")
    (tmp_path / "one.json").write_bytes(b"[]")
    with pytest.raises(EtlError, match=r"one\.json is not in a git repository; name a folder"):
        bring(store, tmp_path / "one.json")
    with pytest.raises(ConfigError, match="a snapshot of jhu has 3 documents"):
        bring(store, versions, SOURCE="jhu")
    assert contents(store) == {}


def test_a_folder_of_another_sources_files_is_looked_through_for_those(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "who-2021-01-20.csv").write_text(f"{WHO_HEADER}\n")
    (versions / "2021-01-20.json").write_bytes(growing(20))
    [one] = bring(store, versions, SOURCE="who")
    assert one.origin == "who-2021-01-20.csv"
    [entry] = catalogue.read(store).imported
    assert entry.statistics[0].key.endswith("/WHO-COVID-19-global-daily-data.csv.gz")


def test_real_snapshots_go_in_and_become_runs(store: DirectoryStore, real_data: Path) -> None:
    folder = store.root.parent / "versions"
    folder.mkdir()
    for day in ("06", "07"):
        shutil.copy(real_data / f"countries-2020-09-{day}.json.gz", folder)
    assert [one.new for one in bring(store, folder, NOW + 30 * DAY)] == [True, True]
    done = fill(store, COUNTRIES_URL=str(real_data / "InfoPaisosExtra.xlsx"))
    assert [(day.outcome, day.rows) for day in done.days] == [("made", 35_044), ("made", 35_232)]
