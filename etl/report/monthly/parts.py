"""Read the inputs of a report: a month's snapshots, one at a time, and the facts about countries.

A damaged file never fails the report: it is left out, with a note for the reader.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from etl.errors import EtlError, SourceChanged, SourceUnavailable
from etl.extract.facts import read_facts
from etl.extract.sources import SOURCES
from etl.extract.sources.table import read_table
from etl.history.catalogue import Archived, Catalogue
from etl.load import snapshots as archive
from etl.load.month import Month
from etl.load.snapshots import Snapshot
from etl.report.monthly.figures import Part, reduced
from etl.store import Store

DAMAGED = (SourceChanged, SourceUnavailable)  # what reading an archived file may raise
NO_FACTS = "No facts about countries are archived: there is no population, no incidence."


def read_parts(
    store: Store,
    snapshots: Sequence[Snapshot],
    month: Month,
    work: Path,
    max_bytes: int,
    advance: Callable[[object], None],
) -> tuple[list[Part], pd.DataFrame, list[str]]:
    """Return the reduced snapshots, the entities of the last one, a note on each damaged one.

    `advance` is called with each snapshot once it is read. Raises EtlError if none can be read.
    """
    parts, entities, damaged = [], pd.DataFrame(), []
    for snapshot in snapshots:
        try:
            part, entities = _read_part(store, snapshot, month, work, max_bytes)
            parts.append(part)
        except DAMAGED as exc:
            damaged.append(f"Left out: the snapshot of {snapshot.slot} can't be read: {exc}.")
        advance(snapshot)
    if not parts:
        raise EtlError(f"no snapshot of {month} can be read: {' '.join(damaged)}")
    return parts, entities, damaged


def _read_part(
    store: Store, snapshot: Snapshot, month: Month, work: Path, max_bytes: int
) -> tuple[Part, pd.DataFrame]:
    # a function of its own, so that the whole snapshot is freed before the next one is read
    documents = archive.bring_statistics(store, snapshot, work, max_bytes)
    table = read_table(SOURCES[snapshot.source], (document.path for document in documents))
    last = table.rows["date"].max().date()
    part = Part(snapshot.run_id, snapshot.slot, last, reduced(table.rows, month))
    return part, table.entities


def read_newest_facts(
    store: Store, known: Catalogue, snapshots: Sequence[Snapshot], work: Path, max_bytes: int
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read the newest undamaged facts of the snapshots; return None and a note without any."""
    for facts in _archived_facts(store, known, snapshots):
        try:
            return read_facts(archive.bring(store, facts, work, max_bytes).path), []
        except DAMAGED:
            continue
    return None, [NO_FACTS]


def _archived_facts(
    store: Store, known: Catalogue, snapshots: Sequence[Snapshot]
) -> Iterator[Archived]:
    """Yield the facts archived with the snapshots, newest first, then those a backfill used."""
    yield from (snapshot.facts for snapshot in reversed(snapshots) if snapshot.facts)
    rebuilt = known.newest()
    digests = (
        rebuilt[snapshot.run_id].facts_sha256
        for snapshot in reversed(snapshots)
        if snapshot.run_id in rebuilt
    )
    for sha256 in dict.fromkeys(digests):
        if sha256 and (facts := archive.later_facts(store, sha256)):
            yield facts
