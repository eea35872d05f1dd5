"""Decide what to delete: old runs and inputs, and what runs that crashed have left. Pure.

The published run and the one before it are kept, and so is vintages/. Of each month the last inputs
are kept with their run's manifest, because monthly reports are made from them. The age of imported
snapshots and rebuilt runs counts from their entry into the catalogue, not from their slot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.load.share import expired
from etl.store import Entry
from etl.store.layout import INBOX_DAYS, MANIFEST, run_key

BROKEN_OFF = timedelta(days=1)  # no run takes this long, so one without a manifest has crashed
RUNS, INPUTS, SHARED = "old runs", "old inputs", "expired copies of the page"
LETTERS = f"folders of the inbox, for what is older than {INBOX_DAYS} days"
LEFT, UNFINISHED = "left by runs that broke off", "left by writers that were killed"


@dataclass(frozen=True)
class Folder:
    """Objects that belong together, such as those of `runs/RUN`."""

    name: str
    entries: list[Entry]

    def has_manifest(self) -> bool:
        return any(entry.key == f"{self.name}/{MANIFEST}" for entry in self.entries)


@dataclass(frozen=True)
class FolderContents:
    """The content of the folder; `runs` and `raw` are by run id."""

    published: Manifest
    past: History
    listed: Catalogue
    runs: Mapping[str, Folder]
    raw: Mapping[str, Folder]
    shared: Iterable[Folder]
    inbox: Iterable[Folder]
    unfinished: Iterable[Folder]


@dataclass(frozen=True)
class Plan:
    """What to clear, by reason; valid as long as `published` is the published run."""

    published: str
    groups: Mapping[str, list[Folder]]

    def entries(self) -> list[Entry]:
        return [e for folders in self.groups.values() for folder in folders for e in folder.entries]

    def cleared(self, top: str) -> list[str]:
        """List the ids of runs that lose objects in `top` ("runs" or "raw")."""
        names = [folder.name for folders in self.groups.values() for folder in folders]
        return [name.removeprefix(f"{top}/") for name in names if name.startswith(f"{top}/")]


def plan_clearing(found: FolderContents, keep_days: int, now: datetime) -> Plan:
    """Plan to clear what is older than `keep_days`, and what was abandoned over a day ago."""
    begin, left_before = now - timedelta(days=keep_days), now - BROKEN_OFF
    before = found.published.previous
    safe = {found.published.run_id, before.run_id if before else ""}
    came = found.listed.since()
    runs = found.runs.keys() | found.raw.keys()
    old = {run for run in runs if came.get(run, began(run)) < begin}
    whole = {run for run, folder in found.runs.items() if folder.has_manifest()}
    imported = {snapshot.run_id for snapshot in found.listed.imported}
    reported = reported_on((whole | imported) & found.raw.keys(), found.past)
    # a recent run on record was complete once: if its manifest is missing, that was lost, and the
    # files were not left by a crash
    young = {r.published_run for r in found.past.records} - old
    kept = {k.key for r in found.past.records if r.started_at >= begin for k in r.kept}
    kept |= {run_key(run, MANIFEST) for run in reported}

    groups = {
        RUNS: [without(found.runs[run], kept) for run in sorted(old & whole - safe)],
        INPUTS: [
            without(found.raw[run], kept)
            for run in sorted(old & found.raw.keys() - safe - reported)
        ],
        LEFT: [
            found.runs[run]
            for run in sorted(found.runs.keys() - whole - safe - young)
            if all(entry.modified < left_before for entry in found.runs[run].entries)
        ],
        SHARED: [f for f in found.shared if all(expired(entry.key, now) for entry in f.entries)],
        LETTERS: [
            without(f, {e.key for e in f.entries if now - e.modified <= timedelta(INBOX_DAYS)})
            for f in found.inbox
        ],
        UNFINISHED: [
            without(f, {entry.key for entry in f.entries if entry.modified >= left_before})
            for f in found.unfinished
        ],
    }
    filled = {why: [f for f in folders if f.entries] for why, folders in groups.items()}
    return Plan(found.published.run_id, {why: fs for why, fs in filled.items() if fs})


def reported_on(runs: Iterable[str], past: History) -> set[str]:
    """Return the ids of each month's last run, and of its last run in the history.

    The history may lack the last one, if that was imported or rebuilt.
    """
    slots = {r.run_id: r.slot for r in past.records if r.outcome == "published"}
    last: dict[tuple[int, int, bool], str] = {}
    for run in sorted(runs):
        slot = slots.get(run, began(run).date())
        for on_record in {False, run in slots}:
            last[slot.year, slot.month, on_record] = run
    return set(last.values())


def began(run_id: str) -> datetime:
    """Return when a run began, as its id says."""
    return datetime.strptime(run_id[:18], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)


def without(folder: Folder, keys: set[str]) -> Folder:
    """Return the folder without the entries of these keys."""
    return Folder(folder.name, [entry for entry in folder.entries if entry.key not in keys])
