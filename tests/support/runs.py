"""Whole runs for tests: settings, small inputs, and a check of everything published."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import read_settings
from etl import pipeline
from etl.history import tasks
from etl.history.run import Options, Result
from etl.load import publish
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.memory import MemoryStore
from etl.upkeep.monthly import do_due_tasks
from etl.upkeep.restore import Moment

NOW = datetime(2021, 1, 25, 7, 0, tzinfo=UTC)
COUNTRIES = ("united-states", "spain", "diamond-princess")
FIRST_DAY = date(2021, 1, 1)


def document(countries: Mapping[str, list[int]]) -> bytes:
    """Return a stats.json of cumulative cases per day from 2021-01-01; the rest is derived."""
    elements = []
    for key, cases in countries.items():
        dates = {}
        before = [0, 0, 0]
        for n, total in enumerate(cases):
            now = [total, total // 50, total // 2]
            names = ("cases", "deaths", "recoveries")
            dates[str(FIRST_DAY + timedelta(days=n))] = {
                "new": {m: max(a - b, 0) for m, a, b in zip(names, now, before, strict=True)},
                "cumulative": dict(zip(names, now, strict=True)),
            }
            before = now
        country = {"key": key, "name": key.replace("-", " ").title()}
        elements.append({"country": country, "dates": dates})
    return json.dumps(elements, separators=(",", ":")).encode()


def growing(days: int, keys: tuple[str, ...] = COUNTRIES, step: int = 100) -> bytes:
    return document({key: [step * (n + 1) for n in range(days)] for key in keys})


def settings(source: Path | str, **variables: str) -> Settings:
    return read_settings({"SOURCE_URL": str(source), "COUNTRIES_URL": "", **variables})


def moment(settings: Settings, now: datetime) -> Moment:
    return Moment.of(settings.schedule, settings.table, now)


def run(
    store: Store,
    source: Path | str,
    *,
    now: datetime = NOW,
    options: Options | None = None,
    **variables: str,
) -> Result:
    """Make a run and what follows it, like the command `run`."""
    options = options or Options(sleep=lambda seconds: None)
    chosen = settings(source, **variables)
    result = pipeline.run(chosen, store, options, now)
    if options.if_due and result.run and result.past and tasks.due(result.past, result.run.slot):
        do_due_tasks(chosen, store, now, options.handover)
    return result


def die_behind_commit(store: Store, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a run that dies after its commit, before it updates the stable names."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publish, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            run(store, source, now=NOW)


def contents(store: Store) -> dict[str, bytes]:
    """Return every object of a store with its bytes."""
    found = {}
    for head in store.list():
        stored = store.read(head.key)
        assert stored is not None
        found[head.key] = stored.body
    return found


def assert_whole(objects: Mapping[str, bytes]) -> dict[str, Any]:
    """Check manifest, run folder, digests and the link to the previous run; return the manifest."""
    manifest: dict[str, Any] = json.loads(objects["manifest.json"])
    assert objects[f"runs/{manifest['run_id']}/manifest.json"] == objects["manifest.json"]
    for file in manifest["files"]:
        body = objects[file["key"]]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (file["bytes"], file["sha256"])
    for entry in manifest["inputs"]:
        body = objects[entry["key"]]
        raw = gzip.decompress(body) if entry["key"].endswith(".gz") else body
        assert hashlib.sha256(raw).hexdigest() == entry["sha256"]
    if before := manifest["previous"]:
        link = objects[f"runs/{before['run_id']}/manifest.json"]
        assert hashlib.sha256(link).hexdigest() == before["sha256"]
    return manifest


def assert_settled(objects: Mapping[str, bytes]) -> dict[str, Any]:
    """Check also that the stable names are exactly those of the published run."""
    manifest = assert_whole(objects)
    for file in manifest["files"]:
        assert objects[file["name"]] == objects[file["key"]], file["name"]
    own = {"manifest.json", "history.json", "status.json", "feed.xml", "translations.json"}
    own |= {"catalogue.json", "vintages.json", "revisions.csv", "datapackage-archive.json"}
    apart = ("runs/", "raw/", "reports/", "vintages/")
    stable = {key for key in objects if not key.startswith(apart)} - own
    assert stable == {file["name"] for file in manifest["files"]}
    return manifest


def records(store: Store) -> list[dict[str, Any]]:
    stored = store.read("history.json")
    return json.loads(stored.body)["records"] if stored else []


def published_store(tmp_path: Path, days: int = 20) -> tuple[MemoryStore, Path]:
    """Return a store in which `growing(days)` is published, and the path it was read from."""
    source = tmp_path / "stats.json"
    source.write_bytes(growing(days))
    store = MemoryStore()
    assert run(store, source, now=NOW - timedelta(days=1)).outcome == "published"
    return store, source
