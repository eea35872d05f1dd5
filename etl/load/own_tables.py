"""Fetch the tables of TABLES; where one can't be used, its archived copy serves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from etl import log
from etl.errors import SourceChanged, SourceUnavailable, listed
from etl.extract.answer import NONE_GIVEN, Validators, shown
from etl.extract.fetch import Fetched, Limits, fetch, fetch_if_changed
from etl.extract.inputs import OwnInput, table_name
from etl.history.manifest import OWN, Input
from etl.history.own_note import TableNote
from etl.history.run import Run
from etl.load import free_memory
from etl.load.raw import kept_note, renamed, unpack
from etl.settings.groups import SourceSettings
from etl.settings.tables import TableSpec

MAX_TABLE_BYTES = 100 * 10**6
SHRUNK = 0.9  # of the rows that it had last time


class Brought(Struct, frozen=True):
    """One of TABLES, as far as it had to be fetched and read.

    `archived` is the copy of the published version, if that is what serves; `fetched` the file, if
    it was sent; `table` its content (OwnTable), if it differs from the copy.
    """

    spec: TableSpec
    sha256: str
    archived: Input | None = None
    fetched: Fetched | None = None
    table: Any = None
    warning: str | None = None


def bring_tables(run: Run, work: Path, fetched: list[Fetched]) -> list[Brought]:
    """Fetch the tables into the folder `work`, adding each file to `fetched`, and read new ones.

    A table that can't be used is kept aside, and the published version's copy serves, with a
    warning. Raises SourceUnavailable or SourceChanged if there is no copy.
    """
    brought = [_bring(run, spec, work, fetched) for spec in run.settings.table.own_tables]
    if brought:
        free_memory.trim_heap()
    return brought


def at_hand(run: Run, one: Brought, work: Path) -> OwnInput:
    """Return a table's file and content; its copy comes from the archive where it is still there.

    Raises SourceUnavailable, SourceChanged.
    """
    from etl.extract.tables.table import read_own_table

    document, path = one.fetched, work / table_name(one.spec)
    if document is None and one.archived:
        if unpack(run.store, one.archived, path):
            document = _copy(one.archived, path)
        elif one.warning:
            raise SourceUnavailable(f"{one.warning}; {one.archived.key} can't be read either")
    document = document or fetch(
        one.spec.url, path, limits(run.settings.source), sleep=run.options.sleep
    )
    table = one.table or read_own_table(document.path, one.spec)
    log.info(
        "table.read",
        table=one.spec.name,
        rows=table.rows,
        countries=len(table.numbers),
        unmatched=listed(table.unmatched, 10),
        columns=listed(list(table.columns), 20),
        sha256=document.sha256,
    )
    return OwnInput(one.spec, document, table, one.warning)


def _bring(run: Run, spec: TableSpec, work: Path, fetched: list[Fetched]) -> Brought:
    archived = run.before.input(f"{OWN}{spec.name}") if run.before else None
    known = NONE_GIVEN
    if archived and archived.url == shown(spec.url):
        known = Validators(archived.etag, archived.last_modified)
    path = work / table_name(spec)
    try:
        document = fetch_if_changed(
            spec.url, path, limits(run.settings.source), known, sleep=run.options.sleep
        )
    except (SourceUnavailable, SourceChanged) as exc:
        return _from_archive(spec, archived, exc)
    if archived and (document is None or document.sha256 == archived.sha256):
        return Brought(spec, archived.sha256, archived, document)
    assert document is not None  # noqa: S101  without a copy nothing is known of it
    try:
        table = _read(run, spec, document)
    except SourceChanged as exc:
        bad = renamed(document)
        if archived is None:
            fetched.append(bad)  # which is kept with the failure
            raise
        return _from_archive(spec, archived, exc, kept_note(run, bad))
    fetched.append(document)
    return Brought(spec, document.sha256, fetched=document, table=table)


def _read(run: Run, spec: TableSpec, document: Fetched) -> Any:
    """Read a table, and compare it with the published version's. Raises SourceChanged."""
    from etl.extract.sources.csv_files import refuse_cut
    from etl.extract.tables.table import read_own_table

    if not document.announced and document.path.suffix == ".csv":
        refuse_cut(document.path, shown(document.url))
    table = read_own_table(document.path, spec)
    notes = run.before.own_note.tables if run.before else []
    before = next((note for note in notes if note.name == spec.name), None)
    faults = list(_lost(spec, table, before)) if before and not run.options.force else []
    if faults:
        raise SourceChanged(faults)
    return table


def _lost(spec: TableSpec, table: Any, before: TableNote) -> Iterator[str]:
    hint = "if that is right: python app.py run --force"
    if table.rows < SHRUNK * before.rows:
        yield f"table {spec.name}: only {table.rows:,} rows, {before.rows:,} last time; {hint}"
    published = {*table.columns, *(f"{spec.name}_{name}" for name in table.columns)}
    if gone := [name for name in before.columns if name not in published]:
        yield f"table {spec.name}: columns gone: {listed(gone, 10)}; {hint}"


def _from_archive(
    spec: TableSpec, archived: Input | None, exc: Exception, kept: str = ""
) -> Brought:
    if archived is None:
        raise exc
    log.warning("table.unusable", table=spec.name, error=f"{exc}{kept}")
    warning = f"table {spec.name} from the archive ({archived.key}): {exc}{kept}"
    return Brought(spec, archived.sha256, archived, warning=warning)


def _copy(archived: Input, path: Path) -> Fetched:
    validators = Validators(archived.etag, archived.last_modified)
    return Fetched(path, archived.url, archived.bytes, archived.sha256, validators)


def limits(source: SourceSettings) -> Limits:
    """Return the limits of a table's download."""
    if source.max_bytes <= MAX_TABLE_BYTES:
        return Limits(source.max_bytes, source.timeout_s)
    return Limits(MAX_TABLE_BYTES, source.timeout_s, "a table may be")
