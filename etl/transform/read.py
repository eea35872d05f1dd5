"""What was fetched -> repaired rows, merged with the facts; nothing is compared or written yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from etl.errors import DataRejected
from etl.extract import levels
from etl.extract.facts import read_facts
from etl.extract.fetch import Fetched
from etl.extract.inputs import Facts
from etl.extract.sources import SOURCES
from etl.extract.sources.table import read_table
from etl.settings.groups import Settings
from etl.transform import filters
from etl.transform.merge import Unmatched, attach
from etl.transform.repair import Corrections, repair


@dataclass(frozen=True)
class Reading:
    """`rows` as SourceTable's, repaired; `listed` as `merge.attach` makes it, `chosen` those of it
    that COUNTRIES names, `nothing` what it names in vain."""

    rows: pd.DataFrame
    corrections: Corrections
    listed: pd.DataFrame
    unmatched: Unmatched
    chosen: pd.DataFrame
    nothing: list[str]

    def selected(self) -> pd.DataFrame:
        """The rows that COUNTRIES names."""
        if len(self.chosen) == len(self.listed):
            return self.rows
        key = levels.key(self.rows)
        return self.rows[self.rows[key].isin(self.chosen[key])]


def read(settings: Settings, statistics: Sequence[Fetched], facts: Facts) -> Reading:
    """Raises SourceChanged with every fault of the inputs."""
    table = read_table(
        SOURCES[settings.source.data_set], (document.path for document in statistics)
    )
    rows, corrections = repair(table.rows)
    known = read_facts(facts.fetched.path) if facts.fetched else None
    listed, unmatched = attach(table.entities, known)
    chosen, nothing = filters.select(listed, settings.table.countries)
    return Reading(rows, corrections, listed, unmatched, chosen, nothing)


def refuse_empty(selected: pd.DataFrame, settings: Settings) -> None:
    """Raises DataRejected where the filters leave nothing."""
    since = settings.table.since
    if selected.empty or (since and selected["date"].max().date() < since):
        raise DataRejected(
            "nothing is left of the table; check COUNTRIES "
            f"({','.join(settings.table.countries) or 'all'}) and SINCE ({since or 'all'})"
        )
