"""Decide what to delete: old runs and inputs, and what runs that crashed have left. Pure.

The published run and the one before it are kept, and so is vintages/. Of each month the last inputs
are kept with their run's manifest, because monthly reports are made from them. The age of a run or
snapshot counts from its entry into the history or the catalogue. If it is in neither, because one
of these files was lost, its age counts from the date of its objects.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.run_id import began, is_derived
from etl.load.share import expired
from etl.store import Entry
from etl.store.layout import INBOX_DAYS, MANIFEST, RAW, TRIAL, raw_key, run_key
from etl.store.layout import RUNS as RUNS_FOLDER

BROKEN_OFF = timedelta(days=1)  # no run takes this long, so one without a manifest has crashed
RUNS, INPUTS, SHARED = "old runs", "old inputs", "expired copies of the page"
LETTERS = f"inbox folders with files older than {INBOX_DAYS} days"
LEFT, UNFINISHED = "left by interrupted or yielded runs", "left by killed processes"
TRIALS = "left by interrupted tests of the folder"


@dataclass(frozen=True)
class Folder:
    """A run's folder in runs/ or raw/.

    `written`: when its manifest was written or, if it has none, its newest object. `whole`: it has
    a manifest.
    """

    written: datetime
    whole: bool = False


@dataclass(frozen=True)
class FolderContents:
    """The content of the folder; `runs` and `raw` are by run id, `shared` and `inbox` are names of
    folders such as `inbox/results`. `yielded` are the runs that gave way to another worker's."""

    published: Manifest
    past: History
    listed: Catalogue
    runs: Mapping[str, Folder]
    raw: Mapping[str, Folder]
    shared: Iterable[str]
    inbox: Iterable[str]
    yielded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Portion:
    """What goes of a folder: all but the keys in `keep` and what was written at `until` or later.

    `objects` and `bytes` are its size, once it was measured.
    """

    folder: str
    keep: frozenset[str] = frozenset()
    until: datetime | None = None
    objects: int = 0
    bytes: int = 0

    @property
    def prefix(self) -> str:
        """The prefix of its keys; test objects are in no folder."""
        return self.folder if self.folder == TRIAL else f"{self.folder}/"

    def has(self, entry: Entry) -> bool:
        young = self.until is not None and entry.modified >= self.until
        return not young and entry.key not in self.keep


@dataclass(frozen=True)
class Plan:
    """What to clear, by reason; valid as long as `published` is the published run."""

    published: str
    groups: Mapping[str, list[Portion]]

    def portions(self) -> list[Portion]:
        return [portion for portions in self.groups.values() for portion in portions]

    def cleared(self, top: str) -> list[str]:
        """List the ids of runs that lose objects in `top` ("runs" or "raw")."""
        names = [portion.folder for portion in self.portions()]
        return [name.removeprefix(f"{top}/") for name in names if name.startswith(f"{top}/")]


def plan_clearing(found: FolderContents, keep_days: int, now: datetime) -> Plan:
    """Plan to clear what is older than `keep_days`, and what was abandoned over a day ago."""
    begin, left_before = now - timedelta(days=keep_days), now - BROKEN_OFF
    before = found.published.previous
    safe = {found.published.run_id, before.run_id if before else ""}
    # a page that could not be made is still that of an earlier run
    safe |= {file.key.split("/")[1] for file in found.published.files}
    came = _came(found)
    old_runs = {run for run in found.runs if came(run, found.runs[run]) < begin}
    old_raw = {run for run in found.raw if came(run, found.raw[run]) < begin}
    useless = found.yielded - safe
    whole = {run for run, folder in found.runs.items() if folder.whole} - useless
    # the ids of imported snapshots tell them apart, even if the catalogue was lost
    imported = {run for run in found.raw if is_derived(run)}
    reported = reported_on((whole | imported) & found.raw.keys(), found.past)
    # a recent run on record was complete once: if its manifest is missing, that was lost, and the
    # files were not left by a crash
    young = {r.published_run for r in found.past.records} - old_runs
    kept_aside = {k.key for r in found.past.records if r.started_at >= begin for k in r.kept}

    groups = {
        RUNS: [
            Portion(f"{RUNS_FOLDER}{run}", _manifest(run) if run in reported else frozenset())
            for run in sorted(old_runs & whole - safe)
        ],
        INPUTS: [
            Portion(f"{RAW}{run}", _within(kept_aside, run))
            for run in sorted(old_raw - safe - reported)
        ],
        LEFT: [
            *_left(RUNS_FOLDER, found.runs, found.runs.keys() - whole - safe - young, left_before),
            *_left(RAW, found.raw, useless & found.raw.keys() - old_raw, left_before),
        ],
        SHARED: [Portion(name) for name in found.shared if expired(name, now)],
        LETTERS: [Portion(name, until=now - timedelta(INBOX_DAYS)) for name in found.inbox],
        TRIALS: [Portion(TRIAL, until=left_before)],
        UNFINISHED: [Portion("", until=left_before)],
    }
    return Plan(found.published.run_id, groups)


def _left(
    top: str, folders: Mapping[str, Folder], runs: Iterable[str], before: datetime
) -> list[Portion]:
    return [Portion(f"{top}{run}") for run in sorted(runs) if folders[run].written < before]


def _came(found: FolderContents) -> Callable[[str, Folder], datetime]:
    listed = found.listed.since()
    recorded = {r.run_id for r in found.past.records}
    recorded |= {r.published_run for r in found.past.records if r.published_run}

    def came(run: str, folder: Folder) -> datetime:
        # a rebuilt run is on record if it was restored, and its id has its snapshot's time
        ran = run in recorded and not is_derived(run)
        return listed.get(run) or (began(run) if ran else folder.written)

    return came


def _manifest(run: str) -> frozenset[str]:
    return frozenset({run_key(run, MANIFEST)})


def _within(keys: Iterable[str], run: str) -> frozenset[str]:
    return frozenset(key for key in keys if key.startswith(raw_key(run, "")))


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
