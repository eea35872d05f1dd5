"""List the snapshots in raw/, and download their documents."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from os.path import commonprefix
from pathlib import Path, PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from etl.errors import SourceChanged, SourceUnavailable
from etl.extract import fetch
from etl.extract.fetch import Fetched
from etl.extract.inputs import TABLE, UNREADABLE
from etl.extract.sources import SOURCES
from etl.history.catalogue import Archived, Imported
from etl.history.history import History
from etl.history.run_folders import run_objects
from etl.load.month import Month
from etl.store import Store
from etl.store.keys import is_valid
from etl.store.layout import RAW, raw_key

LATER_FACTS = "facts"  # the folder in raw/ of facts fetched later, for snapshots that had none


class Snapshot(Struct, frozen=True):
    """The archived inputs of a published run, or an import."""

    run_id: str
    slot: date
    source: str
    statistics: tuple[Archived, ...]
    facts: Archived | None


class SnapshotRecord(Struct, frozen=True):
    """What the history or the catalogue records about a folder in raw/.

    `digests` are those of the source's documents, in the order of its `files`. `facts` says whether
    the folder should have country facts too.
    """

    run_id: str
    slot: date
    source: str
    digests: Sequence[str | None]
    facts: bool = False
    facts_sha256: str | None = None


def months(past: History, imported: Iterable[Imported] = ()) -> list[Month]:
    """Return the months in which a slot was published or imported, oldest first."""
    return sorted(
        {Month.of(t.slot) for t in recorded_snapshots(past, imported) if t.source in SOURCES}
    )


def snapshots(
    store: Store, past: History, imported: Iterable[Imported], month: Month
) -> list[Snapshot]:
    """List the snapshots of a month's slots that are still in the archive, oldest first.

    The inputs of failed runs are in raw/ too, but don't count as snapshots. Raises StoreError.
    """
    recorded = [r for r in recorded_snapshots(past, imported) if Month.of(r.slot) == month]
    if not recorded:
        return []
    # the ids of a month's runs have a common start, so this lists little else
    start = commonprefix([raw_key(one.run_id, "") for one in recorded])  # noqa: RUF071  no paths
    keys: dict[str, list[str]] = {}
    for run_id, entry in run_objects(store, RAW, start):
        keys.setdefault(run_id, []).append(entry.key)
    found = (in_folder(one, keys.get(one.run_id, ())) for one in recorded)
    return [snapshot for snapshot in found if snapshot]


def recorded_snapshots(past: History, imported: Iterable[Imported]) -> list[SnapshotRecord]:
    """Return the records of what was published or imported, oldest first.

    Sources that are no longer supported are included.
    """
    # ids begin with the time; the sort is stable, so records of the same second keep their order
    return sorted([*_published(past), *_imported(imported)], key=lambda one: one.run_id[:18])


def _published(past: History) -> Iterator[SnapshotRecord]:
    for record in past.records:
        if record.outcome == "published" and record.seen:
            digests, facts = record.seen.digests(), record.seen.facts_sha256
            yield SnapshotRecord(
                record.run_id, record.slot, record.source, digests, bool(facts), facts
            )


def _imported(imported: Iterable[Imported]) -> Iterator[SnapshotRecord]:
    for one in imported:
        digests = [document.sha256 for document in one.statistics]
        yield SnapshotRecord(one.run_id, one.slot, one.source, digests)


def in_folder(recorded: SnapshotRecord, keys: Iterable[str]) -> Snapshot | None:
    """Return the snapshot in a folder with these keys, or None if a document is missing."""
    if recorded.source not in SOURCES:
        return None
    named = {PurePosixPath(key).name.removesuffix(".gz"): key for key in filter(is_valid, keys)}
    files = SOURCES[recorded.source].files
    if not named.keys() >= set(files) or len(recorded.digests) != len(files):
        return None
    pairs = zip(files, recorded.digests, strict=True)
    statistics = tuple(Archived(named[name], sha256) for name, sha256 in pairs)
    aside = (*files, *(name for name in named if name.startswith((UNREADABLE, TABLE))))
    others = [key for name, key in named.items() if name not in aside]
    facts = Archived(others[0], recorded.facts_sha256) if recorded.facts and others else None
    return Snapshot(recorded.run_id, recorded.slot, recorded.source, statistics, facts)


def later_facts(store: Store, sha256: str) -> Archived | None:
    """Return the facts with this digest in LATER_FACTS, if they are there. Raises StoreError."""
    kept = store.list(raw_key(later_facts_folder(sha256), ""))
    return next((Archived(entry.key, sha256) for entry in kept if is_valid(entry.key)), None)


def later_facts_folder(sha256: str) -> str:
    """Return the folder in raw/ for facts with this digest."""
    return f"{LATER_FACTS}/{sha256[:16]}"


def bring_statistics(store: Store, snapshot: Snapshot, work: Path, max_bytes: int) -> list[Fetched]:
    """Download a snapshot's documents, in the order of its source's `files`.

    Raises SourceChanged or SourceUnavailable if one is damaged or gone, StoreError.
    """
    return [bring(store, document, work, max_bytes) for document in snapshot.statistics]


def bring(store: Store, archived: Archived, work: Path, max_bytes: int) -> Fetched:
    """Download a file of the archive into `work`, unpack it and verify its digest.

    A file of the same name is overwritten. Raises SourceChanged or SourceUnavailable if the file is
    damaged or gone, StoreError.
    """
    # without .gz: the sources' readers would unpack a file with that ending again
    packed, path = work / "packed", work / PurePosixPath(archived.key).name.removesuffix(".gz")
    if not store.download(archived.key, packed):
        raise SourceUnavailable(f"{archived.key} has gone")
    try:
        fetched = fetch.fetch(str(packed), path, fetch.Limits(max_bytes))
    except (SourceChanged, SourceUnavailable) as exc:
        # name the archived file instead of the temporary one
        raise type(exc)(str(exc).replace(str(packed), archived.key)) from exc
    if archived.sha256 not in (None, fetched.sha256):
        raise SourceChanged(
            f"{archived.key} was changed after it was archived: its SHA-256 differs"
        )
    return replace(fetched, url=archived.key, kept_as=archived.key)
