"""Every snapshot in raw/ that can be rebuilt: of published runs, of failed runs, imported ones, and
those of runs that are no longer on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from etl.extract.sources import SOURCES
from etl.history.catalogue import Catalogue
from etl.history.history import History
from etl.history.run_folders import run_objects
from etl.history.run_id import began
from etl.load import snapshots as archive
from etl.load.snapshots import Snapshot, SnapshotRecord
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import RAW
from etl.upkeep.retention import BROKEN_OFF
from etl.worker import schedule


@dataclass(frozen=True)
class Backlog:
    """`snapshots` of the source in force, oldest first; `unfinished` are folders in raw/ that lack
    a document. `unlisted` says when those were written that neither history nor catalogue knows."""

    snapshots: list[Snapshot]
    unfinished: list[str]
    unlisted: Mapping[str, datetime]


def read_backlog(
    store: Store, settings: Settings, past: History, catalogue: Catalogue, now: datetime
) -> Backlog:
    """List the snapshots of the source in force. Raises StoreError."""
    folders: dict[str, list[str]] = {}
    written: dict[str, datetime] = {}
    for folder, entry in run_objects(store, RAW):
        folders.setdefault(folder, []).append(entry.key)
        written[folder] = max(entry.modified, written.get(folder, entry.modified))
    on_record = _on_record(past, catalogue)
    found, unfinished = [], []
    for run_id in sorted(folders):
        record = on_record.get(run_id) or _without_record(run_id, settings)
        if record.source != settings.source.data_set:
            continue
        if run_id not in on_record and began(run_id) > now - BROKEN_OFF:
            continue  # its run may still be going on
        if snapshot := archive.in_folder(record, folders[run_id]):
            found.append(snapshot)
        elif run_id not in on_record or all(record.digests):  # a failed run may leave only facts
            unfinished.append(run_id)
    unlisted = {one: at for one, at in written.items() if one not in on_record}
    return Backlog(found, unfinished, unlisted)


def _on_record(past: History, catalogue: Catalogue) -> Mapping[str, SnapshotRecord]:
    known = {one.run_id: one for one in archive.recorded_snapshots(past, catalogue.imported)}
    for record in past.records:
        digests = {kept.key: kept.sha256 for kept in record.kept}
        for folder in {PurePosixPath(key).parts[1] for key in digests} - known.keys():
            source = SOURCES.get(record.source)
            if source is None:
                continue
            named = {
                PurePosixPath(key).name.removesuffix(".gz"): sha256
                for key, sha256 in digests.items()
                if PurePosixPath(key).parts[1] == folder
            }
            files = [named.pop(name, None) for name in source.files]
            facts = next(iter(named.values()), None)
            known[folder] = SnapshotRecord(
                folder, record.slot, source.name, files, bool(named), facts
            )
    return known


def _without_record(run_id: str, settings: Settings) -> SnapshotRecord:
    """Describe a folder that the history does not know: assume it is of the source in force."""
    slot = schedule.latest_slot(began(run_id), settings.schedule.run_at, settings.schedule.timezone)
    source = SOURCES[settings.source.data_set]
    return SnapshotRecord(run_id, slot, source.name, [None] * len(source.files), facts=True)
