"""Delete what is no longer needed from the folder, as retention.py decides.

However much the folder holds, memory holds a line a run: of what stays only the names of folders
are listed, and what goes is listed twice, once to measure it and once to delete it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from etl import log
from etl.errors import StateConflict
from etl.history import catalogue, history
from etl.history import manifest as manifests
from etl.history.history import History
from etl.history.run_folders import run_ids, run_objects
from etl.history.run_id import is_derived
from etl.store import Entry, Store
from etl.store.keys import is_valid
from etl.store.layout import INBOX, MANIFEST, RAW, RUNS, SHARED, run_key
from etl.store.parallel import in_parallel
from etl.upkeep import retention
from etl.upkeep.retention import UNFINISHED, Folder, FolderContents, Plan, Portion
from etl.upkeep.versions import nothing_published, sound_manifest_of

Advance = Callable[[int], None]  # is given how many objects were deleted
AT_ONCE = 1000  # objects that are deleted between two calls of Advance


def make_plan(store: Store, keep_days: int, now: datetime) -> Plan:
    """Read the folder and plan what to clear, measured. Raises StoreError, also if nothing is
    published."""
    published = manifests.read(store)
    if published is None:
        raise nothing_published(store)
    past, runs = history.read(store)[0], _runs(store)
    found = FolderContents(
        published=published.manifest,
        past=past,
        listed=catalogue.read(store),
        runs=runs,
        raw=_raw(store),
        shared=_folders(store, SHARED),
        inbox=_folders(store, INBOX),
        yielded=_yielded(store, [run for run, folder in runs.items() if folder.whole], past),
    )
    plan = retention.plan_clearing(found, keep_days, now)
    measured = {
        why: [one for one in (_measured(store, why, p) for p in portions) if one.objects]
        for why, portions in plan.groups.items()
    }
    return replace(plan, groups={why: found for why, found in measured.items() if found})


def clear(store: Store, plan: Plan, advance: Advance = lambda objects: None) -> None:
    """Carry out a plan. A run's manifest is deleted first, so that half a run never looks whole.

    Raises StateConflict if another run was published in the meantime, StoreError.
    """
    for why, portions in plan.groups.items():
        for portion in portions:
            # `restore` may have published a run that the plan clears
            published = manifests.read(store)
            if published is None or published.manifest.run_id != plan.published:
                raise StateConflict(
                    "another run was published in between, so other files may be too old; "
                    "run the command again"
                )
            if why == UNFINISHED:
                _discard(store, portion, advance)
            else:
                _clear(store, why, portion, advance)
    catalogue.forget(store, plan.cleared("raw"), plan.cleared("runs"))


def clear_old(store: Store, keep_days: int, now: datetime) -> None:
    """Make a plan and carry it out, for the worker. Raises StoreError."""
    plan = make_plan(store, keep_days, now)
    clear(store, plan)
    if portions := plan.portions():
        objects, size = (sum(p.objects for p in portions), sum(p.bytes for p in portions))
        log.info("prune.cleared", objects=objects, bytes=size)


def _discard(store: Store, portion: Portion, advance: Advance) -> None:
    emptied = set()
    for entry in _entries(store, UNFINISHED, portion):
        store.discard(entry)
        advance(1)
        emptied.add("/".join(entry.key.split("/")[:2]))
    for folder in emptied:
        if folder.startswith((RUNS, RAW, SHARED)):
            store.remove_empty(folder)


def _clear(store: Store, why: str, portion: Portion, advance: Advance) -> None:
    manifest = f"{portion.folder}/{MANIFEST}"
    if why == retention.RUNS and manifest not in portion.keep:
        store.delete(manifest)
        advance(1)
    waiting: list[str] = []
    for entry in _entries(store, why, portion):
        if entry.key != manifest or why != retention.RUNS:
            waiting.append(entry.key)
        if len(waiting) == AT_ONCE:
            store.delete_all(waiting)
            advance(len(waiting))
            waiting.clear()
    store.delete_all(waiting)
    advance(len(waiting))
    if portion.folder.startswith((RUNS, RAW, SHARED)):
        store.remove_empty(portion.folder)


def _entries(store: Store, why: str, portion: Portion) -> Iterator[Entry]:
    """Yield the objects of a portion that can be deleted: keys from elsewhere may be invalid."""
    found = store.unfinished() if why == UNFINISHED else store.list(portion.prefix, in_order=False)
    return (entry for entry in found if portion.has(entry) and is_valid(entry.key))


def _measured(store: Store, why: str, portion: Portion) -> Portion:
    objects, size = 0, 0
    for entry in _entries(store, why, portion):
        objects, size = objects + 1, size + entry.size
    return replace(portion, objects=objects, bytes=size)


def _folders(store: Store, top: str) -> list[str]:
    names = (f"{top}{name}" for name in store.folders(top))
    return [name for name in names if is_valid(name)]


def _runs(store: Store) -> dict[str, Folder]:
    """Look at each folder in runs/, by run id, ignoring folders with other names."""
    found: dict[str, Folder] = {}

    def look(run_id: str) -> None:
        if manifest := store.head(run_key(run_id, MANIFEST)):
            found[run_id] = Folder(manifest.modified, whole=True)
        elif times := [e.modified for e in store.list(run_key(run_id, ""), in_order=False)]:
            found[run_id] = Folder(max(times))

    in_parallel(look, run_ids(store, RUNS))
    return found


def _yielded(store: Store, whole: Iterable[str], past: History) -> frozenset[str]:
    """Find the runs that gave way: the one on record for their slot follows the same run as they.

    So no chain of manifests leads to them. Only runs that are not on record are looked at.
    """
    made = {r.slot: r.run_id for r in past.records if r.outcome == "published"}
    recorded = {r.run_id for r in past.records} | {r.published_run for r in past.records}
    found = set()
    for run_id in whole:
        if run_id in recorded or is_derived(run_id):
            continue
        mine = sound_manifest_of(store, run_id)
        winner = made.get(mine.slot) if mine else None
        theirs = sound_manifest_of(store, winner) if winner else None
        if mine and theirs and mine.previous == theirs.previous:
            found.add(run_id)
    return frozenset(found)


def _raw(store: Store) -> dict[str, Folder]:
    """Find when the newest object of each folder in raw/ was written."""
    found: dict[str, Folder] = {}
    for run_id, entry in run_objects(store, RAW):
        before = found.get(run_id)
        if before is None or before.written < entry.modified:
            found[run_id] = Folder(entry.modified)
    return found
