"""Fetched documents -> repaired rows, merged with the facts and filtered by country."""

from dataclasses import dataclass

import pandas as pd

from etl.errors import DataRejected
from etl.extract import levels
from etl.extract.facts import read_facts
from etl.extract.inputs import Inputs
from etl.extract.sources import Source
from etl.extract.sources.table import read_table
from etl.settings.groups import TableSettings
from etl.transform import filters
from etl.transform.merge import Unmatched, attach
from etl.transform.repair import Corrections, repair


@dataclass(frozen=True)
class Reading:
    """A source's table, repaired and merged, before anything is compared or written.

    `rows` has SourceTable's columns. `entities` has one row per series, as `merge.attach` returns
    it. `selected` are the entities that COUNTRIES names, `unknown_names` its names without a match.
    """

    rows: pd.DataFrame
    corrections: Corrections
    entities: pd.DataFrame
    unmatched: Unmatched
    selected: pd.DataFrame
    unknown_names: list[str]

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
    table = read_table(source, (document.path for document in inputs.statistics))
    rows, corrections = repair(table.rows)
    facts = inputs.facts.fetched
    entities, unmatched = attach(table.entities, read_facts(facts.path) if facts else None)
    selected, unknown = filters.select(entities, names)
    return Reading(rows, corrections, entities, unmatched, selected, unknown)


def refuse_empty(selected: pd.DataFrame, wanted: TableSettings) -> None:
    """Raise DataRejected if the filters leave no rows."""
    since = wanted.since
    if selected.empty or (since and selected["date"].max().date() < since):
        raise DataRejected(
            "nothing is left of the table; check COUNTRIES "
            f"({','.join(wanted.countries) or 'all'}) and SINCE ({since or 'all'})"
        )
