"""The snapshots in raw/: which of them count, and each one as a frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from os.path import commonprefix
from pathlib import Path, PurePosixPath

from etl import extract
from etl.errors import SourceChanged, SourceUnavailable
from etl.history import History, Record
from etl.report.month import Month
from etl.sources import SOURCES, SourceTable
from etl.stores import Store


@dataclass(frozen=True)
class Archived:
    """A file in raw/; `sha256` is of the unpacked document."""

    key: str
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """What a published run was made from."""

    run_id: str
    slot: date
    source: str
    statistics: tuple[Archived, ...]
    facts: Archived | None


def months(past: History) -> list[Month]:
    """The months in whose slots something was published, oldest first."""
    return sorted({Month.of(record.slot) for record in _published(past)})


def snapshots(store: Store, past: History, month: Month) -> list[Snapshot]:
    """The snapshots of a month's slots that are still in the archive, oldest first.

    The history tells them from the inputs of runs that failed, lie in raw/ too, and don't count.
    """
    records = sorted(
        (record for record in _published(past) if Month.of(record.slot) == month),
        key=lambda record: record.started_at,
    )
    if not records:
        return []
    # a month's runs begin alike, so this lists little besides
    start = commonprefix([f"raw/{record.run_id}/" for record in records])  # noqa: RUF071  no paths
    keys: dict[str, list[str]] = {}
    for entry in store.list(start):
        keys.setdefault(entry.key.split("/")[1], []).append(entry.key)
    found = (_snapshot(record, keys.get(record.run_id, ())) for record in records)
    return [snapshot for snapshot in found if snapshot]


def _published(past: History) -> Iterable[Record]:
    return (
        record
        for record in past.records
        if record.outcome == "published" and record.seen and record.source in SOURCES
    )


def _snapshot(record: Record, keys: Iterable[str]) -> Snapshot | None:
    assert record.seen  # noqa: S101  for the type checker: without it the record is not taken
    digests = record.seen.digests()
    named = {PurePosixPath(key).name.removesuffix(".gz"): key for key in keys}
    files = SOURCES[record.source].files
    if not named.keys() >= set(files) or len(digests) != len(files):
        return None
    pairs = zip(files, digests, strict=True)
    statistics = tuple(Archived(named[name], sha256) for name, sha256 in pairs)
    others = [key for name, key in named.items() if name not in files]
    sha256 = record.seen.facts_sha256
    facts = Archived(others[0], sha256) if sha256 and others else None
    return Snapshot(record.run_id, record.slot, record.source, statistics, facts)


def read(store: Store, snapshot: Snapshot, work: Path, max_bytes: int) -> SourceTable:
    """A snapshot as its source's reader gives it.

    Raises SourceChanged or SourceUnavailable where it is damaged, StoreError.
    """
    paths = [bring(store, document, work, max_bytes) for document in snapshot.statistics]
    return SOURCES[snapshot.source].read(*paths)


def bring(store: Store, archived: Archived, work: Path, max_bytes: int) -> Path:
    """Download a file of the archive, unpack and verify it; the next one takes its place.

    Raises SourceChanged or SourceUnavailable where it is damaged, StoreError.
    """
    # a reader takes a name that ends in .gz at its word
    packed, path = work / "packed", work / PurePosixPath(archived.key).name.removesuffix(".gz")
    if not store.download(archived.key, packed):
        raise SourceUnavailable(f"{archived.key} has gone")
    fetched = extract.fetch(str(packed), path, max_bytes=max_bytes)
    if fetched is None or fetched.sha256 != archived.sha256:
        raise SourceChanged(f"{archived.key} is not what was archived: its SHA-256 is another")
    return path
