"""Runs and their folders, and what a plan would clear, for tests."""

import re
from datetime import UTC, date, datetime, timedelta

from etl.history import manifest as manifests
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.manifest import Manifest, Previous, SourceNote
from etl.store import Store
from etl.upkeep import prune
from etl.upkeep.retention import (
    TRIALS,
    UNFINISHED,
    Folder,
    FolderContents,
    Plan,
)

FIRST = datetime(2021, 1, 25, 7, tzinfo=UTC)


def whole_runs(store: Store) -> list[str]:
    """List the runs that have all of their files."""
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


def aged(*, hours: float, now: datetime, whole: bool = False) -> Folder:
    return Folder(now - timedelta(hours=hours), whole)


def groups(plan: Plan) -> dict[str, list[str]]:
    """Return the names of the folders that lose objects, by reason."""
    named = {why: [portion.folder for portion in group] for why, group in plan.groups.items()}
    return {why: names for why, names in named.items() if names and why not in (TRIALS, UNFINISHED)}


def found(**over: object) -> FolderContents:
    note = SourceNote("sample", "", "", "", 1, 1, date(2021, 1, 1), date(2021, 1, 2))
    published = Manifest(
        run_id="2021-02-05T070000Z-0000",
        slot=date(2021, 2, 5),
        started_at=FIRST,
        source=note,
        settings={},
        fingerprint="",
        inputs=[],
        files=[],
        checks=None,  # type: ignore[arg-type]
        previous=Previous("2021-02-04T070000Z-0000", ""),
    )
    nothing = {
        "past": History([]),
        "listed": Catalogue(),
        "runs": {},
        "raw": {},
        "shared": [],
        "inbox": [],
    }
    return FolderContents(**{"published": published} | nothing | over)  # type: ignore[arg-type]
