"""Counts by country and day, in any order -> a SourceTable."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self

import numpy as np
import pandas as pd
from msgspec import Struct
from numpy.typing import NDArray

from etl.errors import UNPRINTABLE
from etl.extract.countries import Country, key_of
from etl.extract.sources.faults import Faults
from etl.extract.sources.table import (
    APART,
    CUMULATIVE,
    NEW,
    Mended,
    SourceTable,
    without_negative,
)


class Named(Struct, frozen=True):
    """A source's name for a country, and the Country of our table; None if it is unknown."""

    name: str
    country: Country | None


class Counts(Struct, frozen=True):
    """A column of whole numbers that fit an int32. Where `known` is false, ignore the value."""

    values: NDArray[np.int32]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Convert whole floats; NaN is not known."""
        known = ~np.isnan(values)
        return cls(np.where(known, values, 0).astype(np.int32), known)


def assemble(
    named: Sequence[Named],
    series: NDArray[np.integer[Any]],
    days: NDArray[np.integer[Any]],
    columns: Mapping[str, Counts],
) -> SourceTable:
    """Build a SourceTable from unsorted counts, and give every country its key.

    `series` is the index of each row's country in `named`, `days` counts from 1970-01-01, `columns`
    are `new_*` and `cumulative_*`. Rows without any cumulative count are left out, and countries
    without such a row. Names with broken characters are replaced by ours, and rare negative
    counts made missing (`mended`). Raises SourceChanged with every day that a country has twice,
    or every country for which no unique key can be made, or if negative counts are not rare.
    """
    counted = np.zeros(len(series), dtype=bool)
    for name in columns:
        if name.startswith("cumulative"):
            counted |= columns[name].known
    used = np.unique(series[counted])
    keys = np.array(_keys([named[n] for n in used]), dtype=object)
    categories, codes = np.unique(keys, return_inverse=True)
    code_of = np.zeros(len(named), dtype=np.int32)
    code_of[used] = codes
    # Series and day as one number per row: it takes a single sort, after which two rows for the
    # same day are neighbours with the same number.
    order = np.flatnonzero(counted)
    axis = code_of[series[order]].astype(np.int64) * APART + days[order]
    sorting = np.argsort(axis, kind="stable")
    order, axis = order[sorting], axis[sorting]
    repeated = order[1:][axis[1:] == axis[:-1]]
    if repeated.size:
        _refuse([named[n].name for n in series[repeated]], days[repeated])
    key = pd.Categorical.from_codes(
        code_of[series[order]], categories=pd.Index(categories, dtype="str")
    )
    rows = {"country_key": key, "date": days[order].astype("datetime64[D]").astype("datetime64[s]")}
    rows |= {name: _column(columns[name], order) for name in (*NEW, *CUMULATIVE) if name in columns}
    entities, replaced = _entities(keys, [named[n] for n in used])
    mended = Mended(names_replaced=replaced)
    return without_negative(SourceTable(entities, pd.DataFrame(rows, copy=False), mended))


def _refuse(names: Sequence[str], days: NDArray[np.integer[Any]]) -> NoReturn:
    """Raise SourceChanged with the days that a country has twice."""
    twice = Faults()
    for name, day in zip(names, days.tolist(), strict=True):
        twice.add(f"{name}, {np.datetime64(day, 'D')}", "this day appears twice")
    raise twice.error()


def _entities(keys: NDArray[np.object_], named: Sequence[Named]) -> tuple[pd.DataFrame, int]:
    """Return the entities, and how many names with broken characters were replaced."""
    broken = [one.country is not None and UNPRINTABLE in one.name for one in named]
    entities = {
        "country_key": keys,
        "country": [
            one.country.name if one.country and odd else one.name
            for one, odd in zip(named, broken, strict=True)
        ],
        "iso3": [one.country and one.country.iso3 for one in named],
    }
    return pd.DataFrame(entities, dtype="str"), sum(broken)


def _column(counts: Counts, order: NDArray[np.intp]) -> object:
    known = counts.known[order]
    values = np.where(known, counts.values[order], np.int32(0))
    return values if known.all() else pd.arrays.IntegerArray(values, ~known)


def _keys(named: Sequence[Named]) -> list[str]:
    """Return keys such as `united-states`, made from our own name for the country.

    So every source has the same keys. If a country is unknown, or several of the source's names
    mean the same country, the key is made from the source's name.
    """
    alike = Counter(one.country for one in named if one.country)
    keys = [
        key_of(one.country.name if one.country and alike[one.country] == 1 else one.name)
        for one in named
    ]
    faults, uses = Faults(), Counter(keys)
    for one, key in zip(named, keys, strict=True):
        if not key:
            faults.add(repr(one.name[:80]), "no key can be derived from this name")
        elif uses[key] > 1:
            faults.add(repr(one.name[:80]), f"another country of the source also has the key {key}")
    if faults:
        raise faults.error()
    return keys
