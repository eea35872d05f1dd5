"""coviddata's stats.json, of countries, regions or places -> a SourceTable.

    [{"country": {"key": "spain", "name": "Spain"},
      "dates": {"2020-01-22": {"new": {"cases": 0, "deaths": 0, "recoveries": 0},
                               "cumulative": {...}}, ...}}, ...]

In March 2020 the days were called `data` in place of `dates`.

A `region` has its `country` next to key and name, a `place` its `region` and `country`.

The file is decoded element by element into typed structures, and these directly into columns. An
element that does not fit is read again by coviddata_faults, which says what is wrong and where.
"""

from array import array
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from etl.errors import UNPRINTABLE, SourceChanged
from etl.extract import levels
from etl.extract.countries import find_key
from etl.extract.sources import MEASURES
from etl.extract.sources.coviddata_faults import explain
from etl.extract.sources.coviddata_form import (
    COUNTRIES,
    PLACES,
    REGIONS,
    AnyElement,
    Day,
    ElementForm,
    Entity,
    names,
)
from etl.extract.sources.faults import Faults, TooManyFaults, as_date
from etl.extract.sources.json_elements import elements, likely_elements
from etl.extract.sources.table import Mended, SourceTable, without_negative

REGION_KEYS = 7  # the keys of a place's region, which it may lack, with those of its country
DAY_KEYS = 9  # the keys in a day's object, and the day itself
COLON = ord(":")
STRAY = b'"location_type"'  # a key in most regions and places that we don't need
DATES, EARLY = b'"dates"', b'"data"'  # the key of the days; the one of March 2020
UNREADABLE = (ValueError, RecursionError)  # msgspec's and Unicode's errors are ValueErrors


class _Days(dict[str, int]):
    """A cache: '2020-01-22' -> days since 1970-01-01. Raises ValueError for what is no date."""

    def __missing__(self, text: str) -> int:
        day = self[text] = as_date(text).toordinal() - _EPOCH
        return day


_EPOCH = date(1970, 1, 1).toordinal()


class _Columns:
    """The table while it grows: one typed array per column."""

    def __init__(self, level: str) -> None:
        self.names = levels.names(level)
        self.entities: dict[str, tuple[str | None, ...]] = {}
        self.replaced: set[str] = set()
        self.lengths: list[int] = []
        self.days = array("i")
        self.measures = {
            f"{kind}_{measure}": array("i")
            for kind in ("new", "cumulative")
            for measure in MEASURES
        }

    def add(self, entity: Entity, days: list[int], values: list[Day]) -> None:
        self.entities[entity.key] = self._whole(names(entity))
        self.lengths.append(len(days))
        self.days.fromlist(days)
        columns = self.measures
        for kind, numbers in (
            ("new", [day.new for day in values]),
            ("cumulative", [day.cumulative for day in values]),
        ):
            # `extend` would take twice as long as `fromlist`
            columns[f"{kind}_cases"].fromlist([one.cases for one in numbers])
            columns[f"{kind}_deaths"].fromlist([one.deaths for one in numbers])
            columns[f"{kind}_recoveries"].fromlist([one.recoveries for one in numbers])

    def _whole(self, own: tuple[str | None, ...]) -> tuple[str | None, ...]:
        """Replace a country's name with broken characters by ours, if we know the key."""
        *others, key, name = own
        if name and UNPRINTABLE in name and key and (country := find_key(key)):
            self.replaced.add(key)
            return (*others, key, country.name)
        return own

    def table(self) -> SourceTable:
        keys = list(self.entities)
        categories = sorted(keys)
        place = {key: number for number, key in enumerate(categories)}
        codes = np.repeat(np.array([place[key] for key in keys], dtype=np.int32), self.lengths)
        order = np.argsort(codes, kind="stable")
        rows: dict[str, Any] = {
            self.names[0]: pd.Categorical.from_codes(
                codes[order], categories=pd.Index(categories, dtype="str")
            ),
            "date": np.frombuffer(self.days, dtype=np.int32)[order]
            .astype("datetime64[D]")
            .astype("datetime64[s]"),
        }
        for name in list(self.measures):
            rows[name] = np.frombuffer(self.measures.pop(name), dtype=np.int32)[order]
        entities = pd.DataFrame(list(self.entities.values()), columns=self.names, dtype="str")
        replaced = len(self.replaced)
        return SourceTable(
            entities, pd.DataFrame(rows, copy=False), Mended(names_replaced=replaced)
        )


