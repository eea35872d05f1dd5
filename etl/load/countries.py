"""countries.json, countries/*.json, latest.json and latest.csv.

For a source of regions or places, the first two are regions.json and regions/*.json, or
places.json and places/*.json.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.extract import levels
from etl.extract.sources.table import day_numbers
from etl.load.table import to_csv_table
from etl.load.values import Cells, Header, joined, json_records, spans, write_json
from etl.store.layout import LATEST_CSV, LATEST_JSON, LATEST_XLSX, list_key, series_key

# Windows opens a device in place of a file with such a name, whatever its ending
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}


class CountryFiles:
    """Writes countries/ESP.json and so on: one country's series, column by column.

    `countries` has keys and names, `iso2`, `iso3`, the facts, columns of tables by country, and
    `file`, the file's name.
    """

    def __init__(self, folder: Path, header: Header, countries: pd.DataFrame) -> None:
        self._folder = folder
        self._header = header.fields()
        level, key = levels.level(countries), levels.key(countries)
        self._names = levels.names(level)
        self._about = {row[key]: row for row in json_records(countries)}
        self._once = {*self._names, "iso3", "stale", *countries.columns}
        (folder / level).mkdir(exist_ok=True)

    def add(
        self, group: pd.DataFrame, cells: Cells, dropped: Collection[str] = ()
    ) -> dict[str, int]:
        """Write the countries of a tidy table, without the columns that the user's step dropped.

        `cells` are the table's. Return the number of rows by file name.
        """
        places = list(spans(group))
        lengths = [end - begin for _, begin, end in places]
        shown = [str(name) for name in group.columns if name not in dropped]
        columns = [name for name in shown if name not in self._once]
        series = zip(*(joined(cells.json(c), lengths) for c in columns), strict=True)
        stale = group["stale"].to_numpy()
        written = {}
        for (key, begin, end), values in zip(places, series, strict=True):
            facts = dict(self._about[key])
            name = facts.pop("file")
            head = {**self._header, **facts, "stale": bool(stale[begin])}
            head = {name: value for name, value in head.items() if name not in dropped}
            with (self._folder / name).open("wb") as file:
                file.write(msgspec.json.encode(head).removesuffix(b"}"))
                for column, listed in zip(columns, values, strict=True):
                    file.writelines([f',"{column}":['.encode(), listed, b"]"])
                file.write(b"}\n")
            written[name] = end - begin
        return written


def file_names(rows: pd.DataFrame, countries: pd.DataFrame) -> list[str]:
    """Return the file name of each country: `countries/ESP.json`, or its key if it has no ISO code.

    If several series share a code (Congo and Congo (Brazzaville)), the one with the latest date
    gets it, and the others are named by key. Regions and places are always named by key:
    `regions/KEY.json`. `_` follows a key that Windows reserves, or that differs from the code of
    another file only in case, so that no disk takes two files for one; no key has a `_` itself.
    """
    level = levels.level(countries)
    if level != "countries":
        return [series_key(level, _stem(key, ())) for key in countries[levels.key(countries)]]
    pairs = list(zip(countries["country_key"], countries["iso3"], strict=True))
    sharing: dict[str, list[str]] = {}
    for key, iso3 in pairs:
        if not pd.isna(iso3):
            sharing.setdefault(iso3, []).append(key)
    owner = {iso3: _foremost(keys, rows) for iso3, keys in sharing.items()}
    return [
        series_key(level, iso3 if owner.get(iso3) == key else _stem(key, owner))
        for key, iso3 in pairs
    ]


def _foremost(keys: Sequence[str], rows: pd.DataFrame) -> str:
    """Return the series with the latest date; of several, the one with most rows."""
    if len(keys) == 1:
        return keys[0]
    days = {key: day_numbers(rows[(rows["country_key"] == key).to_numpy()]) for key in keys}
    return min(keys, key=lambda key: (-days[key].max(initial=0), -len(days[key]), key))


def _stem(key: str, codes: Collection[str]) -> str:
    return f"{key}_" if key in RESERVED or key.upper() in codes else key


def write_countries(folder: Path, header: Header, countries: pd.DataFrame) -> int:
    """Write countries.json (regions.json, places.json), with codes, facts and file of each.

    Return the number of rows.
    """
    level = levels.level(countries)
    write_json(folder / list_key(level), {**header.fields(), level: json_records(countries)})
    return len(countries)


def write_latest(
    folder: Path, header: Header, latest: pd.DataFrame, outputs: Collection[str] = ()
) -> dict[str, int]:
    """Write latest.json, latest.csv and, with `xlsx` in `outputs`, latest.xlsx: a row per country.

    Return the rows of each file.
    """
    content = {**header.fields(), levels.level(latest): json_records(latest)}
    write_json(folder / LATEST_JSON, content)
    table = to_csv_table(pa.Table.from_pandas(latest, preserve_index=False))
    pa.csv.write_csv(table, folder / LATEST_CSV)
    written = dict.fromkeys((LATEST_JSON, LATEST_CSV), len(latest))
    if "xlsx" in outputs:
        from etl.load.workbook import write_latest_workbook

        written[LATEST_XLSX] = write_latest_workbook(folder, latest, header.fields())
    return written
