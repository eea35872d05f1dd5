"""Archives that exist already -> raw/: each version a snapshot, as if it had been fetched then."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from etl.archive import folder_versions, git_versions
from etl.archive.cluster import Progress
from etl.archive.folder_versions import Version
from etl.errors import ConfigError, SourceChanged, SourceUnavailable
from etl.extract import fetch
from etl.extract.sources import SOURCES
from etl.history import catalogue, history
from etl.history.catalogue import Archived, Imported
from etl.history.manifest import STATISTICS
from etl.load import raw, snapshots
from etl.settings.groups import Settings
from etl.store import Store
from etl.upkeep.retention import began
from etl.worker import schedule


@dataclass(frozen=True)
class ImportOutcome:
    """What became of one version: the snapshot `run_id`, `new` if it was not there before.

    `why` it was left out, where it is none; `guessed`: its moment is that of the file.
    """

    moment: datetime
    origin: str
    run_id: str | None = None
    new: bool = False
    guessed: bool = False
    why: str = ""


def import_archive(
    settings: Settings, store: Store, path: Path, now: datetime, progress: Progress
) -> list[ImportOutcome]:
    """Bring a folder of versions, or a file's git history, into raw/; oldest first.

    A version with the content of the snapshot next to it in time is that snapshot. What is there
    already stays as it is: to say it again does no harm. Raises EtlError.
    """
    source = SOURCES[settings.source.data_set]
    if len(source.files) > 1:
        raise ConfigError(
            f"SOURCE: a snapshot of {source.name} has {len(source.files)} documents, and "
            "import-archive takes versions of one"
        )
    taken: list[ImportOutcome] = []
    known = snapshots.recorded_snapshots(history.read(store)[0], catalogue.read(store).imported)
    there = sorted(
        (began(one.run_id), str(one.digests[0]), one.run_id)
        for one in known
        if one.source == source.name and one.digests
    )
    with TemporaryDirectory(prefix="cloud-etl-") as folder, catalogue.adding(store) as add:
        work = Path(folder)
        for version in _versions(settings, path, source.files[0], work):
            with TemporaryDirectory(dir=work) as own:  # a year of them would fill a disk
                to = Path(own) / source.files[0]
                one, entry = _take(settings, store, version, to, there, now)
            taken.append(one)
            if entry:
                add(entry)
            progress.advance(version)
    return taken


def _versions(settings: Settings, path: Path, name: str, work: Path) -> Iterable[Version]:
    file = git_versions.tracked(path, name)
    if file:
        return git_versions.versions(file, work)
    at = partial(
        schedule.moment, run_at=settings.schedule.run_at, timezone=settings.schedule.timezone
    )
    return folder_versions.in_folder(path, Path(name).suffix, at)


Known = tuple[datetime, str, str]  # a snapshot's moment, its content's digest, its run id


def _take(
    settings: Settings, store: Store, version: Version, to: Path, there: list[Known], now: datetime
) -> tuple[ImportOutcome, Imported | None]:
    told = ImportOutcome(version.moment, version.origin, guessed=version.guessed)
    if version.moment > now:
        return replace(told, why="its moment lies in the future"), None
    try:
        fetched = fetch.fetch(str(version.path), to, max_bytes=settings.source.max_bytes)
    except (SourceChanged, SourceUnavailable) as exc:
        return replace(told, why=str(exc).removeprefix(f"{version.path}: ")), None
    at = bisect_right(there, version.moment, key=lambda one: one[0])
    for _, digest, run_id in there[max(at - 1, 0) : at + 1]:
        if digest == fetched.sha256:
            return replace(told, run_id=run_id), None
    run_id = f"{version.moment:%Y-%m-%dT%H%M%SZ}-{fetched.sha256[:12]}"
    kept, upload = raw.archive(fetched, STATISTICS, run_id)
    if store.head(upload.key) is None:  # it may be: an import was broken off
        store.write(upload)
    insort(there, (version.moment, fetched.sha256, run_id))
    entry = Imported(
        run_id=run_id,
        slot=schedule.latest_slot(
            version.moment, settings.schedule.run_at, settings.schedule.timezone
        ),
        source=settings.source.data_set,
        statistics=[Archived(kept.key, kept.sha256)],
        origin=version.origin,
        imported_at=now,
    )
    return replace(told, run_id=run_id, new=True), entry
