"""The doctor: what is damaged is found by its bytes, and mended from what is whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.errors import StoreError
from etl.history.run import Options
from etl.store import Upload
from etl.store.memory import MemoryStore
from etl.upkeep.doctor import published
from etl.upkeep.doctor.finding import Finding
from tests.support.runs import (
    assert_settled,
    contents,
    die_behind_commit,
    growing,
    published_store,
    records,
    run,
)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    run(store, source)
    return store


def run_key(store: MemoryStore, name: str) -> str:
    run_id = json.loads(contents(store)["manifest.json"])["run_id"]
    return f"runs/{run_id}/{name}"


def troubles(store: MemoryStore) -> list[Finding]:
    return [finding for finding in published.published_findings(store) if finding.level != "ok"]


def test_a_whole_version_is_all_ok(store: MemoryStore) -> None:
    before = contents(store)
    assert troubles(store) == []
    assert list(published.heal(store)) == []
    assert contents(store) == before


def test_nothing_published_yet_is_a_warning_with_the_next_step() -> None:
    [finding] = published.published_findings(MemoryStore())
    assert (finding.level, finding.step) == ("warning", "python app.py run")
    assert list(published.heal(MemoryStore())) == []


DAMAGE: dict[str, tuple[Callable[[MemoryStore], None], str]] = {
    "a stable name that is torn": (
        lambda store: put(store, "latest.csv", b"half"),
        "1 of 30 files are damaged or missing under their stable names: latest.csv",
    ),
    "a stable name that is gone": (
        lambda store: store.delete("world.json"),
        "1 of 30 files are damaged or missing under their stable names: world.json",
    ),
    "a file of the run folder that is damaged": (
        lambda store: put(store, run_key(store, "stats.json"), b"[]"),
        "1 of 30 files are damaged or missing in the run folder: stats.json",
    ),
    "the run's own manifest": (
        lambda store: put(store, run_key(store, "manifest.json"), b"{}"),
        "the run's own manifest is not the published one",
    ),
    "a history without the run": (
        lambda store: put(store, "history.json", b'{"records": []}'),
        "the history has no record of the published run",
    ),
}


def put(store: MemoryStore, key: str, body: bytes) -> None:
    store.write(Upload(key, body))


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_named_and_healed(store: MemoryStore, name: str) -> None:
    damage, expected = DAMAGE[name]
    before = contents(store)
    damage(store)
    [finding] = troubles(store)
    assert (finding.what, finding.step) == (expected, "python app.py doctor --heal")
    assert len(list(published.heal(store))) == 1
    assert troubles(store) == []
    after = contents(store)
    own = ("history.json", "status.json")
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }
    assert_settled(after)


def test_a_name_of_an_earlier_run_is_left_over_and_removed(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21, ("united-states", "spain")))
    run(store, source, options=Options(force=True))
    put(store, "countries/diamond-princess.json", b"{}")
    [finding] = troubles(store)
    assert finding.what.endswith("this run no longer has: countries/diamond-princess.json")
    assert len(list(published.heal(store))) == 1
    assert_settled(contents(store))


def test_what_has_no_good_copy_is_published_anew(store: MemoryStore, tmp_path: Path) -> None:
    put(store, "latest.csv", b"half")
    put(store, run_key(store, "latest.csv"), b"half")
    assert {finding.step for finding in troubles(store)} == {published.PUBLISH_AGAIN}
    assert list(published.heal(store)) == []
    source = tmp_path / "stats.json"
    assert run(store, source).outcome == "unchanged"
    assert run(store, source, options=Options(force=True)).outcome == "published"
    assert troubles(store) == []


def test_a_manifest_that_was_changed_after_the_fact_breaks_the_chain(store: MemoryStore) -> None:
    first = records(store)[0]["published_run"]
    body = contents(store)[f"runs/{first}/manifest.json"]
    put(store, f"runs/{first}/manifest.json", body.replace(b"ESP", b"XXX"))
    [finding] = troubles(store)
    assert finding.what == f"the manifest of run {first} was changed after it was published"


def test_raw_inputs_that_are_gone_are_a_warning(store: MemoryStore) -> None:
    [entry] = json.loads(contents(store)["manifest.json"])["inputs"]
    store.delete(entry["key"])
    [finding] = troubles(store)
    assert (finding.level, finding.what) == ("warning", f"raw inputs are missing: {entry['key']}")


def test_a_run_that_died_behind_its_commit_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    die_behind_commit(store, source, monkeypatch)
    stable, gone, record = (finding.what for finding in troubles(store))
    assert "under their stable names" in stable
    assert gone.startswith("files of an earlier run that this run no longer has: assets/series-")
    assert record == "the history has no record of the published run"
    list(published.heal(store))
    assert troubles(store) == []
    assert records(store)[-1]["healed"] is True


def test_a_manifest_that_cant_be_read_names_the_next_step(store: MemoryStore) -> None:
    put(store, "manifest.json", b"{")
    with pytest.raises(StoreError, match="put the manifest of the last run in runs/ back"):
        list(published.published_findings(store))
