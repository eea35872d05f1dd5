"""Make the report of a month: read its snapshots, one at a time, aggregate, write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from etl.errors import EtlError, SourceChanged, SourceUnavailable, listed
from etl.extract.facts import read_facts
from etl.extract.sources import SOURCES, Source
from etl.extract.sources.table import read_table
from etl.history import catalogue
from etl.history.catalogue import Archived, Catalogue
from etl.history.history import History
from etl.load import snapshots as archive
from etl.load.month import Month
from etl.load.snapshots import Snapshot
from etl.report.monthly import charts, pages, shelf
from etl.report.monthly.figures import Figures, Part, figures, reduced
from etl.store import Store, Upload
from etl.store.layout import REPORTS, report_key
from etl.transform.merge import attach

DAMAGED = (SourceChanged, SourceUnavailable)  # what reading an archived file may raise
LISTED = 10


@dataclass(frozen=True)
class Made:
    """A report that was made: `until` is the last day it counts, None where it has none;
    `countries` are regions or places where `level` says so."""

    month: str
    key: str
    snapshots: int
    countries: int
    until: date | None
    notes: list[str]
    level: str = "countries"


def months_there_are(store: Store, past: History) -> list[Month]:
    """The months that have snapshots, oldest first. Raises EtlError where there are none."""
    imported = catalogue.read(store).imported
    known = archive.months(past, imported)
    months = [month for month in known if archive.snapshots(store, past, imported, month)]
    if not months:
        raise EtlError(f"{store.address} has no snapshots yet; make the first: python app.py run")
    return months


def make(
    store: Store,
    past: History,
    month: Month,
    *,
    max_bytes: int,
    advance: Callable[[object], None] = lambda snapshot: None,
) -> Made:
    """Make and write one report; `advance` hears of each snapshot that was read.

    Raises EtlError where there is no snapshot that can be read, StoreError.
    """
    known = catalogue.read(store)
    found = archive.snapshots(store, past, known.imported, month)
    if not found:
        there = ", ".join(map(str, months_there_are(store, past)))
        raise EtlError(f"there are no snapshots of {month}; there are of: {there}")
    source = SOURCES[found[-1].source]
    ours = [snapshot for snapshot in found if snapshot.source == source.name]
    notes = [source.notice] if source.notice else []
    if left_out := len(found) - len(ours):
        notes.append(f"Snapshots of another source, left out: {left_out}.")
    with TemporaryDirectory(prefix="cloud-etl-") as folder:
        parts, entities, damaged = _read(store, ours, month, Path(folder), max_bytes, advance)
        facts, missed = None, list[str]()
        if source.level == "countries":  # nobody knows how many people live in a region
            facts, missed = _facts(store, known, ours, Path(folder), max_bytes)
    listed, _ = attach(entities, facts)
    made = figures(parts, listed, month)
    notes += [*_said(made), *damaged, *missed]
    uploads = _uploads(made, source, notes)
    shelf.put(store, uploads)
    shelf.put(store, [Upload(shelf.INDEX, pages.index_page(list(store.list(REPORTS))))])
    return Made(
        str(month), uploads[0].key, len(parts), len(made.countries), made.until, notes,
        made.level,
    )  # fmt: skip


def _read(
    store: Store, found: Sequence[Snapshot], month: Month, work: Path, max_bytes: int,
    advance: Callable[[object], None],
) -> tuple[list[Part], pd.DataFrame, list[str]]:  # fmt: skip
    """The snapshots, reduced; the countries of the last one; a line on each that is damaged."""
    parts, entities, damaged = [], pd.DataFrame(), []
    for snapshot in found:
        try:
            part, entities = _part(store, snapshot, month, work, max_bytes)
            parts.append(part)
        except DAMAGED as exc:
            damaged.append(f"Left out: the snapshot of {snapshot.slot} can't be read: {exc}.")
        advance(snapshot)
    if not parts:
        raise EtlError(f"no snapshot of {month} can be read: {' '.join(damaged)}")
    return parts, entities, damaged


def _part(
    store: Store, snapshot: Snapshot, month: Month, work: Path, max_bytes: int
) -> tuple[Part, pd.DataFrame]:
    # the whole snapshot ends here, before the next one is read
    documents = archive.bring_statistics(store, snapshot, work, max_bytes)
    table = read_table(SOURCES[snapshot.source], (document.path for document in documents))
    last = table.rows["date"].max().date()
    part = Part(snapshot.run_id, snapshot.slot, last, reduced(table.rows, month))
    return part, table.entities


def _facts(
    store: Store, known: Catalogue, found: Sequence[Snapshot], work: Path, max_bytes: int
) -> tuple[pd.DataFrame | None, list[str]]:
    """The newest facts that were archived with a snapshot, or that its run was made anew with,
    and can be read; else what to say."""
    for facts in _archived_facts(store, known, found):
        try:
            return read_facts(archive.bring(store, facts, work, max_bytes).path), []
        except DAMAGED:
            continue
    return None, ["No facts about countries are archived: there is no population, no incidence."]


def _archived_facts(
    store: Store, known: Catalogue, found: Sequence[Snapshot]
) -> Iterator[Archived]:
    yield from (snapshot.facts for snapshot in reversed(found) if snapshot.facts)
    rebuilt = known.newest()
    digests = (
        rebuilt[snapshot.run_id].facts_sha256
        for snapshot in reversed(found)
        if snapshot.run_id in rebuilt
    )
    for sha256 in dict.fromkeys(digests):
        if sha256 and (facts := archive.later_facts(store, sha256)):
            yield facts


def _said(made: Figures) -> list[str]:
    """What a reader must know before the figures."""
    last = made.snapshots.iloc[-1]
    notes = []
    if made.until is None:
        notes.append(
            f"The source has no day of {made.month.name}: its data end on {last['last_date']}. "
            "There is nothing to count; what is missing below is not known, and not 0."
        )
    elif made.until < made.month.last:
        notes.append(
            f"The month is not complete: the snapshot of {last['slot']}, the last one, ends on "
            f"{made.until}. The month before is counted up to the same day."
        )
    if made.gone:
        names = listed(made.gone, LISTED)
        notes.append(f"In earlier snapshots, but not in the last one: {names}.")
    return notes


def _uploads(made: Figures, source: Source, notes: Sequence[str]) -> list[Upload]:
    """final_report.html first; the script that the charts need before the page that names it."""
    script = shelf.shared_script(charts.SCRIPT.read_bytes())
    report = report_key(made.month)
    folder = report.removesuffix("final_report.html")
    drawn = pages.chart_page(made, source, notes, script.key.rpartition("/")[2])
    return [
        Upload(report, pages.report_page(made, source, notes)),
        Upload(f"{folder}final_report.csv", pages.report_csv(made)),
        script,
        Upload(f"{folder}final_chart.html", drawn),
    ]
