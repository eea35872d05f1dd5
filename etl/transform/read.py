"""Fetched documents -> repaired rows, merged with the facts and filtered by country."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pandas as pd
from msgspec import Struct, field
from msgspec.structs import replace

from etl.errors import DataRejected, SourceChanged
from etl.extract import levels
from etl.extract.answer import shown
from etl.extract.facts import read_facts
from etl.extract.fetch import Fetched
from etl.extract.inputs import Facts, Inputs, OwnInput
from etl.extract.sources import Source
from etl.extract.sources.csv_files import refuse_cut
from etl.extract.sources.recognise import misfit
from etl.extract.sources.table import read_table
from etl.settings.groups import TableSettings
from etl.transform import filters
from etl.transform.merge import Unmatched, attach
from etl.transform.repair import Corrections, repair


class Reading(Struct, frozen=True):
    """A source's table, repaired and merged, before anything is compared or written.

    `rows` has SourceTable's columns. `entities` has one row per series, as `merge.attach` returns
    it. `selected` are the entities that COUNTRIES names, `unknown_names` its names without a match.
    `warnings` say what was put right while reading. `own` has the tables to join, as
    `own_columns.prepare` returns them.
    """

    rows: pd.DataFrame
    corrections: Corrections
    entities: pd.DataFrame
    unmatched: Unmatched
    selected: pd.DataFrame
    unknown_names: list[str]
    warnings: list[str] = field(default_factory=list)
    own: list[Any] = field(default_factory=list)

    def selected_rows(self) -> pd.DataFrame:
        """Return the rows of the series that COUNTRIES names."""
        if len(self.selected) == len(self.entities):
            return self.rows
        key = levels.key(self.rows)
        return self.rows[self.rows[key].isin(self.selected[key])]


def read_inputs(source: Source, inputs: Inputs, names: tuple[str, ...]) -> Reading:
    """Read, repair and merge a source's documents, and select the series listed in `names`.

    Raises SourceChanged with every fault of the inputs.
    """
    documents = inputs.statistics
    for document in documents:
        if not document.announced and document.path.suffix == ".csv":
            refuse_cut(document.path, shown(document.url))
    urls = [shown(document.url) for document in documents]
    try:
        table = read_table(source, (document.path for document in documents), urls)
    except SourceChanged as exc:
        if fault := _misfits(source, documents):
            raise fault from exc
        raise
    rows, corrections = repair(table.rows)
    mended = table.mended
    corrections = replace(
        corrections,
        negative_missing=len(mended.negative),
        names_replaced=mended.names_replaced,
        rows_nameless=mended.rows_nameless,
    )
    entities, unmatched = attach(table.entities, _facts(inputs.facts))
    selected, unknown = filters.select(entities, names)
    reading = Reading(rows, corrections, entities, unmatched, selected, unknown)
    own, warnings = _own(inputs.tables, reading)
    return replace(reading, warnings=[*mended.warnings(), *warnings], own=own)


def _misfits(source: Source, documents: Sequence[Fetched]) -> SourceChanged | None:
    """Return what to set if documents are those of another source or level, which is one fault."""
    faults = []
    for document in documents:
        with suppress(SourceChanged):
            why = misfit(document.path, source)
            if why and ": set " in why:
                faults.append(f"{shown(document.url)}: {why}")
    return SourceChanged(faults) if faults else None


def _own(tables: Sequence[OwnInput], reading: Reading) -> tuple[list[Any], list[str]]:
    """Read the tables that are not read yet, and prepare all for the join."""
    if not tables:
        return [], []
    from etl.extract.tables.table import read_own_table
    from etl.transform.own_columns import prepare

    read = [one.table or read_own_table(one.fetched.path, one.spec) for one in tables]
    warnings = [one.warning for one in tables if one.warning]
    warnings += [warning for table in read for warning in table.warnings]
    return prepare(read, reading.entities, reading.rows), warnings


def _facts(facts: Facts) -> pd.DataFrame | None:
    if facts.table is not None or facts.fetched is None:
        return facts.table
    return read_facts(facts.fetched.path)


def refuse_empty(selected: pd.DataFrame, wanted: TableSettings) -> None:
    """Raise DataRejected if the filters leave no rows."""
    since = wanted.since
    if selected.empty or (since and selected["date"].max().date() < since):
        raise DataRejected(
            "nothing is left of the table; check COUNTRIES "
            f"({','.join(wanted.countries) or 'all'}) and SINCE ({since or 'all'})",
            may_be_forced=False,
        )