def _decode(raw: bytes, form: ElementForm) -> AnyElement:
    try:
        return form.strict.decode(raw)
    except msgspec.ValidationError:
        if EARLY in raw and DATES not in raw:
            return _decode_early(raw, form)
        # 3.0 is a whole number too. Only the lax decoder accepts it, but that takes "3" and true as
        # well, which `explain` reports.
        if next(explain(raw, 0, form.level), None):
            raise
        return form.lax.decode(raw)


def _decode_early(raw: bytes, form: ElementForm) -> AnyElement:
    try:
        return form.strict_early.decode(raw)
    except msgspec.ValidationError:
        if next(explain(raw, 0, form.level), None):
            raise
        return form.lax_early.decode(raw)


def read_countries(path: Path) -> SourceTable:
    """Read a stats.json of countries.

    Raises SourceChanged with every fault: `spain, 2020-05-25, new.cases: expected int, got str`.
    """
    return _read(path, COUNTRIES)


def read_regions(path: Path) -> SourceTable:
    """Read a stats.json of regions. Raises SourceChanged, like `read_countries`."""
    return _read(path, REGIONS)


def read_places(path: Path) -> SourceTable:
    """Read a stats.json of places. Raises SourceChanged, like `read_countries`."""
    return _read(path, PLACES)


def _read(path: Path, form: ElementForm) -> SourceTable:
    try:
        table = _read_pieces(likely_elements(path), form)
    except SourceChanged:
        # `elements` is slower but finds every border, so its faults are the real ones
        table = _read_pieces(elements(path), form)
    return without_negative(table)


def _read_pieces(pieces: Iterator[bytes], form: ElementForm) -> SourceTable:
    columns, faults, known_days = _Columns(form.level), Faults(), _Days()
    what = levels.WITHIN[form.level][0]
    keys: set[str] = set()
    try:
        for number, raw in enumerate(pieces, start=1):
            try:
                element = _decode(raw, form)
                days = [known_days[day] for day in element.dates]
            except UNREADABLE as exc:
                explained = explain(raw, number, form.level)
                faults.add_all(explained, otherwise=(f"{what} {number}", str(exc)))
                continue
            entity = element.entity
            # If there are more colons than keys, there may be unknown fields, or a repeated key,
            # which the decoder accepts. A name may contain a colon, too, so `explain` decides.
            # `raw.count` would take three times as long.
            colons = np.count_nonzero(np.frombuffer(raw, np.uint8) == COLON)
            more = colons - form.keys - DAY_KEYS * len(days)
            if getattr(entity, "region", None) is msgspec.UNSET:
                more += REGION_KEYS
            # A country has all keys, so none of them can make up for another one.
            if (more or form is not COUNTRIES) and more != raw.count(STRAY):
                faults.add_all(explain(raw, number, form.level))
            if entity.key in keys:
                faults.add(entity.key, f"this {what} appears twice in the source")
            elif days:
                values = list(element.dates.values())
                if days != sorted(days):
                    order = sorted(range(len(days)), key=days.__getitem__)
                    days, values = [days[i] for i in order], [values[i] for i in order]
                columns.add(entity, days, values)
            keys.add(entity.key)
    except TooManyFaults:
        raise
    except SourceChanged as exc:
        raise faults.error(after=exc.faults) from exc
    if faults:
        raise faults.error()
    return columns.table()
