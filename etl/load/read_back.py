"""Read a published run's list of series, and the series themselves.

They are in countries.json (regions.json, places.json) and one file for each or, where OUTPUTS left
those out, in latest.json and timeseries.parquet.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from etl.errors import StoreError, escaped, one_line
from etl.extract import levels
from etl.extract.countries import find_code
from etl.store import Store
from etl.store.json_state import LONGEST_WHY, decode
from etl.store.keys import valid_key
from etl.store.layout import LATEST_JSON, TABLE_PARQUET, list_key, run_key, series_key

Content = TypeVar("Content")


class Listed(Struct, frozen=True):
    """A country, region or place; `name` includes what it is part of.

    `file` has its series; empty if the run has no such files. `called` has every key, name and code
    that it may be looked up by.
    """

    key: str
    name: str
    file: str
    called: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.file:
            valid_key(self.file)


def listed(store: Store, run_id: str, level: str) -> list[Listed] | None:
    """Read the series that a run lists; None if the run's files are gone. Raises StoreError."""

    def read(content: bytes) -> list[Listed]:
        return listed_in(decode(content, dict[str, Any])[level], level)

    found = _read(store, run_key(run_id, list_key(level)), read)
    return _read(store, run_key(run_id, LATEST_JSON), read) if found is None else found


def listed_in(rows: Sequence[Mapping[str, Any]], level: str) -> list[Listed]:
    """Make the entries of the rows of a list, or of latest.json."""
    rows = [complete(row, level) for row in rows]
    coded = by_code(rows, level)
    return [of_row(row, level, has_code=row[levels.names(level)[0]] in coded) for row in rows]


def complete(row: Mapping[str, Any], level: str) -> dict[str, Any]:
    """Add what a row needs and the user's step may have dropped: the key serves for a name."""
    key, *others = levels.names(level)
    return {**dict.fromkeys(others, row[key]), "iso3": None, "stale": False, **row}


def by_code(rows: Sequence[Mapping[str, Any]], level: str) -> set[str]:
    """Return the keys of the series that may be called by their ISO code: one for each code.

    If several series share a code, it is the one whose file is named by it; in latest.json, which
    names no files, the one with the latest date.
    """
    if level != "countries":
        return set()
    if rows and "file" in rows[0]:
        return {r["country_key"] for r in rows if r["file"] == series_key(level, r["iso3"])}
    latest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["iso3"] and (row["iso3"] not in latest or row["date"] > latest[row["iso3"]]["date"]):
            latest[row["iso3"]] = row
    return {row["country_key"] for row in latest.values()}


def of_row(row: Mapping[str, Any], level: str, *, has_code: bool) -> Listed:
    """Make an entry from a row of a list; `has_code` if it may be called by its ISO code."""
    key, name = (row[column] for column in levels.names(level)[:2])
    full = levels.full_name(row)
    country = find_code(row["iso3"]) if has_code else None  # latest.json has no iso2
    codes = (country.iso3, country.iso2) if country else ()
    return Listed(key, full, row.get("file", ""), (key, name, full, *codes))


def figure(
    store: Store, run_id: str, series: Listed, measure: str, day: date, work: Path
) -> int | None:
    """Read a series' figure for a day; None if it is missing. Raises StoreError.

    Without a file of its own, it is read from the table, which is downloaded into `work`.
    """
    if not series.file:
        return _figure_in_table(store, run_id, series.key, measure, day, work)

    def read(content: bytes) -> dict[str, int | None]:
        series = decode(content, dict[str, msgspec.Raw])
        if measure not in series:
            return {}
        days = decode(bytes(series["date"]), list[str])
        values = decode(bytes(series[measure]), list[int | None])
        return dict(zip(days, values, strict=True))

    key = run_key(run_id, series.file)
    reported = _read(store, key, read)
    if reported is None:
        raise StoreError(f"{store.address}/{escaped(key)} is not there")
    return reported.get(str(day))


def fetch_table(store: Store, run_id: str, path: Path) -> Path:
    """Download a run's table to `path` and return the path. Raises StoreError."""
    key = run_key(run_id, TABLE_PARQUET)
    if not store.download(key, path):
        raise StoreError(f"{key} is not there")
    return path


def _figure_in_table(
    store: Store, run_id: str, key: str, measure: str, day: date, work: Path
) -> int | None:
    from etl.load.table import find_value

    with TemporaryDirectory(dir=work) as folder:
        path = fetch_table(store, run_id, Path(folder) / TABLE_PARQUET)
        try:
            return find_value(path, key, measure, day)
        except (ValueError, OSError) as exc:
            raise StoreError(f"{run_key(run_id, TABLE_PARQUET)} can't be read: {exc}") from exc


def _read(store: Store, key: str, decode: Callable[[bytes], Content]) -> Content | None:
    stored = store.read(key)
    if stored is None:
        return None
    try:
        return decode(stored.body)
    except (AttributeError, LookupError, TypeError, ValueError) as exc:
        why = one_line(str(exc), LONGEST_WHY, end="...")
        where = f"{store.address}/{escaped(key)}"
        raise StoreError(
            f"{where} can't be read: {why}; check it with python app.py doctor"
        ) from exc
