"""Make the report of a month: read its snapshots, aggregate them, write the files."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pandas as pd

from etl.errors import EtlError, listed
from etl.extract.sources import SOURCES, Source
from etl.history import catalogue
from etl.history.history import History
from etl.load import snapshots as archived
from etl.load.archive_package import describe_archive
from etl.load.month import Month
from etl.load.snapshots import Snapshot
from etl.report.monthly import pages, shelf
from etl.report.monthly.figures import Figures, aggregate
from etl.report.monthly.last_rows import SNAPSHOTS_CSV, snapshots_csv, snapshots_table
from etl.report.monthly.parts import Archive, read_newest_facts, read_parts
from etl.store import Store, Upload
from etl.store.layout import LATEST_CSV, PAGE, REPORTS, report_key
from etl.transform.merge import attach
from etl.worker.scratch import scratch

LISTED = 10  # names of series in a note


class MonthlyReport(msgspec.Struct, frozen=True, rename={"series": "countries"}):
    """A report that was made. `until`: the last day it counts, None if it counts none; `series`:
    how many countries, regions or places it has, as `level` says."""

    month: str
    key: str
    snapshots: int
    series: int
    until: date | None
    notes: list[str]
    level: str = "countries"


def months_with_snapshots(store: Store, past: History) -> list[Month]:
    """List the months a report can be made of, oldest first. Raises EtlError if there are none."""
    imported = catalogue.read(store).imported
    known = archived.months(past, imported)
    months = [month for month in known if archived.snapshots(store, past, imported, month)]
    if not months:
        raise EtlError(
            f"{store.address} has no snapshots on record; make the first: python app.py run "
            "(or python app.py backfill, which lists again what raw/ holds)"
        )
    return months


def make_report(
    store: Store,
    past: History,
    month: Month,
    *,
    max_bytes: int,
    facts_url: str = "",
    advance: Callable[[object], None] = lambda snapshot: None,
) -> MonthlyReport:
    """Make and write one report; `advance` is called with each snapshot once it is read.

    `max_bytes`: the limit of an unpacked input. `facts_url`: where facts about countries come from
    if none are archived; empty: none. Raises EtlError if no snapshot can be read, and StoreError.
    """
    known = catalogue.read(store)
    snapshots = archived.snapshots(store, past, known.imported, month)
    if not snapshots:
        there = ", ".join(map(str, months_with_snapshots(store, past)))
        raise EtlError(f"there are no snapshots of {month}; these months have some: {there}")
    source = SOURCES[snapshots[-1].source]
    notes = [source.notice] if source.notice else []
    ours = [snapshot for snapshot in snapshots if snapshot.source == source.name]
    if left_out := len(snapshots) - len(ours):
        notes.append(f"Snapshots of another source, left out: {left_out}.")
    archive = Archive(store, past, known, facts_url, max_bytes)
    figures, listed_rows, faults = _figures(archive, ours, month, advance)
    notes += [*_said(figures), *faults]
    home = PAGE if store.head(PAGE) else LATEST_CSV
    shelf.put(store, _uploads(figures, listed_rows, source, notes, home))
    shelf.put(store, [Upload(shelf.INDEX, pages.index_page(list(store.list(REPORTS)), home))])
    describe_archive(store, source)
    return MonthlyReport(
        month=str(month),
        key=report_key(month),
        snapshots=len(figures.snapshots),
        series=len(figures.series),
        until=figures.until,
        notes=notes,
        level=figures.level,
    )


def _figures(
    archive: Archive,
    snapshots: Sequence[Snapshot],
    month: Month,
    advance: Callable[[object], None],
) -> tuple[Figures, pd.DataFrame, list[str]]:
    """Return the figures of the snapshots (all of one source), `snapshots_table`, and notes.

    There is a note on each damaged file.
    """
    with scratch() as folder:
        work = Path(folder)
        parts, entities, faults = read_parts(archive, snapshots, month, work, advance)
        facts, missing = read_newest_facts(archive, snapshots, work)
    by_country = SOURCES[snapshots[-1].source].level == "countries"
    faults += missing if by_country else []
    entities, _ = attach(entities, facts if by_country else None)  # none of a region's people
    return aggregate(parts, entities, month), snapshots_table(parts, facts), faults


def _said(figures: Figures) -> list[str]:
    """Return the notes that a reader must see before the figures."""
    last = figures.snapshots.iloc[-1]
    notes = []
    if figures.until is None:
        notes.append(
            f"The source has no day of {figures.month.name}: its data ends on {last['last_date']}. "
            "There is nothing to count; figures that are missing below are unknown, not 0."
        )
    elif figures.until < figures.month.last:
        notes.append(
            f"The month is not complete: the last snapshot, of {last['slot']}, ends on "
            f"{figures.until}. The previous month is counted up to the same day."
        )
    series = figures.series
    silent = (series["last_date"].notna() & series["new_cases"].isna()).sum()
    if silent:
        notes.append(
            f"{figures.level.capitalize()} that reported no cases in the month: {silent}. Their "
            "new cases are missing, and not 0."
        )
    if figures.gone:
        names = listed(figures.gone, LISTED)
        notes.append(f"In earlier snapshots, but not in the last one: {names}.")
    return notes


def _uploads(
    figures: Figures, listed_rows: pd.DataFrame, source: Source, notes: Sequence[str], home: str
) -> list[Upload]:
    """List the files in the order of writing: each page after what it loads."""
    from etl.report.monthly import charts  # Bokeh, only once the snapshots' memory is free again

    script = shelf.shared_script()
    documents = charts.documents(figures) if figures.until else {}
    name = script.key.rpartition("/")[2]
    content = pages.ReportContent(figures, source, notes, documents, name, home)
    return [
        script,
        Upload(report_key(figures.month, SNAPSHOTS_CSV), snapshots_csv(listed_rows)),
        Upload(report_key(figures.month, "final_report.csv"), pages.report_csv(figures)),
        Upload(report_key(figures.month, "final_chart.html"), pages.chart_page(content)),
        Upload(report_key(figures.month), pages.report_page(content)),
    ]
