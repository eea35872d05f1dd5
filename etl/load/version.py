"""Make a version from its inputs: the files to publish and the manifest that describes them.

The inputs are read, repaired, merged and checked, and the files are written into a working folder.
From the store only the published table is read, for comparison. The page is added later.
"""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
from msgspec.structs import asdict, replace

from etl.errors import StoreError
from etl.extract.inputs import Facts, Inputs
from etl.history import outcomes
from etl.history.manifest import (
    FACTS,
    OWN,
    STATISTICS,
    Checks,
    Input,
    Manifest,
    PublishedFile,
    Restated,
    RestatedCountry,
)
from etl.history.record import standstill
from etl.history.run import Run
from etl.load import baseline, free_memory, provenance
from etl.load.baseline import Baseline
from etl.load.changes_file import write_changes
from etl.load.countries import file_names
from etl.load.files import Filter, Tidy, write_files
from etl.load.fingerprint import shaping
from etl.load.own import OwnColumns, table_notes
from etl.load.package import write_package
from etl.load.publish import File, Version, describe, uploads
from etl.load.raw import archive, described
from etl.load.schemas import write_schemas
from etl.load.values import full_names
from etl.store import Upload
from etl.transform import amounts, checks, derive, read, silence
from etl.transform.checks import Extent, Findings
from etl.transform.difference import Difference
from etl.transform.filters import ShownColumns
from etl.transform.read import Reading
from etl.transform.world import world

MOST_RESTATED = 5  # countries that `Restated.most` names


@dataclass(frozen=True)
class Checked:
    """A table that passed the checks; `held` is its extent before any filter.

    `stale` and `silent` are keys of series; `reported` is what `silence.last_reported` returns.
    """

    table: Reading
    held: Extent
    stale: set[str]
    reported: "pd.Series[pd.Timestamp] | None"
    silent: set[str]
    changes: Difference
    findings: Findings


def write_version(run: Run, inputs: Inputs, work: Path, before: Baseline | None = None) -> Version:
    """Write the files of a version, except its page, into the folder `work`/files.

    It is compared with `before`, by default the published version. Raises SourceChanged with every
    fault of the inputs, DataRejected with every refusal, and StoreError if `before` can't be read.
    """
    checked = check_inputs(run, inputs, before or baseline.published(run, work))
    return write_checked(run, checked, inputs, work)


def write_checked(run: Run, checked: Checked, inputs: Inputs, work: Path) -> Version:
    """Write the files of inputs that passed the checks. Raises StepFailed."""
    own = _own_columns(run, checked.table)
    files = _write(run, checked, inputs.facts, own, work / "files")
    checked.findings.warnings.extend(own.warnings(run.settings.alerts.rules))
    if own.step and run.options.dry_run and own.step.sample is not None:
        run.options.sample(own.step.sample.to_string(index=False))
    into_run = uploads(files, run.run_id)
    named, raw = _archived(run, inputs)
    manifest = _manifest(run, checked, named, describe(files, into_run))
    if inputs.tables or own.step:
        notes = table_notes(own.tables, [one.fetched.sha256 for one in inputs.tables])
        manifest = replace(manifest, own=replace(own.note(), tables=notes))
    return Version(manifest, list(into_run.values()), raw)


def check_inputs(run: Run, inputs: Inputs, before: Baseline | None) -> Checked:
    """Read, repair and check the inputs, compared with `before`. Raises what `write_version` does.

    Nothing is written.
    """
    settings = run.settings
    table = read.read_inputs(run.source, inputs, settings.table.countries)
    changes, uncompared = _compare(run, before, table)
    findings = checks.check(
        table,
        changes,
        published=before.held if before else None,
        now=run.now,
        stale_after_days=settings.table.stale_after_days,
        force=run.options.force,
    )
    findings.refusals.extend(uncompared)
    if inputs.facts.warning:
        findings.warnings.append(inputs.facts.warning)
    findings.warnings.extend(table.warnings)
    findings.warnings.extend(f"COUNTRIES: nothing matches {name!r}" for name in table.unknown_names)
    read.refuse_empty(table.selected_rows(), settings.table)
    after_days, last = settings.table.stale_after_days, table.rows["date"].max()
    stale = derive.stale_keys(table.rows, after_days)
    reported = silence.last_reported(table.rows)
    silent = silence.silent_keys(reported, last, stale, after_days)
    held = checks.extent(table.rows)
    return Checked(table, held, stale, reported, silent, changes, findings)


