"""One edition: what was fetched -> the files to publish and the manifest that describes them.

Reads, repairs, merges, checks and writes into a working folder; nothing here touches the store but
to read the published table for comparison.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from config import Settings
from etl import changes, checks, filters, levels, log, memory, outputs, publish, transform
from etl.changes import Changes
from etl.checks import Extent, Findings
from etl.context import Context
from etl.errors import DataRejected, StoreError
from etl.extract import Fetched
from etl.facts import read_facts
from etl.fingerprint import shaping
from etl.inputs import FACTS, STATISTICS, Facts, archive
from etl.manifest import Checks, Manifest, Previous, SourceNote, run_key
from etl.merge import attach
from etl.outputs import Filter
from etl.outputs.countries import file_names
from etl.outputs.table import PARQUET, read_table
from etl.outputs.values import Header
from etl.sources import Source
from etl.stores import Store, Upload


@dataclass(frozen=True)
class Edition:
    """Ready to be published: the manifest, its files, and the raw inputs to archive."""

    manifest: Manifest
    files: Sequence[Upload]
    raw: Sequence[Upload]


def make(run: Context, statistics: Sequence[Fetched], facts: Facts, work: Path) -> Edition:
    """Raises SourceChanged with every fault of the inputs, DataRejected with every refusal."""
    settings = run.settings
    table = run.source.read(*(document.path for document in statistics))
    rows, corrections = transform.repair(table.rows)
    known = read_facts(facts.fetched.path) if facts.fetched else None
    listed, unmatched = attach(table.entities, known)
    findings = _check(run, rows, listed, work)
    memory.give_back()
    held = checks.extent(rows)
    if facts.warning:
        findings.warnings.append(facts.warning)

    stale = transform.stale_keys(rows, settings.stale_after_days)
    chosen, nothing = filters.select(listed, settings.countries)
    findings.warnings.extend(f"COUNTRIES: nothing matches {name!r}" for name in nothing)
    selected = rows
    if len(chosen) < len(listed):
        selected = rows[rows[levels.key(rows)].isin(chosen[levels.key(rows)])]
    _refuse_empty(selected, settings)
    files = outputs.write_files(
        work / "files",
        _header(run.source, held),
        groups=(transform.tidy(g, listed, stale) for g in transform.groups(selected)),
        rows=selected,
        countries=chosen.assign(file=file_names(rows, chosen)),
        # the regions that a source lists are not the world
        world=transform.world(rows, stale) if run.source.level == "countries" else None,
        left_out=stale,
        only=Filter(settings.keep, settings.since),
    )
    into_run = publish.uploads(files, run.run_id)
    archived = [archive(document, STATISTICS, run.run_id) for document in statistics]
    if facts.fetched:
        archived.append(archive(facts.fetched, FACTS, run.run_id))
    manifest = Manifest(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.now,
        source=_note(run.source, held, rows),
        settings=shaping(settings),
        fingerprint=run.fingerprint,
        inputs=[entry for entry, _ in archived],
        files=publish.describe(files, into_run),
        checks=Checks(
            warnings=findings.warnings,
            forced=findings.refusals,
            corrections=asdict(corrections),
            stale_series=sorted(stale),
            unmatched=asdict(unmatched),
        ),
        previous=_previous(run),
    )
    return Edition(manifest, list(into_run.values()), [upload for _, upload in archived])


def _check(run: Context, rows: pd.DataFrame, listed: pd.DataFrame, work: Path) -> Findings:
    published = run.before if run.before and run.before.source.name == run.source.name else None
    findings = checks.check(
        rows,
        listed,
        now=run.now,
        stale_after_days=run.settings.stale_after_days,
        published=_extent(published.source) if published else None,
        changes=_changes(run.store, published, rows, work) if published else Changes(),
    )
    if rows.empty or (findings.refusals and not run.options.force):
        raise DataRejected(findings.refusals)
    return findings


def _extent(note: SourceNote) -> Extent:
    return Extent(note.rows, note.countries, note.first_date, note.last_date)


def _changes(store: Store, published: Manifest, rows: pd.DataFrame, work: Path) -> Changes:
    """Against the published table; a table that can't be read is said and passed over."""
    path = work / "published.parquet"
    columns = (levels.key(rows), "date", *transform.CUMULATIVE, *transform.NEW)
    try:
        if not store.download(run_key(published.run_id, PARQUET), path):
            raise StoreError(f"{run_key(published.run_id, PARQUET)} is not there")
        return changes.compare(rows, read_table(path, columns))
    except (StoreError, ValueError, OSError) as exc:
        log.warning("published.unreadable", error=exc)
        return Changes()


def _refuse_empty(selected: pd.DataFrame, settings: Settings) -> None:
    since = settings.since
    if selected.empty or (since and selected["date"].max().date() < since):
        raise DataRejected(
            "nothing is left of the table; check COUNTRIES "
            f"({','.join(settings.countries) or 'all'}) and SINCE ({since or 'all'})"
        )


def _header(source: Source, held: Extent) -> Header:
    return Header(
        source=source.title,
        attribution=source.attribution,
        licence=source.licence,
        last_date=str(held.last_date),
        notice=source.notice,
    )


def _note(source: Source, held: Extent, rows: pd.DataFrame) -> SourceNote:
    return SourceNote(
        name=source.name,
        title=source.title,
        attribution=source.attribution,
        licence=source.licence,
        notice=source.notice,
        lacks=[m for m in transform.MEASURES if m not in transform.measures(rows)],
        **asdict(held),
    )


def _previous(run: Context) -> Previous | None:
    if run.published is None:
        return None
    return Previous(run.published.manifest.run_id, run.published.sha256)
