"""The tidy table -> the files that are published, written piece by piece into a folder.

Byte-identical for the same input: nothing here reads a clock, and gzip carries no time.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from etl.extract import levels
from etl.load.countries import CountryFiles, write_countries, write_latest
from etl.load.publish import File
from etl.load.stats import write_stats
from etl.load.table import TableFiles
from etl.load.values import Header, to_list, write_json
from etl.store.layout import STATS, WORLD
from etl.transform.filters import keep
from etl.transform.world import latest


@dataclass(frozen=True)
class Filter:
    """What is left of the table on its way out: KEEP and SINCE."""

    measures: str = "all"
    since: date | None = None


@dataclass(frozen=True)
class Tidy:
    """What is written. `groups`: tidy tables of whole countries by key; `rows`: the same countries
    repaired, for stats.json; `countries`: one row a country in the source's order, with its `file`;
    `world`: totals by day without the series in `left_out`, None for no world.json."""

    groups: Iterable[pd.DataFrame]
    rows: pd.DataFrame
    countries: pd.DataFrame
    world: pd.DataFrame | None
    left_out: Collection[str]


def write_files(folder: Path, header: Header, tidy: Tidy, only: Filter) -> list[File]:
    """Write every file into a new folder; what was written, in the order of the names."""
    folder.mkdir(parents=True)
    written: dict[str, int] = {}
    newest = []
    countries_files = CountryFiles(folder, header, tidy.countries)
    with TableFiles(folder) as table_files:
        for group in tidy.groups:
            newest.append(keep(latest(group), only.measures, only.since))
            group = keep(group, only.measures, only.since)
            table_files.add(group)
            written |= countries_files.add(group)
    # a series that ended before SINCE has no file to be listed with
    countries = tidy.countries[tidy.countries["file"].isin(written)]
    written |= table_files.rows
    written |= write_latest(folder, header, pd.concat(newest, ignore_index=True))
    written[f"{levels.level(countries)}.json"] = write_countries(folder, header, countries)
    if tidy.world is not None:
        world = keep(tidy.world, only.measures, only.since)
        written[WORLD] = write_world(folder / WORLD, header, world, tidy.left_out)
    written[STATS] = write_stats(folder / STATS, countries, tidy.rows, only.measures, only.since)
    return [File(name, folder / name, written[name]) for name in sorted(written)]


def write_world(path: Path, header: Header, world: pd.DataFrame, left_out: Iterable[str]) -> int:
    """world.json: totals of the last day, and the series column by column; the number of days."""
    series = {str(name): to_list(world[name]) for name in world.columns}
    totals = {name: values[-1] for name, values in series.items() if values}
    content = {"left_out": sorted(left_out), "totals": totals, "series": series}
    write_json(path, {**header.fields(), **content})
    return len(world)