def _compare(run: Run, before: Baseline | None, table: Reading) -> tuple[Difference, list[str]]:
    """Compare the table with an earlier version. Raises StoreError.

    With --force, an earlier version that can't be read is returned as a refusal in words.
    """
    try:
        return baseline.against(before, table, run.settings.table.since), []
    except StoreError as exc:
        if not run.options.force:
            raise
        last_date = checks.extent(table.rows).last_date
        return Difference(last_date=last_date), [f"nothing was compared: {exc}"]


def _own_columns(run: Run, table: Reading) -> OwnColumns:
    """Load the user's step, if there is one. Raises StepFailed."""
    step = None
    if run.settings.table.own_step:
        from etl.transform.own_code import load_step
        from etl.transform.own_step import StepRun

        step = StepRun(load_step(run.settings.table.own_step), trial=run.options.dry_run)
    return OwnColumns(table.own, step)


def _write(run: Run, checked: Checked, facts: Facts, own: OwnColumns, folder: Path) -> list[File]:
    table, stale, settings = checked.table, checked.stale, run.settings
    rows = table.selected_rows()
    header = provenance.header(run.source, checked.held, settings.table)
    groups = derive.tidy_groups(rows, table.entities, stale)
    listed = table.selected.assign(file=file_names(table.rows, table.selected))
    if table.own:
        from etl.transform.own_columns import describe as describe_entities

        listed = describe_entities(listed, table.rows, table.own)
    tidy = Tidy(
        groups=own.groups(groups),
        rows=rows,
        countries=listed,
        world=world(table.rows, stale) if _covers_world(run) else None,
        left_out=stale,
        reported=checked.reported,
        silent=checked.silent,
        own=own,
    )
    only = Filter(settings.table.keep, settings.table.since, settings.table.outputs)
    free_memory.trim_heap()
    files = write_files(folder, header, tidy, only)
    files.append(write_changes(folder, header, checked.changes))
    shown = ShownColumns(settings.table.keep, own.fields(), own.dropped)
    names = [file.name for file in files]
    files += write_schemas(folder, names, run.source.level, shown)
    sources = provenance.sources(run, facts)
    return files + write_package(folder, files, header, sources, shown)


def _covers_world(run: Run) -> bool:
    """Whether there is a world.json, for readers or for the page; not of regions or places."""
    on = set(run.settings.table.outputs)
    return run.source.level == "countries" and bool({"world", "page"} & on)


def _manifest(
    run: Run, checked: Checked, inputs: list[Input], files: list[PublishedFile]
) -> Manifest:
    table, findings, changes = checked.table, checked.findings, checked.changes
    manifest = Manifest(
        run_id=run.run_id,
        slot=run.slot,
        started_at=run.now,
        source=provenance.note(run.source, checked.held, table.rows),
        settings=shaping(run.settings),
        fingerprint=run.fingerprint,
        inputs=inputs,
        files=files,
        checks=Checks(
            warnings=findings.warnings,
            forced=findings.refusals,
            corrections=asdict(table.corrections),
            stale_series=sorted(checked.stale),
            unmatched=asdict(table.unmatched),
            restated=_restated(changes, table.entities) if changes.cells_compared else None,
            silent_series=sorted(checked.silent),
        ),
        previous=provenance.previous(run),
        totals=amounts.totals(table.rows),
    )
    still = standstill([*run.past.records, outcomes.published(manifest)])
    return replace(manifest, standstill=still)


def _archived(run: Run, inputs: Inputs) -> tuple[list[Input], list[Upload]]:
    """Return the manifest's entries of the inputs, and uploads of those not archived yet."""
    named = [(document, STATISTICS) for document in inputs.statistics]
    named += [(inputs.facts.fetched, FACTS)] if inputs.facts.fetched else []
    named += [(one.fetched, f"{OWN}{one.spec.name}") for one in inputs.tables]
    entries, raw = [], []
    for document, name in named:
        if document.kept_as:
            entries.append(described(document, name, document.kept_as))
        else:
            entry, upload = archive(document, name, run.run_id)
            entries.append(entry)
            raw.append(upload)
    return entries, raw


def _restated(found: Difference, listed: pd.DataFrame) -> Restated:
    if not checks.restates_much(found):
        return Restated(found.cells_restated - found.cells_lost, found.cells_compared)
    names = full_names(listed)
    most = [
        RestatedCountry(key, names[key], cells)
        for key, cells in islice(found.restated_by_series.items(), MOST_RESTATED)
    ]
    return Restated(found.cells_restated - found.cells_lost, found.cells_compared, most)
