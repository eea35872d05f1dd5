"""coviddata's stats.json, countries: bytes -> SourceTable.

    [{"country": {"key": "spain", "name": "Spain"},
      "dates": {"2020-01-22": {"new": {"cases": 0, "deaths": 0, "recoveries": 0},
                               "cumulative": {...}}, ...}}, ...]

The file is read country by country into typed structures and at once into columns. What does not
fit is looked at a second time, by coviddata_faults, to name the place.
"""

from array import array
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta, Struct

from etl.errors import SourceChanged
from etl.sources import MEASURES, SourceTable
from etl.sources.coviddata_faults import COUNT_LIMIT, KEY, LONGEST_TEXT, Faults, as_date, explain
from etl.sources.elements import elements, likely_elements

Change = Annotated[int, Meta(ge=-COUNT_LIMIT, le=COUNT_LIMIT)]
Count = Annotated[int, Meta(ge=0, le=COUNT_LIMIT)]
# keys of a country's object, besides those of its days; keys of a day
COUNTRY_KEYS, DAY_KEYS = 4, 9
UNREADABLE = (ValueError, RecursionError)  # msgspec's and Unicode's errors are ValueErrors


class New(Struct, gc=False):
    cases: Change
    deaths: Change
    recoveries: Change


class Cumulative(Struct, gc=False):
    cases: Count
    deaths: Count
    recoveries: Count


class Day(Struct, gc=False):
    new: New
    cumulative: Cumulative


class Country(Struct):
    key: Annotated[str, Meta(pattern=KEY, max_length=LONGEST_TEXT)]
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]


class Element(Struct):
    country: Country
    dates: dict[str, Day]


_STRICT = msgspec.json.Decoder(Element)
_LAX = msgspec.json.Decoder(Element, strict=False)


class _Days(dict[str, int]):
    """'2020-01-22' -> days since 1970-01-01; each date is parsed once. ValueError if it is none."""

    def __missing__(self, text: str) -> int:
        day = self[text] = as_date(text).toordinal() - _EPOCH
        return day


_EPOCH = date(1970, 1, 1).toordinal()


class _Columns:
    """The table while it grows: one typed array a column."""

    def __init__(self) -> None:
        self.entities: dict[str, str] = {}
        self.lengths: list[int] = []
        self.days = array("i")
        self.measures = {
            f"{kind}_{measure}": array("i")
            for kind in ("new", "cumulative")
            for measure in MEASURES
        }

    def add(self, country: Country, days: list[int], values: list[Day]) -> None:
        self.entities[country.key] = country.name
        self.lengths.append(len(days))
        self.days.extend(days)
        columns = self.measures
        columns["new_cases"].extend([day.new.cases for day in values])
        columns["new_deaths"].extend([day.new.deaths for day in values])
        columns["new_recoveries"].extend([day.new.recoveries for day in values])
        columns["cumulative_cases"].extend([day.cumulative.cases for day in values])
        columns["cumulative_deaths"].extend([day.cumulative.deaths for day in values])
        columns["cumulative_recoveries"].extend([day.cumulative.recoveries for day in values])

    def table(self) -> SourceTable:
        keys = list(self.entities)
        categories = sorted(keys)
        place = {key: number for number, key in enumerate(categories)}
        codes = np.repeat(np.array([place[key] for key in keys], dtype=np.int32), self.lengths)
        order = np.argsort(codes, kind="stable")
        rows = {
            "country_key": pd.Categorical.from_codes(
                codes[order], categories=pd.Index(categories, dtype="str")
            ),
            "date": np.frombuffer(self.days, dtype=np.int32)[order]
            .astype("datetime64[D]")
            .astype("datetime64[s]"),
        }
        for name in list(self.measures):
            rows[name] = np.frombuffer(self.measures.pop(name), dtype=np.int32)[order]
        entities = pd.DataFrame(
            {"country_key": keys, "country": list(self.entities.values())}, dtype="str"
        )
        return SourceTable(entities, pd.DataFrame(rows, copy=False))


def _decode(raw: bytes) -> Element:
    try:
        return _STRICT.decode(raw)
    except msgspec.ValidationError:
        # 3.0 is a whole number, too; only the lax decoder says so, but "3" and true suit it as well
        if next(explain(raw, 0), None):
            raise
        return _LAX.decode(raw)


def read(path: Path) -> SourceTable:
    """Read a whole stats.json.

    Raises SourceChanged with every fault: `spain, 2020-05-25, new.cases: expected int, got str`.
    """
    try:
        return _read(likely_elements(path))
    except SourceChanged:
        return _read(elements(path))  # slower, sure of every border: its faults are the true ones


def _read(pieces: Iterator[bytes]) -> SourceTable:
    columns, faults, known_days = _Columns(), Faults(), _Days()
    keys: set[str] = set()
    try:
        for number, raw in enumerate(pieces, start=1):
            try:
                element = _decode(raw)
                days = [known_days[day] for day in element.dates]
            except UNREADABLE as exc:
                faults.add_all(explain(raw, number), otherwise=(f"country {number}", str(exc)))
                continue
            # fields we don't know, or a key that stands twice: the second look tells which
            if raw.count(b":") != COUNTRY_KEYS + DAY_KEYS * len(days):
                faults.add_all(explain(raw, number))
            if element.country.key in keys:
                faults.add(element.country.key, "this country stands twice in the source")
            elif days:
                values = list(element.dates.values())
                if days != sorted(days):
                    order = sorted(range(len(days)), key=days.__getitem__)
                    days, values = [days[i] for i in order], [values[i] for i in order]
                columns.add(element.country, days, values)
            keys.add(element.country.key)
    except SourceChanged as exc:
        raise SourceChanged([*faults.lines(), *exc.faults]) from exc
    if faults:
        raise SourceChanged(faults.lines())
    return columns.table()
