"""The worker's own JSON files in the folder, which anybody with access to it may have edited.

Each file is read as the worker reads it, and then used. It is refused only by StoreError.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

from config import read_settings
from dev.fuzz import folder_files as files
from dev.fuzz.folder_files import LETTER, RUN
from dev.fuzz.mutate import mutated
from dev.fuzz.promise import Target, refused, require
from etl.alerts import messages, rules
from etl.alerts.situation import Situation
from etl.alerts.state import AlertState, read_state, without_old
from etl.errors import StoreError
from etl.history import catalogue, feed, history, manifest, status
from etl.history.history import History
from etl.inbox import allowance, claims, results
from etl.load import read_back, snapshots
from etl.settings.alert_rules import KINDS
from etl.settings.groups import OUTPUTS
from etl.store import Upload
from etl.store.layout import (
    ALERTS,
    CATALOGUE,
    HISTORY,
    MANIFEST,
    PAGE,
    PENDING,
    RESULTS,
)
from etl.store.memory import MemoryStore
from etl.upkeep import overview, retention
from etl.upkeep.retention import FolderContents

NOW = datetime(2026, 1, 3, 7, tzinfo=UTC)
SETTINGS = read_settings({})
# what people type where something else belongs, and what would lead out of the folder
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e308, 2**70, "", "x", [], {}, [[]], "x" * 5000, "\x1b[31m", "\u202e"),
    *("../x", "/etc/passwd", "runs/x", "raw/x", "runs//x", "a\\b", "2026-01-01", "0001-01-01"),
    *("9999-12-31", "2026-01-01T06:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z"),
    *(RUN, "2021-99-99T999999Z-0000", "failed", "published", "letters", "1e5", "\ud800"),
)

DEEP = 3000

Use = Callable[[MemoryStore], object]
NOTHING: Mapping[str, object] = {}


def edited(random: Random, corpus: Sequence[bytes]) -> bytes:
    """Return one of the documents with a value changed, missing or twice; or damaged bytes."""
    if random.random() < 0.3:
        return mutated(random, corpus)
    content = json.loads(random.choice(corpus))
    for _ in range(random.choice((1, 1, 2, 3))):
        holder, name = random.choice(list(_places(content)))
        kind = random.random()
        if kind < 0.75:
            same = [odd for odd in ODD if type(odd) is type(holder[name])]
            holder[name] = deepcopy(random.choice(random.choice((same, ODD)) or ODD))
        elif kind < 0.85:
            del holder[name]
        elif isinstance(holder, list):
            holder.insert(name, holder[name])
        else:
            holder[name] = "deep"
            return json.dumps(content).replace('"deep"', "[" * DEEP + "]" * DEEP).encode()
        if not content:
            break
    return json.dumps(content).encode("utf-8", "replace")


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every list or object with each of its indices or names."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for name, value in list(items):
        yield content, name
        if isinstance(value, dict | list):
            yield from _places(value)


def _dumped(content: object) -> bytes:
    return json.dumps(content, indent=1).encode()


def _use_history(store: MemoryStore) -> None:
    past, _ = history.read(store)
    overview.overview(past, SETTINGS, NOW)
    feed.atom(past, PAGE)
    if past.records:
        status.status(past, past.records[-1].started_at, 14)
    _decide(AlertState(), past)
    list(snapshots.months(past))
    _plan(past=past)


def _use_manifest(store: MemoryStore) -> None:
    if published := manifest.read(store):
        found = published.manifest
        require(isinstance(found.rebuilt, bool), "neither rebuilt nor not")
        require(set(found.outputs) <= set(OUTPUTS), "outputs that there are not")
        require(found.page_from != "", "a run without a name")
        _plan(published=found)


def _use_catalogue(store: MemoryStore) -> None:
    listed = catalogue.read(store)
    listed.newest()
    snapshots.months(History([]), listed.imported)
    _plan(listed=listed)


def _use_alerts(store: MemoryStore) -> None:
    known = without_old(read_state(store)[0], NOW)
    past = json.dumps(files.PAST).encode()
    store.write(Upload(HISTORY, past))
    _decide(known, history.read(store)[0])
    for waiting in known.waiting:
        draft = messages.draft_alert(waiting.alert, where="out", link=None, of="")
        messages.write_message(draft, display_name="")


def _use_progress(store: MemoryStore) -> None:
    known, etag = claims.read_progress(store, LETTER) or (None, "")
    if known:
        claims.claim(store, known, etag, NOW)
    results.read_result(store, LETTER)
    allowance.Allowance(store, 100, NOW).take()


def _use_list(store: MemoryStore) -> None:
    found = read_back.listed(store, RUN, "countries")
    for series in found or ():
        read_back.figure(store, RUN, series, "new_cases", date(2025, 12, 31), Path())


def _decide(known: AlertState, past: History) -> None:
    rules.decide(Situation(past, None, NOW, NOW.date(), 14), known, KINDS)


def _plan(**found: Any) -> None:
    store = MemoryStore()
    store.write(Upload(MANIFEST, json.dumps(files.PUBLISHED).encode()))
    published = manifest.read(store)
    sound = published.manifest if published else None
    given = {"published": sound, "past": History([]), "runs": {}, "raw": {}, **found}
    given = {"listed": catalogue.Catalogue(), **given}
    retention.plan_clearing(FolderContents(shared=[], inbox=[], **given), 30, NOW)


def _target(key: str, use: Use, sound: object, beside: Mapping[str, object] = NOTHING) -> Target:
    def read(data: bytes, folder: Path) -> bool:
        store = MemoryStore()
        for name, content in beside.items():
            store.write(Upload(name, _dumped(content)))
        store.write(Upload(key, data))
        try:
            use(store)
        except StoreError as exc:
            return refused(exc)
        return True

    return Target([_dumped(sound)], read, mutate=edited)


TARGETS: Mapping[str, Target] = {
    "folder: history": _target(HISTORY, _use_history, files.PAST),
    "folder: manifest": _target(MANIFEST, _use_manifest, files.PUBLISHED),
    "folder: catalogue": _target(CATALOGUE, _use_catalogue, files.ARCHIVE),
    "folder: alerts": _target(ALERTS, _use_alerts, files.REMEMBERED),
    "folder: progress": _target(f"{PENDING}{LETTER}.json", _use_progress, files.PROGRESS),
    "folder: results": _target(f"{RESULTS}{LETTER}.json", _use_progress, files.KNOWN),
    "folder: usage": _target(allowance.key(NOW), _use_progress, {"calls": 20, "written": "x"}),
    "folder: list": _target(files.LISTED, _use_list, files.LIST, {files.SERIES_KEY: files.SERIES}),
    "folder: series": _target(
        files.SERIES_KEY, _use_list, files.SERIES, {files.LISTED: files.LIST}
    ),
}
