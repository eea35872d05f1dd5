"""Write the tidy table to the files to publish, a group of countries at a time.

The same input gives the same bytes: nothing here reads a clock, and the gzip has no time in it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
from msgspec import Struct

from etl.extract import levels
from etl.load import free_memory
from etl.load.countries import CountryFiles, write_countries, write_latest
from etl.load.country_tables import CountryTables
from etl.load.own import OwnColumns
from etl.load.publish import File
from etl.load.stats import write_stats
from etl.load.table import TableFiles
from etl.load.values import Cells, Header, to_list, write_json
from etl.settings.groups import ALL
from etl.store.layout import STATS, WORLD, list_key
from etl.store.places import is_switched_on
from etl.transform.filters import keep
from etl.transform.world import latest


class Filter(Struct, frozen=True):
    """Which measures, days and files are written, as KEEP, SINCE and OUTPUTS choose."""

    measures: str = "all"
    since: date | None = None
    outputs: Collection[str] = ALL


@dataclass(frozen=True)
class Tidy:
    """The tables to write.

    `groups` are tidy tables of whole countries, sorted by key. `rows` are the repaired rows of the
    same countries, for stats.json. `countries` has one row per country in the source's order, with
    its `file`. `world` has totals by day without the series in `left_out`; None for no world.json.
    `reported` and `silent` are as in `latest`. The groups have the columns of `own` too.
    """

    groups: Iterable[pd.DataFrame]
    rows: pd.DataFrame
    countries: pd.DataFrame
    world: pd.DataFrame | None
    left_out: Collection[str]
    reported: "pd.Series[pd.Timestamp] | None" = None
    silent: Collection[str] = ()
    own: OwnColumns = field(default_factory=OwnColumns)


def write_files(folder: Path, header: Header, tidy: Tidy, only: Filter) -> list[File]:
    """Write the files into a new folder. Return those to publish, sorted by name."""
    folder.mkdir(parents=True)
    written: dict[str, int] = {}
    key, on = levels.key(tidy.countries), only.outputs
    newest = []
    country_files = CountryFiles(folder, header, tidy.countries) if "countries" in on else None
    tables = CountryTables(folder, tidy.countries) if "countries-csv" in on else None
    with TableFiles(folder, header.of_table(), tidy.own, csv="csv" in on) as table_files:
        for group in tidy.groups:
            last = keep(latest(group, tidy.reported, tidy.silent), only.measures, only.since)
            newest.append(tidy.own.without_dropped(last))
            group = keep(group, only.measures, only.since)
            tidy.own.count(group)
            cells = Cells(group)
            table_files.add(shown_group := tidy.own.without_dropped(group), cells)
            written |= tables.add(shown_group) if tables else {}
            if country_files:
                written |= country_files.add(group, cells, tidy.own.dropped)
            del cells, group, shown_group  # before the next ones are made
    free_memory.trim_heap()  # or the files below would add to what the groups have left
    last_rows = pd.concat(newest, ignore_index=True)
    # a series that ended before SINCE is not listed
    countries = tidy.countries[tidy.countries[key].isin(last_rows[key])]
    written |= table_files.rows
    written |= write_latest(folder, header, last_rows, on)
    if country_files:
        written[list_key(levels.level(countries))] = write_countries(
            folder, header, tidy.own.without_dropped(countries)
        )
    if tidy.world is not None:
        world = keep(tidy.world, only.measures, only.since)
        written[WORLD] = write_world(folder / WORLD, header, world, tidy.left_out, len(tidy.silent))
    if "stats" in on:
        free_memory.trim_heap()
        rows = write_stats(folder / STATS, countries, tidy.rows, only.measures, only.since)
        written[STATS] = rows
    free_memory.trim_heap()
    published = sorted(name for name in written if is_switched_on(name, on))
    return [File(name, folder / name, written[name]) for name in published]


def write_world(
    path: Path, header: Header, world: pd.DataFrame, left_out: Iterable[str], silent: int = 0
) -> int:
    """Write world.json: the totals of the last day, and the series column by column.

    `silent` is the number of series that are counted, but report nothing any more. Return the
    number of days.
    """
    series = {str(name): to_list(world[name]) for name in world.columns}
    totals = {name: values[-1] for name, values in series.items() if values}
    content = {"left_out": sorted(left_out), "silent": silent, "totals": totals, "series": series}
    write_json(path, {**header.fields(), **content})
    return len(world)
