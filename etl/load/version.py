"""One edition: what was fetched -> the files to publish and the manifest that describes them.

Reads, repairs, merges, checks and writes into a working folder; nothing here touches the store but
to read the published table for comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

import pandas as pd
from msgspec.structs import replace

from etl import log
from etl.errors import DataRejected
from etl.extract import levels
from etl.extract.fetch import Fetched
from etl.extract.inputs import Facts
from etl.history import outcomes
from etl.history import status as statuses
from etl.history.history import History
from etl.history.manifest import (
    FACTS,
    PAGE,
    STATISTICS,
    Checks,
    Input,
    Manifest,
    Restated,
    RestatedCountry,
    of_page,
    page_in,
)
from etl.history.record import standstill
from etl.history.run import Run
from etl.inbox import FORM
from etl.load import baseline, free_memory, provenance, publish
from etl.load import files as outputs
from etl.load.baseline import Baseline, Compared
from etl.load.changes_file import Difference, difference, write_changes
from etl.load.countries import file_names
from etl.load.files import Filter
from etl.load.fingerprint import shaping
from etl.load.package import write_package
from etl.load.raw import archive, described
from etl.load.values import full_names
from etl.report import translations
from etl.store import Upload
from etl.transform import checks, derive, read
from etl.transform.changes import Changes
from etl.transform.checks import Extent, Findings
from etl.transform.world import world

MOST_RESTATED = 5  # countries that are named


@dataclass(frozen=True)
class Edition:
    """Ready to be published: the manifest, its files, and the raw inputs to archive.

    `missing`: the pages that could not be made, and why.
    """

    manifest: Manifest
    files: Sequence[Upload]
    raw: Sequence[Upload]
    missing: Mapping[str, str] = field(default_factory=dict)

    def says_the_same_as(self, before: Manifest) -> bool:
        """A page that could not be made is no reason to take away the one that is there."""
        return self.manifest.digests() == {
            name: digest for name, digest in before.digests().items() if not self._misses(name)
        }

    def _misses(self, name: str) -> bool:
        return name in self.missing or (PAGE in self.missing and of_page(name))


def make(
    run: Run,
    statistics: Sequence[Fetched],
    facts: Facts,
    work: Path,
    before: Baseline | None = None,
) -> Edition:
    """`before` takes the place of what is published.

    Raises SourceChanged with every fault of the inputs, DataRejected with every refusal.
    """
    settings = run.settings
    before = before or _published(run, work)
    found = read.read(settings, statistics, facts)
    rows, listed, chosen = found.rows, found.listed, found.chosen
    compared = _compared(before, rows, chosen, settings.table.since)
    since_published = compared.changes if compared else Changes()
    findings = _check(run, rows, listed, before, since_published)
    free_memory.give_back()
    held = checks.extent(rows)
    if facts.warning:
        findings.warnings.append(facts.warning)

    stale = derive.stale_keys(rows, settings.table.stale_after_days)
    findings.warnings.extend(f"COUNTRIES: nothing matches {name!r}" for name in found.nothing)
    selected = found.selected()
    read.refuse_empty(selected, settings)
    header = provenance.header(run.source, held)
    files = outputs.write_files(
        work / "files",
        header,
        groups=(derive.tidy(g, listed, stale) for g in derive.groups(selected)),
        rows=selected,
        countries=chosen.assign(file=file_names(rows, chosen)),
        # the regions that a source lists are not the world
        world=world(rows, stale) if run.source.level == "countries" else None,
        left_out=stale,
        only=Filter(settings.table.keep, settings.table.since),
    )
    told = _difference(before, compared, listed, held)
    files.append(write_changes(work / "files", header, told))
    named, licence_id = provenance.sources(run, facts), run.source.licence_id
    files.append(
        write_package(
            work / "files", files, header, named, licence_id, settings.table.keep, run.source.level
        )
    )
    into_run = publish.uploads(files, run.run_id)
    inputs, raw = _inputs(run, statistics, facts)
    manifest = Manifest(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.now,
        source=provenance.note(run.source, held, rows),
        settings=shaping(settings),
        fingerprint=run.fingerprint,
        inputs=inputs,
        files=publish.describe(files, into_run),
        checks=Checks(
            warnings=findings.warnings,
            forced=findings.refusals,
            corrections=asdict(found.corrections),
            stale_series=sorted(stale),
            unmatched=asdict(found.unmatched),
            restated=_restated(since_published, listed) if since_published.compared else None,
        ),
        previous=provenance.previous(run),
    )
    still = standstill([*run.past.records, outcomes.published(manifest)])
    manifest = replace(manifest, standstill=still)
    manifest, page, missing = _with_page(run, manifest, work / "files")
    uploads = [*into_run.values(), *page]
    return Edition(manifest, uploads, raw, missing)


def _with_page(
    run: Run, manifest: Manifest, folder: Path
) -> tuple[Manifest, Sequence[Upload], Mapping[str, str]]:
    """Add the page of what `manifest` lists. The data comes first: a page that fails is left out,
    and said; so is one that could not be translated."""
    wanted = run.settings.alerts.translate_to
    try:
        from etl.report.page import page

        past = History([*run.past.records, outcomes.published(manifest)])
        status = statuses.status(past, run.now, run.settings.table.stale_after_days)
        keep = not run.options.dry_run
        translate = partial(translations.translated, run.store, wanted, keep=keep)
        files = page.make(folder, manifest, status, wanted, translate, FORM * run.settings.inbox.on)
    except Exception as exc:
        log.error("page.failed", exc=exc, kind=type(exc).__name__, error=exc)
        files = []
        missing = {PAGE: f"the page could not be made ({type(exc).__name__})"}
    else:
        made = {file.name for file in files}
        missing = {
            page_in(language): f"the page could not be translated to {language}"
            for language in wanted
            if page_in(language) not in made
        }
    into_run = publish.uploads(files, run.run_id)
    listed = [*manifest.files, *publish.describe(files, into_run)]
    checks = replace(manifest.checks, warnings=[*manifest.checks.warnings, *missing.values()])
    return replace(manifest, files=listed, checks=checks), list(into_run.values()), missing


def _inputs(
    run: Run, statistics: Sequence[Fetched], facts: Facts
) -> tuple[list[Input], list[Upload]]:
    """What the manifest says of them, and those that are still to be archived."""
    named = [(document, STATISTICS) for document in statistics]
    named += [(facts.fetched, FACTS)] if facts.fetched else []
    entries, raw = [], []
    for document, name in named:
        if document.kept_as:
            entries.append(described(document, name, document.kept_as))
        else:
            entry, upload = archive(document, name, run.run_id)
            entries.append(entry)
            raw.append(upload)
    return entries, raw


def _check(
    run: Run,
    rows: pd.DataFrame,
    listed: pd.DataFrame,
    before: Baseline | None,
    since_published: Changes,
) -> Findings:
    findings = checks.check(
        rows,
        listed,
        now=run.now,
        stale_after_days=run.settings.table.stale_after_days,
        published=before.held if before else None,
        changes=since_published,
    )
    if rows.empty or (findings.refusals and not run.options.force):
        raise DataRejected(findings.refusals)
    return findings


def _published(run: Run, work: Path) -> Baseline | None:
    """What readers have of this source."""
    if run.before is None or run.before.source.name != run.source.name:
        return None
    return baseline.of_run(run.store, run.before, work)


def _restated(found: Changes, listed: pd.DataFrame) -> Restated:
    if found.restated_share <= checks.RESTATED:
        return Restated(found.restated, found.compared)
    names = full_names(listed)
    most = [
        RestatedCountry(key, names[key], cells)
        for key, cells in islice(found.by_country.items(), MOST_RESTATED)
    ]
    return Restated(found.restated, found.compared, most)


def _compared(
    before: Baseline | None, rows: pd.DataFrame, chosen: pd.DataFrame, since: date | None
) -> Compared | None:
    if before is None:
        return None
    key = levels.key(rows)
    shown = rows[key].isin(chosen[key]).to_numpy()
    if since:
        shown = shown & (rows["date"] >= pd.Timestamp(since)).to_numpy()
    return baseline.against(before, rows, shown)


def _difference(
    before: Baseline | None, compared: Compared | None, listed: pd.DataFrame, held: Extent
) -> Difference:
    if before is None or compared is None or before.held.last_date is None:
        return Difference(compared_with=None, last_date=held.last_date)
    return difference(
        compared.changes, {**compared.names, **full_names(listed)}, before.run_id,
        before.held.last_date, held.last_date,
    )  # fmt: skip
