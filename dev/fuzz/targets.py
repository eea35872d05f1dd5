"""The readers of what strangers send, each with its corpus and the promise that it must keep.

A promise holds if a damaged document is read into something sound, or refused by the reader's own
error with a message that can be printed. Any other exception is a broken promise.
"""

import re
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from dev.fuzz import corpus, folder, headers
from dev.fuzz.promise import Target, refused, require
from etl.errors import SourceChanged, upsetting
from etl.extract import levels
from etl.extract.facts import FACT_COLUMNS, read_facts
from etl.extract.gunzip import unpacked
from etl.extract.sources import SOURCES, data_set
from etl.extract.sources.table import read_table
from etl.extract.tables.table import read_own_table
from etl.inbox.contents import TEXT_BYTES, Picture, read_contents
from etl.inbox.letter import Unreadable
from etl.settings.tables import NAME, TableSpec

STEP = 1 << 16


def _letter(data: bytes, folder: Path) -> bool:
    try:
        found = read_contents(data, lambda: None)
    except Unreadable as exc:
        return refused(exc)
    if isinstance(found, Picture):
        require(len(found.body) <= len(data) + 60, "a copy that is longer than the picture")
        again = read_contents(found.body, lambda: None)
        same = isinstance(again, Picture) and again.body == found.body
        require(same, "a copy that changes if it is copied again")
    else:
        require(0 < len(found.text.encode()) <= TEXT_BYTES, "a text that is empty or too long")
        require("\x1b" not in found.text and "\0" not in found.text, "a control character")
    return True


def _source(name: str, data: bytes, folder: Path) -> bool:
    source = SOURCES[name]
    paths = [folder / file for file in source.files]
    for path in paths:
        path.write_bytes(data)
    try:
        table = read_table(source, paths)
    except SourceChanged as exc:
        return refused(exc)
    names = table.entities[levels.one(source.level)]
    require(not any(map(upsetting, names)), "a name with control characters")
    require(all(name.strip() for name in names), "a blank name")
    key = str(table.rows.columns[0])
    require(not table.rows.duplicated([key, "date"]).any(), "a day that is there twice")
    in_order = table.rows.sort_values([key, "date"], kind="stable").index
    require(bool((in_order == table.rows.index).all()), "rows out of order")
    for column in table.rows.filter(like="cumulative_"):
        require(not (table.rows[column] < 0).any(), "a negative total")
    return True


def _facts(data: bytes, folder: Path) -> bool:
    path = folder / "facts"
    path.write_bytes(data)
    try:
        facts = read_facts(path)
    except SourceChanged as exc:
        return refused(exc)
    require(list(facts.columns) == ["country", *FACT_COLUMNS], "other columns")
    require(not any(map(upsetting, facts["country"])), "a name with control characters")
    return True


def _table(country: str, data: bytes, folder: Path) -> bool:
    path = folder / "table"
    path.write_bytes(data)
    try:
        table = read_own_table(path, TableSpec("beds", "beds", country))
    except SourceChanged as exc:
        return refused(exc)
    require(not any(map(upsetting, table.unmatched)), "a name with control characters")
    require(all(re.fullmatch(NAME, name) for name in table.columns), "a name that is no column's")
    days = np.zeros_like(table.country) if table.day is None else table.day
    keys = list(zip(table.country.tolist(), days.tolist(), strict=True))
    require(keys == sorted(set(keys)), "a country or day twice, or out of order")
    require(all(0 <= country < len(table.numbers) for country, _ in keys), "no known country")
    require(all(len(one.values) == len(keys) for one in table.columns.values()), "columns differ")
    require(table.rows >= len(keys), "more rows than the file has")
    return True


def _gzip(data: bytes, folder: Path) -> bool:
    pieces = (data[at : at + STEP] for at in range(0, len(data), STEP))
    try:
        for _ in unpacked(pieces):
            pass
    except (EOFError, zlib.error) as exc:
        return refused(exc)
    return True


def _coviddata(level: str, entity: str, example: object) -> Target:
    return Target(corpus.stats(entity, example), partial(_source, data_set("coviddata", level)))


TARGETS: Mapping[str, Target] = {
    "letter: text": Target(corpus.TEXTS, _letter),
    "letter: JPEG": Target(corpus.JPEGS, _letter),
    "letter: PNG": Target(corpus.PNGS, _letter, corpus.with_right_checksums),
    "coviddata": _coviddata("countries", "country", corpus.COUNTRY),
    "coviddata: regions": _coviddata("regions", "region", corpus.REGION),
    "coviddata: places": _coviddata("places", "place", corpus.PLACE),
    "who": Target(corpus.WHO, partial(_source, "who")),
    "owid": Target(corpus.OWID, partial(_source, "owid")),
    "jhu": Target(corpus.JHU, partial(_source, "jhu")),
    "facts: CSV": Target(corpus.FACTS_CSV, _facts),
    "facts: workbook": Target(corpus.SHEETS, _facts, corpus.workbook),
    "table: CSV": Target(corpus.TABLES_CSV, partial(_table, "")),
    "table: JSON": Target(corpus.TABLES_JSON, partial(_table, "")),
    "table: Parquet": Target(corpus.TABLES_PARQUET, partial(_table, "")),
    "table: workbook": Target(corpus.SHEETS, partial(_table, "COUNTRY"), corpus.workbook),
    "gzip": Target(corpus.GZIPS, _gzip),
    "HTTP headers": headers.TARGET,
    **folder.TARGETS,
}
