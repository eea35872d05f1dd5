"""Import an archive into raw/: each version becomes a snapshot, as if it had been fetched then."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from etl.archive import folder_versions, git_versions
from etl.archive.engine import Progress
from etl.archive.folder_versions import DocumentVersion
from etl.errors import ConfigError, EtlError, SourceChanged, SourceUnavailable, listed
from etl.extract import fetch
from etl.extract.sources import SOURCES
from etl.extract.sources.recognise import misfit
from etl.history import catalogue, history
from etl.history.catalogue import Archived, Imported
from etl.history.manifest import STATISTICS
from etl.history.run_id import began
from etl.load import raw, snapshots
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import raw_key
from etl.worker import schedule
from etl.worker.scratch import scratch

LISTED = 10  # snapshots that an error names


class SnapshotKey(NamedTuple):
    """What identifies a snapshot: its moment and the digest of its content."""

    moment: datetime
    sha256: str
    run_id: str


@dataclass(frozen=True)
class ImportOutcome:
    """What became of one version: it is the snapshot `run_id` now, `new` if it was not before.

    Without a `run_id` it was left out, for the reason `why`. `slot`: the last that had begun at its
    moment. `guessed`: that is the time at which the file was last modified.
    """

    moment: datetime
    slot: date
    origin: str
    run_id: str | None = None
    new: bool = False
    guessed: bool = False
    why: str = ""


def import_archive(
    settings: Settings,
    store: Store,
    path: Path,
    now: datetime,
    progress: Progress,
    *,
    dry_run: bool = False,
) -> list[ImportOutcome]:
    """Copy a folder of versions, or a file's git history, into raw/.

    Returns the outcomes, oldest first. A version with the same content as the snapshot before or
    after it counts as that snapshot, one of another source or level is left out. Importing twice
    changes nothing, and a dry run nothing at all. Raises EtlError.
    """
    source = SOURCES[settings.source.data_set]
    if len(source.files) > 1:
        raise ConfigError(
            f"SOURCE: a snapshot of {source.name} has {len(source.files)} documents, but "
            "import-archive needs a source with one"
        )
    outcomes: list[ImportOutcome] = []
    importer = _Importer(settings, store, now, _there(store, source.name), dry_run)
    with scratch() as folder, catalogue.adding(store) as add:
        work = Path(folder)
        total, versions = _versions(settings, path, source.files[0], work)
        progress.stage("import", total)
        for version in versions:
            with TemporaryDirectory(dir=work) as own:  # unpacked, all would fill a disk
                to = Path(own) / source.files[0]
                outcome, entry = importer.take(version, to)
            outcomes.append(outcome)
            if entry and not dry_run:
                add(entry)
            if outcome.run_id is None:
                progress.failed(outcome)
            progress.advance(outcome)
    return outcomes


def _there(store: Store, source: str) -> list[SnapshotKey]:
    """List the source's snapshots in the archive, in order."""
    known = snapshots.recorded_snapshots(history.read(store)[0], catalogue.read(store).imported)
    return sorted(
        SnapshotKey(began(one.run_id), str(one.digests[0]), one.run_id)
        for one in known
        if one.source == source and one.digests
    )


def forget_snapshot(store: Store, name: str) -> str:
    """Remove an imported snapshot from the catalogue and raw/, and return its run id.

    `name` is its run id or the beginning of it, such as 2020-09-07. Runs that were made of it stay.
    Raises EtlError unless exactly one imported snapshot is meant, and StoreError.
    """
    imported = catalogue.read(store).imported
    found = [one for one in imported if name and one.run_id.startswith(name)]
    if len(found) != 1:
        ids = listed([one.run_id for one in found or imported], LISTED) or "none"
        what = "several imported snapshots" if found else "no imported snapshot"
        raise EtlError(f"{store.address}: {name!r} names {what}; existing ones: {ids}")
    [snapshot] = found
    catalogue.forget(store, [snapshot.run_id], [])
    store.delete_all(document.key for document in snapshot.statistics)
    store.remove_empty(raw_key(snapshot.run_id, ""))
    return snapshot.run_id


def _versions(
    settings: Settings, path: Path, name: str, work: Path
) -> tuple[int, Iterable[DocumentVersion]]:
    """Find the versions, oldest first, and how many they are."""
    file = git_versions.find_tracked(path, name)
    if file:
        commits = git_versions.find_commits(file)
        return len(commits), git_versions.read_versions(file, commits, work)
    at = partial(
        schedule.moment, run_at=settings.schedule.run_at, timezone=settings.schedule.timezone
    )
    found = folder_versions.find_versions(path, Path(name).suffix, at)
    return len(found), found


@dataclass(frozen=True)
class _Importer:
    """Archive versions in raw/. `there`: the source's snapshots, in order, imported ones too."""

    settings: Settings
    store: Store
    now: datetime
    there: list[SnapshotKey]
    dry_run: bool

    def take(self, version: DocumentVersion, to: Path) -> tuple[ImportOutcome, Imported | None]:
        """Archive a version, unpacked to the path `to`.

        Returns the outcome, and the catalogue entry if the version is new.
        """
        plan = self.settings.schedule
        slot = schedule.latest_slot(version.moment, plan.run_at, plan.timezone)
        outcome = ImportOutcome(version.moment, slot, version.origin, guessed=version.guessed)
        if version.moment > self.now:
            return replace(outcome, why="its date is in the future"), None
        limits = fetch.Limits(self.settings.source.max_bytes)
        try:
            fetched = fetch.fetch(str(version.path), to, limits)
            if why := misfit(to, SOURCES[self.settings.source.data_set]):
                return replace(outcome, why=why), None
        except (SourceChanged, SourceUnavailable) as exc:
            return replace(outcome, why=str(exc).removeprefix(f"{version.path}: ")), None
        if same := self._beside(version.moment, fetched.sha256):
            return replace(outcome, run_id=same.run_id), None
        run_id = f"{version.moment:%Y-%m-%dT%H%M%SZ}-{fetched.sha256[:12]}"
        kept, upload = raw.archive(fetched, STATISTICS, run_id)
        # if it is there, an import that broke off has left it
        if not self.dry_run and self.store.head(upload.key) is None:
            self.store.write(upload)
        insort(self.there, SnapshotKey(version.moment, fetched.sha256, run_id))
        entry = Imported(
            run_id=run_id,
            slot=slot,
            source=self.settings.source.data_set,
            statistics=[Archived(kept.key, kept.sha256)],
            origin=version.origin,
            imported_at=self.now,
        )
        return replace(outcome, run_id=run_id, new=True), entry

    def _beside(self, moment: datetime, sha256: str) -> SnapshotKey | None:
        """Return the snapshot just before or after `moment` if it has the content `sha256`."""
        at = bisect_right(self.there, moment, key=lambda one: one.moment)
        neighbours = self.there[max(at - 1, 0) : at + 1]
        return next((one for one in neighbours if one.sha256 == sha256), None)
