"""A run's countries.json and the series that it names, read back."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from etl.errors import StoreError
from etl.manifest import run_key
from etl.stores import Store

Content = TypeVar("Content")


class Country(Struct, frozen=True):
    """A line of countries.json; `file` is where its series is."""

    country_key: str
    country: str
    iso2: str | None
    iso3: str | None
    file: str


class _Listed(Struct, frozen=True):
    countries: list[Country]


def countries(store: Store, run_id: str) -> list[Country] | None:
    """None: the run's files are no longer there. Raises StoreError."""
    found = _read(store, run_key(run_id, "countries.json"), _Listed)
    return found.countries if found else None


def figure(store: Store, run_id: str, file: str, measure: str, day: str) -> int | None:
    """What a series says of a day; None where it is missing. Raises StoreError."""
    key = run_key(run_id, file)
    series = _read(store, key, dict[str, msgspec.Raw])
    if series is None:
        raise StoreError(f"{store.address}/{key} is not there")
    days = msgspec.json.decode(series["date"], type=list[str])
    if measure not in series or day not in days:
        return None
    return msgspec.json.decode(series[measure], type=list[int | None])[days.index(day)]


def _read(store: Store, key: str, kind: type[Content]) -> Content | None:
    stored = store.read(key)
    if stored is None:
        return None
    try:
        return msgspec.json.decode(stored.body, type=kind)
    except msgspec.DecodeError as exc:
        raise StoreError(
            f"{store.address}/{key} can't be read: {exc}; look at it with python app.py doctor"
        ) from exc
