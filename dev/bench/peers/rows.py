"""The source's rows by Requests: a list of dicts, as the usual script takes them."""

from collections.abc import Iterator
from typing import Any

import requests

Row = dict[str, Any]
MEASURES = ("cases", "deaths", "recoveries")


def fetch(url: str) -> list[dict[str, Any]]:
    """The source's document: a country an entry."""
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    entries: list[dict[str, Any]] = response.json()
    return entries


def flatten(entry: dict[str, Any]) -> Iterator[Row]:
    """A row a day of one country."""
    for date, day in entry["dates"].items():
        row = {
            "country_key": entry["country"]["key"],
            "country": entry["country"]["name"],
            "date": date,
        }
        for kind in ("new", "cumulative"):
            for measure, count in day[kind].items():
                row[f"{kind}_{measure}"] = count
        yield row
