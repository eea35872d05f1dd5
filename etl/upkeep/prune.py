"""Delete what is no longer needed from the folder, as retention.py decides."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from etl import log
from etl.errors import EtlError, StateConflict, StoreError
from etl.history import catalogue, history
from etl.history import manifest as manifests
from etl.history.history import History
from etl.history.record import SUCCESS, Record
from etl.history.run import RUN_ID, Run
from etl.load.publish import Advance
from etl.store import Entry, Store
from etl.store.keys import is_valid
from etl.store.layout import INBOX, MANIFEST, RAW, RUNS, SHARED
from etl.store.parallel import in_parallel
from etl.upkeep import retention
from etl.upkeep.retention import UNFINISHED, Folder, FolderContents, Plan


def make_plan(store: Store, keep_days: int, now: datetime) -> Plan:
    """Read the folder and plan what to clear. Raises StoreError, also if nothing is published."""
    published = manifests.read(store)
    if published is None:
        raise StoreError(f"{store.address}: nothing is published, so nothing is too old")
    past, _ = history.read(store)
    found = FolderContents(
        published=published.manifest,
        past=past,
        listed=catalogue.read(store),
        runs=_runs(store, "runs"),
        raw=_runs(store, "raw"),
        shared=_folders(store.list(SHARED, in_order=False)).values(),
        inbox=_folders(e for e in store.list(INBOX, in_order=False) if is_valid(e.key)).values(),
        unfinished=_folders(store.unfinished()).values(),
    )
    return retention.plan_clearing(found, keep_days, now)


def clear(store: Store, plan: Plan, advance: Advance | None = None) -> None:
    """Carry out a plan. A run's manifest is deleted first, so that half a run never looks whole.

    Raises StateConflict if another run was published in the meantime, StoreError.
    """
    for why, folders in plan.groups.items():
        for folder in folders:
            # `restore` may have published a run that the plan clears
            published = manifests.read(store)
            if published is None or published.manifest.run_id != plan.published:
                raise StateConflict(
                    "another run was published in between, so what is too old has changed; "
                    "say it again"
                )
            manifest = [e for e in folder.entries if e.key == f"{folder.name}/{MANIFEST}"]
            rest = [entry for entry in folder.entries if entry not in manifest]
            for entries in (manifest, rest):
                in_parallel(partial(_delete, store, why), entries, progress=advance)
            if folder.name.startswith((RUNS, RAW, SHARED)):
                store.remove_empty(folder.name)
    catalogue.forget(store, plan.cleared("raw"), plan.cleared("runs"))


def clear_due(run: Run, past: History, record: Record) -> Record:
    """Clear the folder after the first success of a month. Return `record` unchanged.

    A failure is only logged.
    """
    slots = [r.slot for r in past.records if r.outcome in SUCCESS and r.run_id != run.run_id]
    if any((slot.year, slot.month) == (run.slot.year, run.slot.month) for slot in slots):
        return record
    try:
        plan = make_plan(run.store, run.settings.store.retention_days, run.now)
        clear(run.store, plan)
    except EtlError as exc:
        log.error("prune.failed", error=exc)
        return record
    if entries := plan.entries():
        log.info("prune.cleared", objects=len(entries), bytes=sum(entry.size for entry in entries))
    return record


def _delete(store: Store, why: str, entry: Entry) -> None:
    if why == UNFINISHED:
        store.discard(entry)
    else:
        store.delete(entry.key)


def _runs(store: Store, top: str) -> dict[str, Folder]:
    """Group the objects of `runs` or `raw` by run id, ignoring folders with other names."""
    folders = _folders(store.list(f"{top}/", in_order=False))
    by_id = {name.removeprefix(f"{top}/"): folder for name, folder in folders.items()}
    return {run_id: folder for run_id, folder in by_id.items() if RUN_ID.fullmatch(run_id)}


def _folders(entries: Iterable[Entry]) -> dict[str, Folder]:
    """Group entries by the first two parts of their keys, such as `runs/RUN`."""
    folders: dict[str, Folder] = {}
    for entry in entries:
        name = "/".join(entry.key.split("/")[:-1][:2])
        folders.setdefault(name, Folder(name, [])).entries.append(entry)
    return folders
