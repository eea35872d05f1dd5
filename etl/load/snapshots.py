"""The snapshots in raw/: which of them count, and each one as a frame."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from os.path import commonprefix
from pathlib import Path, PurePosixPath

from etl.errors import SourceChanged, SourceUnavailable
from etl.extract import fetch
from etl.extract.fetch import Fetched
from etl.extract.sources import SOURCES
from etl.history.catalogue import Archived, Imported
from etl.history.history import History
from etl.load.month import Month
from etl.store import Store
from etl.store.layout import raw_key

LATER_FACTS = "facts"  # the folder in raw/ of those that were fetched for snapshots without any


@dataclass(frozen=True)
class Snapshot:
    """What a published run was made from, or what was imported."""

    run_id: str
    slot: date
    source: str
    statistics: tuple[Archived, ...]
    facts: Archived | None


@dataclass(frozen=True)
class SnapshotRecord:
    """What is known of a folder in raw/ without looking into it: the digests of the source's
    documents, in their order, and of the facts beside them, if there should be any."""

    run_id: str
    slot: date
    source: str
    digests: Sequence[str | None]
    facts: bool = False
    facts_sha256: str | None = None


def months(past: History, imported: Iterable[Imported] = ()) -> list[Month]:
    """Return the months with slots for which something was published or imported, oldest first."""
    return sorted(
        {Month.of(t.slot) for t in recorded_snapshots(past, imported) if t.source in SOURCES}
    )


def snapshots(
    store: Store, past: History, imported: Iterable[Imported], month: Month
) -> list[Snapshot]:
    """List the snapshots of a month's slots that are still in the archive, oldest first.

    The inputs of failed runs, which are in raw/ too, are not in the history's or the catalogue's
    list, and don't count.
    """
    recorded = [r for r in recorded_snapshots(past, imported) if Month.of(r.slot) == month]
    if not recorded:
        return []
    # a month's runs begin alike, so this lists little else
    start = commonprefix([raw_key(one.run_id, "") for one in recorded])  # noqa: RUF071  no paths
    keys: dict[str, list[str]] = {}
    for entry in store.list(start):
        keys.setdefault(entry.key.split("/")[1], []).append(entry.key)
    found = (in_folder(one, keys.get(one.run_id, ())) for one in recorded)
    return [snapshot for snapshot in found if snapshot]


def recorded_snapshots(past: History, imported: Iterable[Imported]) -> list[SnapshotRecord]:
    """Return what was published or imported, oldest first. Sources that left the register are
    included."""
    # an id begins with the moment: of two of the same second that which came first stays first
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
    """The snapshot in a folder of these keys; None where not all of it is there."""
    if recorded.source not in SOURCES:
        return None
    named = {PurePosixPath(key).name.removesuffix(".gz"): key for key in keys}
    files = SOURCES[recorded.source].files
    if not named.keys() >= set(files) or len(recorded.digests) != len(files):
        return None
    pairs = zip(files, recorded.digests, strict=True)
    statistics = tuple(Archived(named[name], sha256) for name, sha256 in pairs)
    others = [key for name, key in named.items() if name not in files]
    facts = Archived(others[0], recorded.facts_sha256) if recorded.facts and others else None
    return Snapshot(recorded.run_id, recorded.slot, recorded.source, statistics, facts)


def later_facts(store: Store, sha256: str) -> Archived | None:
    """Facts of that digest that were fetched for snapshots without any, if they are there."""
    kept = store.list(raw_key(later_facts_folder(sha256), ""))
    return next((Archived(entry.key, sha256) for entry in kept), None)


def later_facts_folder(sha256: str) -> str:
    return f"{LATER_FACTS}/{sha256[:16]}"


def bring_statistics(store: Store, snapshot: Snapshot, work: Path, max_bytes: int) -> list[Fetched]:
    """Download a snapshot's documents, in the order of its source's `files`.

    Raises SourceChanged or SourceUnavailable where one is damaged, StoreError.
    """
    return [bring(store, document, work, max_bytes) for document in snapshot.statistics]


def bring(store: Store, archived: Archived, work: Path, max_bytes: int) -> Fetched:
    """Download a file of the archive, unpack and verify it; the next download replaces it.

    Raises SourceChanged or SourceUnavailable where it is damaged, StoreError.
    """
    # the sources' readers unpack whatever has a name that ends in .gz
    packed, path = work / "packed", work / PurePosixPath(archived.key).name.removesuffix(".gz")
    if not store.download(archived.key, packed):
        raise SourceUnavailable(f"{archived.key} has gone")
    try:
        fetched = fetch.fetch(str(packed), path, max_bytes=max_bytes)
    except (SourceChanged, SourceUnavailable) as exc:
        # the name of a temporary file says nothing to anybody
        raise type(exc)(str(exc).replace(str(packed), archived.key)) from exc
    if archived.sha256 not in (None, fetched.sha256):
        raise SourceChanged(f"{archived.key} is not what was archived: its SHA-256 is another")
    return replace(fetched, url=archived.key, kept_as=archived.key)
