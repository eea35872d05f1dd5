"""Read a published run's countries.json (regions.json, places.json) and its series."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from etl.errors import StoreError
from etl.extract import levels
from etl.store import Store
from etl.store.layout import list_key, run_key, series_key

Content = TypeVar("Content")


class Listed(Struct, frozen=True):
    """A country, region or place; `name` includes what it is part of, `file` has its series.

    `called` has every key, name and code that it may be looked up by.
    """

    key: str
    name: str
    file: str
    called: tuple[str, ...]


def listed(store: Store, run_id: str, level: str) -> list[Listed] | None:
    """Read the series that a run lists; None if the run's files are gone. Raises StoreError."""

    def decode(content: bytes) -> list[Listed]:
        rows = msgspec.json.decode(content, type=dict[str, Any])[level]
        return [of_row(row, level) for row in rows]

    return _read(store, run_key(run_id, list_key(level)), decode)


def of_row(row: dict[str, Any], level: str) -> Listed:
    """Make an entry from a row of countries.json, regions.json or places.json."""
    key, name = (row[column] for column in levels.names(level)[:2])
    full = levels.full_name(row)
    # if several series share a code, only the one whose file is named by it may be called by it
    by_code = row["file"] == series_key("countries", row["iso3"])
    codes = (row["iso3"], row["iso2"]) if by_code else ()
    return Listed(key, full, row["file"], (key, name, full, *codes))


def figure(store: Store, run_id: str, file: str, measure: str, day: str) -> int | None:
    """Read a series' figure for a day (2021-01-25); None if it is missing. Raises StoreError."""

    def decode(content: bytes) -> dict[str, int | None]:
        series = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        if measure not in series:
            return {}
        days = msgspec.json.decode(series["date"], type=list[str])
        values = msgspec.json.decode(series[measure], type=list[int | None])
        return dict(zip(days, values, strict=True))

    key = run_key(run_id, file)
    reported = _read(store, key, decode)
    if reported is None:
        raise StoreError(f"{store.address}/{key} is not there")
    return reported.get(day)


def _read(store: Store, key: str, decode: Callable[[bytes], Content]) -> Content | None:
    stored = store.read(key)
    if stored is None:
        return None
    try:
        return decode(stored.body)
    except (msgspec.DecodeError, LookupError, ValueError) as exc:
        raise StoreError(
            f"{store.address}/{key} can't be read: {exc}; look at it with python app.py doctor"
        ) from exc
