"""Fetch the source's rows with Requests, as a list of dicts, like the usual script."""

from collections.abc import Iterator
from typing import Any

import requests

Row = dict[str, Any]
MEASURES = ("cases", "deaths", "recoveries")


def fetch(url: str) -> list[dict[str, Any]]:
    """Fetch the source's document, an entry per country."""
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    entries: list[dict[str, Any]] = response.json()
    return entries


def flatten(entry: dict[str, Any]) -> Iterator[Row]:
    """Yield a row per day of one country."""
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
