"""A catalogue that was lost, and what it listed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from etl.errors import StoreError
from etl.history import catalogue, history
from etl.history.catalogue import Catalogue
from etl.report.monthly.make import months_with_snapshots
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.upkeep import prune
from etl.upkeep.restore import move_to
from tests.support.archives import DAY, LATER, bring, fill, restating
from tests.support.runs import NOW, contents, moment, run, settings


@pytest.fixture
def archive(store: DirectoryStore, source: Path, tmp_path: Path) -> Catalogue:
    """Import three versions and make their runs, all some years after their days."""
    versions = tmp_path / "versions"
    versions.mkdir()
    for n, body in enumerate(restating(3)):
        (versions / f"2021-01-{20 + n}.json").write_bytes(body)
    bring(store, versions)
    fill(store, source)
    return catalogue.read(store)


def dateless(known: Catalogue) -> Catalogue:
    return Catalogue(
        [replace(one, imported_at=LATER, origin="") for one in known.imported],
        [replace(one, made_at=LATER) for one in known.rebuilt],
    )


def test_without_the_catalogue_nothing_is_cleared_and_backfill_lists_it_again(
    store: DirectoryStore, source: Path, archive: Catalogue
) -> None:
    for made in archive.rebuilt[1:]:  # one is on record then, and is not the previous one either
        move_to(store, made.run_id, moment(settings(source), NOW))
    store.delete("catalogue.json")
    source.write_bytes(restating(4)[3])
    run(store, source)
    before = contents(store)
    today = datetime.now(UTC)
    prune.clear(store, prune.make_plan(store, 30, today + 29 * DAY))
    assert contents(store) == before
    fill(store, source)
    again = catalogue.read(store)
    assert dateless(again) == dateless(archive)
    assert abs(again.imported[0].imported_at - today) < DAY
    assert abs(again.rebuilt[0].made_at - today) < DAY
    assert months_with_snapshots(store, history.read(store)[0])


def test_runs_of_other_settings_are_listed_again_too_and_a_damaged_manifest_stops_nothing(
    store: DirectoryStore, source: Path, archive: Catalogue
) -> None:
    fill(store, source, KEEP="new")
    listed = catalogue.read(store).rebuilt
    assert len(listed) == 6
    store.delete("catalogue.json")
    [damaged, *_] = archive.rebuilt
    store.write(Upload(f"runs/{damaged.run_id}/manifest.json", b"{"))
    fill(store, source, KEEP="new")
    again = {one.run_id for one in catalogue.read(store).rebuilt}
    assert again == {one.run_id for one in listed} - {damaged.run_id}


def test_a_damaged_catalogue_says_how_to_list_it_again(
    store: DirectoryStore, source: Path, archive: Catalogue
) -> None:
    source.write_bytes(restating(4)[3])
    run(store, source)
    store.write(Upload("catalogue.json", json.dumps({"imported": 7}).encode()))
    with pytest.raises(
        StoreError, match=r"move it away and run python app.py backfill, which lists"
    ):
        prune.make_plan(store, 30, LATER)
