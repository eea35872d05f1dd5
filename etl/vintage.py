"""How one figure was reported, run by run.

Of a run that is kept the country's own file is read; of one that was cleared away the archived
input, where that is still there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from etl import country_files, transform
from etl.country_files import Country
from etl.history import History
from etl.merge import attach
from etl.outputs.countries import file_names
from etl.outputs.values import records
from etl.report import archive
from etl.report.archive import Snapshot
from etl.report.month import Month
from etl.sources import SourceTable
from etl.stores import Store

CALLED_BY = ("country_key", "country", "iso2", "iso3")


@dataclass(frozen=True)
class Reported:
    """`value` is None where the run has no figure for that day; `kept_in` tells where it was
    read."""

    slot: date
    run_id: str
    country: str
    value: int | None
    kept_in: Literal["runs", "raw"]


@dataclass(frozen=True)
class Figure:
    """Which one: `country` by its name, its key or an ISO code, in any case."""

    country: str
    day: date
    measure: str


def vintage(
    store: Store, past: History, wanted: Figure, work: Path, max_bytes: int
) -> Iterator[Reported]:
    """Oldest first; runs of which nothing is left, or that lack the country, are passed over.

    Raises StoreError, SourceChanged or SourceUnavailable where an archived input is damaged.
    """

    @cache
    def archived(month: Month) -> dict[str, Snapshot]:
        return {found.run_id: found for found in archive.snapshots(store, past, month)}

    for record in past.records:
        if record.outcome != "published":
            continue
        listed = country_files.countries(store, record.run_id)
        if listed is not None:
            if country := _chosen(listed, wanted.country):
                value = country_files.figure(
                    store, record.run_id, country.file, wanted.measure, str(wanted.day)
                )
                yield Reported(record.slot, record.run_id, country.country, value, "runs")
        elif snapshot := archived(Month.of(record.slot)).get(record.run_id):
            table = archive.read(store, snapshot, work, max_bytes)
            if country := _chosen(_listed(table), wanted.country):
                value = _figure(table.rows, country.country_key, wanted)
                yield Reported(record.slot, record.run_id, country.country, value, "raw")


def _chosen(countries: list[Country], wanted: str) -> Country | None:
    """Of several of one code the one that has its file, of others the first."""
    name = wanted.casefold()
    fits = [
        country
        for country in countries
        if name in (str(getattr(country, field)).casefold() for field in CALLED_BY)
    ]
    return min(fits, key=lambda c: c.file != f"countries/{c.iso3}.json", default=None)


def _listed(table: SourceTable) -> list[Country]:
    """As the run's countries.json had them."""
    entities, _ = attach(table.entities, None)
    named = entities[list(CALLED_BY)].assign(file=file_names(table.rows, entities))
    return [Country(**row) for row in records(named)]


def _figure(rows: pd.DataFrame, key: str, wanted: Figure) -> int | None:
    """The figure as it is published: repaired."""
    repaired, _ = transform.repair(rows[rows["country_key"] == key])
    values = repaired.loc[repaired["date"] == np.datetime64(wanted.day, "s"), wanted.measure]
    return None if values.empty or pd.isna(values.iloc[0]) else int(values.iloc[0])
