"""Read the inputs of a report: a month's snapshots, one at a time, and the facts about countries.

A damaged file never fails the report: it is left out, with a note for the reader.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from etl.errors import EtlError, SourceChanged, SourceUnavailable
from etl.extract.facts import read_facts
from etl.extract.sources import SOURCES
from etl.extract.sources.table import read_table
from etl.history.catalogue import Archived, Catalogue
from etl.history.history import History
from etl.load import snapshots as archived
from etl.load.later_facts import fetch_later_facts
from etl.load.month import Month
from etl.load.snapshots import Snapshot
from etl.report.monthly.figures import Part, reduced
from etl.report.monthly.last_rows import last_rows
from etl.store import Store
from etl.store.keys import is_valid
from etl.store.layout import raw_key

DAMAGED = (SourceChanged, SourceUnavailable)  # what reading an archived file may raise
NO_FACTS = "There are no facts about countries, so there is no population and no incidence."
MOST_RUNS = 5  # how many earlier runs are looked at for their facts


@dataclass(frozen=True)
class Archive:
    """Where a report's inputs are. `facts_url`: where facts come from if none are archived.

    `max_bytes`: the limit of an unpacked input.
    """

    store: Store
    past: History
    known: Catalogue
    facts_url: str
    max_bytes: int


def read_parts(
    archive: Archive,
    snapshots: Sequence[Snapshot],
    month: Month,
    work: Path,
    advance: Callable[[object], None],
) -> tuple[list[Part], pd.DataFrame, list[str]]:
    """Return the reduced snapshots, the entities of the last one, a note on each damaged one.

    `advance` is called with each snapshot once it is read. Raises EtlError if none can be read.
    """
    parts, entities, damaged = [], pd.DataFrame(), []
    for snapshot in snapshots:
        try:
            part, entities = _read_part(archive, snapshot, month, work)
            parts.append(part)
        except DAMAGED as exc:
            damaged.append(f"Left out: the snapshot of {snapshot.slot} can't be read: {exc}.")
        advance(snapshot)
    if not parts:
        raise EtlError(f"no snapshot of {month} can be read: {' '.join(damaged)}")
    return parts, entities, damaged


def _read_part(
    archive: Archive, snapshot: Snapshot, month: Month, work: Path
) -> tuple[Part, pd.DataFrame]:
    # a function of its own, so that the whole snapshot is freed before the next one is read
    documents = archived.bring_statistics(archive.store, snapshot, work, archive.max_bytes)
    table = read_table(SOURCES[snapshot.source], (document.path for document in documents))
    if table.rows.empty:
        raise SourceChanged("it has no rows")
    last = table.rows["date"].max().date()
    part = Part(snapshot.run_id, snapshot.slot, last, reduced(table.rows, month), last_rows(table))
    return part, table.entities


def read_newest_facts(
    archive: Archive, snapshots: Sequence[Snapshot], work: Path
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read the newest undamaged facts of the snapshots, or of the archive, or fetch today's.

    Return None and a note if there are none at all.
    """
    why = ""
    try:
        for facts in _archived_facts(archive, snapshots):
            try:
                path = archived.bring(archive.store, facts, work, archive.max_bytes).path
                return read_facts(path), []
            except DAMAGED:
                continue
    except SourceUnavailable as exc:
        why = f" They can't be fetched: {exc}."
    return None, [f"{NO_FACTS}{why}"]


def _archived_facts(archive: Archive, snapshots: Sequence[Snapshot]) -> Iterator[Archived]:
    """Yield the snapshots' facts, newest first; those a backfill used; others; today's, fetched.

    Only the snapshots' own are yielded if COUNTRIES_URL is empty. Raises SourceUnavailable.
    """
    store, rebuilt = archive.store, archive.known.newest()
    yield from (snapshot.facts for snapshot in reversed(snapshots) if snapshot.facts)
    digests = (
        rebuilt[snapshot.run_id].facts_sha256
        for snapshot in reversed(snapshots)
        if snapshot.run_id in rebuilt
    )
    for sha256 in dict.fromkeys(digests):
        if sha256 and (facts := archived.later_facts(store, sha256)):
            yield facts
    if not archive.facts_url:
        return
    with_facts = (run for run in archived.recorded_snapshots(archive.past, ()) if run.facts)
    for run in islice(reversed(list(with_facts)), MOST_RUNS):
        keys = [entry.key for entry in store.list(raw_key(run.run_id, ""))]
        found = archived.in_folder(run, keys)
        if found and found.facts:
            yield found.facts
    for entry in store.list(raw_key(archived.LATER_FACTS, "")):
        if is_valid(entry.key):
            yield Archived(entry.key, None)
    yield fetch_later_facts(store, archive.facts_url)
