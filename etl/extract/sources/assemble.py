"""Counts by country and day, in any order -> SourceTable."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.errors import SourceChanged
from etl.extract.countries import Country, normalise
from etl.extract.sources import MEASURES, SourceTable
from etl.extract.sources.faults import Faults
from etl.transform.derive import APART


@dataclass(frozen=True)
class Named:
    """What a source calls one of its countries, and which it is where that is known."""

    name: str
    country: Country | None


@dataclass(frozen=True)
class Counts:
    """A column of whole numbers that fit an int32; those that are not `known` are of no meaning."""

    values: NDArray[np.int32]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """NaN: not known."""
        known = ~np.isnan(values)
        return cls(np.where(known, values, 0).astype(np.int32), known)


def table(
    named: Sequence[Named],
    places: NDArray[np.integer[Any]],
    days: NDArray[np.integer[Any]],
    columns: Mapping[str, Counts],
) -> SourceTable:
    """A row a country (its place in `named`) and day (since 1970-01-01); `new_*`, `cumulative_*`.

    Days on which a country tells no cumulative count are left out, and countries without days.
    Raises SourceChanged where a country has a day twice, or no key can be made for it.
    """
    told = np.zeros(len(places), dtype=bool)
    for name in columns:
        if name.startswith("cumulative"):
            told |= columns[name].known
    used = np.unique(places[told])
    keys = np.array(_keys([named[place] for place in used]), dtype=object)
    categories, codes = np.unique(keys, return_inverse=True)
    code_of = np.zeros(len(named), dtype=np.int32)
    code_of[used] = codes
    order = np.flatnonzero(told)
    axis = code_of[places[order]].astype(np.int64) * APART + days[order]
    sorting = np.argsort(axis, kind="stable")
    order, axis = order[sorting], axis[sorting]
    twice = Faults()
    for row in order[1:][axis[1:] == axis[:-1]].tolist():
        day = np.datetime64(int(days[row]), "D")
        twice.add(f"{named[places[row]].name}, {day}", "this day stands twice")
    if twice:
        raise SourceChanged(twice.lines())
    rows: dict[str, object] = {
        "country_key": pd.Categorical.from_codes(
            code_of[places[order]], categories=pd.Index(categories, dtype="str")
        ),
        "date": days[order].astype("datetime64[D]").astype("datetime64[s]"),
    }
    for name in (f"{kind}_{m}" for kind in ("new", "cumulative") for m in MEASURES):
        if name in columns:
            rows[name] = _column(columns[name], order)
    countries = [named[place].country for place in used]
    entities = {
        "country_key": keys,
        "country": [named[place].name for place in used],
        "iso3": [country and country.iso3 for country in countries],
    }
    return SourceTable(pd.DataFrame(entities, dtype="str"), pd.DataFrame(rows, copy=False))


def _column(counts: Counts, order: NDArray[np.intp]) -> object:
    known = counts.known[order]
    values = np.where(known, counts.values[order], np.int32(0))
    return values if known.all() else pd.arrays.IntegerArray(values, ~known)


def _keys(named: Sequence[Named]) -> list[str]:
    """`united-states`: made of our own table's name, so that every source has the same keys.

    Of the source's name where the table has none, or several are one country.
    """
    alike = Counter(one.country for one in named if one.country)
    keys = [
        _key(one.country.name if one.country and alike[one.country] == 1 else one.name)
        for one in named
    ]
    faults = [
        f"{one.name[:80]!r}: no key can be made of this name" if not key else
        f"{one.name[:80]!r}: another country of the source has the key {key}, too"
        for one, key in zip(named, keys, strict=True)
        if not key or keys.count(key) > 1
    ]  # fmt: skip
    if faults:
        raise SourceChanged(faults)
    return keys


def _key(name: str) -> str:
    return "-".join(re.findall("[a-z0-9]+", normalise(name)))
