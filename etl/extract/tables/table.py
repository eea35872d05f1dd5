"""One of TABLES, read: which country and day each row is of, and its typed columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.errors import SourceChanged, escaped, one_line
from etl.extract.countries import Country
from etl.extract.tables.files import MAX_ROWS, Columns, read_columns
from etl.extract.tables.keys import CountryColumn, as_countries, find_country, named, sorting, twice
from etl.extract.tables.typed import Typed, snake_case, trimmed, typed
from etl.settings.tables import NO_DATE, TableSpec

NO_DAY = np.iinfo(np.int32).min
NOTHING = pa.chunked_array([], pa.string())
HEADER_ROWS = 2  # the first row of values is the file's second


@dataclass(frozen=True)
class OwnTable:
    """A table of countries, sorted by country and day.

    `numbers` numbers its countries; `country` has the number of each row's, and `day` its day since
    1970-01-01, or is None where the table has one row a country. `columns` are named in snake_case,
    without the keys. `rows` counts the file's, `unmatched` has the texts that name no country.
    """

    name: str
    columns: Mapping[str, Typed]
    numbers: Mapping[Country, int]
    country: NDArray[np.int64]
    day: NDArray[np.int64] | None
    rows: int
    unmatched: list[str]
    fill_days: int = 0
    warnings: list[str] = field(default_factory=list)


def read_own_table(path: Path, spec: TableSpec) -> OwnTable:
    """Read a table. Raises SourceChanged, with the table's name in front."""
    try:
        return _read(read_columns(path), spec)
    except ValueError as exc:
        raise SourceChanged(f"table {spec.name}: {exc}") from exc
    except SourceChanged as exc:
        raise SourceChanged([f"table {spec.name}: {fault}" for fault in exc.faults]) from exc
    except pa.ArrowException as exc:
        raise SourceChanged(f"table {spec.name}: can't be read: {one_line(str(exc), 200)}") from exc


def _read(found: Columns, spec: TableSpec) -> OwnTable:
    names = _names(found)
    rows = len(found.values[0]) if found.values else 0
    if not 0 < rows <= MAX_ROWS:
        raise ValueError(f"{rows:,} rows below the header, expected 1 to {MAX_ROWS:,}")
    wanted = named(found.names, spec.country, names) if spec.country else None
    columns, candidates = _columns(found, names)
    key, naming = find_country(found.names, candidates, wanted)
    numbers = {one: n for n, one in enumerate(dict.fromkeys(filter(None, key.countries)))}
    number_of = np.array([numbers[c] if c else -1 for c in key.countries] + [-1], np.int64)
    country = number_of[key.codes]
    kept = {at: column for at, column in enumerate(columns) if at not in naming}
    date_at = _date_key(spec, found, names, kept, country, key)
    day = _days(kept.pop(date_at).values) if date_at is not None else None
    by_name = {names[at]: column for at, column in kept.items()}
    if not by_name:
        raise ValueError("no column besides those of countries and dates")
    return _sorted(by_name, spec, key, numbers, country, day)


def _columns(found: Columns, names: list[str]) -> tuple[list[Typed], list[CountryColumn]]:
    """Find each column's type, and what countries it may name; the text is given up meanwhile."""
    columns, candidates = [], list[CountryColumn]()
    for at, name in enumerate(names):
        column = trimmed(found.values[at])
        found.values[at] = NOTHING
        candidates += as_countries(at, found.names[at], column)
        try:
            columns.append(typed(column, decimal_comma=found.decimal_comma))
        except ValueError as exc:
            raise ValueError(f"column {name}: {exc}") from exc
    return columns, candidates


def _names(found: Columns) -> list[str]:
    """Return the columns' names in snake_case. Raises ValueError for two of one name."""
    names: list[str] = []
    for position, given in enumerate(found.names, start=1):
        if "../" in given or "..\\" in given:
            raise ValueError(f"column {position}: a name with ../ in it: {escaped(given, 80)}")
        name = snake_case(given, position)
        if name in names:
            both = f"columns {names.index(name) + 1} and {position}"
            raise ValueError(f"{both} are both called {name}")
        names.append(name)
    return names


def _date_key(
    spec: TableSpec,
    found: Columns,
    names: list[str],
    kept: Mapping[int, Typed],
    country: NDArray[np.int64],
    key: CountryColumn,
) -> int | None:
    """Return the position of the column of days that is a key, if the table has one.

    Raises ValueError if a country, or a country's day, is there twice.
    """
    if spec.date and spec.date != NO_DATE:
        at = named(found.names, spec.date, names)
        if at not in kept or kept[at].type != "date":
            raise ValueError(f"column {names[at]}: expected dates such as 2021-01-31")
        candidates = [at]
    elif not _repeats(country):
        return None
    else:
        candidates = [at for at, one in kept.items() if one.type == "date" and not spec.date]
    repeated = {at: _twice_on_a_day(country, _days(kept[at].values)) for at in candidates}
    unique = [at for at, pair in repeated.items() if pair is None]
    complete = [at for at in unique if not kept[at].values.null_count]
    for few in (unique, complete):
        if len(few) == 1:
            return few[0]
    if unique:
        called = ", ".join(names[at] for at in unique)
        raise ValueError(f"several columns of dates: {called}; say which it is with #date=COLUMN")
    pair = next((pair for pair in repeated.values() if pair), None) or twice(country)
    assert pair is not None  # noqa: S101  either of the two is there
    one, other = (at + HEADER_ROWS for at in pair)
    label = escaped(key.values[key.codes[pair[0]]], 80)
    what = "the same country and day" if repeated else "the same country"
    hint = "" if repeated else ", and there is no column of dates"
    raise ValueError(f"{label}: rows {one} and {other} are of {what}{hint}")


def _repeats(country: NDArray[np.int64]) -> bool:
    return bool((np.bincount(country[country >= 0]) > 1).any())


def _twice_on_a_day(country: NDArray[np.int64], day: NDArray[np.int64]) -> tuple[int, int] | None:
    return twice(np.where(day == NO_DAY, -1, country), day)


def _days(values: pa.Array) -> NDArray[np.int64]:
    """Return dates as days since 1970-01-01, the smallest number where missing."""
    numbers = values.cast(pa.int32()).fill_null(NO_DAY)
    days: NDArray[np.int64] = numbers.to_numpy(zero_copy_only=False).astype(np.int64)
    return days


def _sorted(
    columns: Mapping[str, Typed],
    spec: TableSpec,
    key: CountryColumn,
    numbers: Mapping[Country, int],
    country: NDArray[np.int64],
    day: NDArray[np.int64] | None,
) -> OwnTable:
    keys = [country] if day is None else [country, day]
    rows = np.flatnonzero((country >= 0) & (day > NO_DAY if day is not None else True))
    order = rows[sorting(*(key[rows] for key in keys))]
    moved = None if np.array_equal(order, np.arange(len(country))) else pa.array(order)
    infinite = [
        f"table {spec.name}: {one.infinite} infinite values of {name}, treated as missing"
        for name, one in columns.items()
        if one.infinite
    ]
    texts = zip(key.values, key.countries, strict=True)
    return OwnTable(
        name=spec.name,
        columns={
            name: Typed(one.type, one.values if moved is None else pc.take(one.values, moved))
            for name, one in columns.items()
        },
        numbers=numbers,
        country=country[order],
        day=None if day is None else day[order],
        rows=len(country),
        unmatched=sorted(one_line(text, 80) for text, country in texts if not country),
        fill_days=spec.fill_days,
        warnings=infinite,
    )
