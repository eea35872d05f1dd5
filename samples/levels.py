"""The form of coviddata's regions and places; the figures are made up."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from samples.living import counts

REGIONS = (
    ("New York", "United States"),
    (" Montreal, QC", "Canada"),
    ("Georgia", "United States"),
    ("Unknown", "Spain"),
    ("Hong Kong", "China"),
)
PLACES = (("Nassau", "New York"), ("Bronx", "New York"), ("Clinch", "Georgia"))
STATES = "United States"
WINDOW, DAYS = date(2020, 6, 1), 40


def regions() -> bytes:
    """Some have a stray `location_type`."""
    return _stats({"region": _region(name, country)} for name, country in REGIONS)


def places() -> bytes:
    elements = []
    for name, state in PLACES:
        region = _region(state, STATES)
        about = _about(name, f"{state}, {STATES}", region["country"])
        elements.append({"place": {**about, "region": {"location_type": "region", **region}}})
    return _stats(elements)


def _region(name: str, country: str) -> dict[str, Any]:
    stray = {} if country == "China" else {"location_type": "country"}
    key = country.lower().replace(" ", "-")
    return _about(name, country, {**stray, "key": key, "name": country})


def _about(name: str, around: str, country: dict[str, str]) -> dict[str, Any]:
    full = f"{name}, {around}"
    key = "-".join(full.lower().replace(",", " ").split())
    return {"key": key, "name": name, "full_name": full, "country": country}


def _stats(elements: Iterable[dict[str, Any]]) -> bytes:
    made = []
    for element in elements:
        (about,) = element.values()
        of = counts(about["key"], DAYS)
        now = [
            dict(zip(("cases", "deaths", "recoveries"), values, strict=True))
            for values in zip(of.cases, of.deaths, of.recoveries, strict=True)
        ]
        new = [now[0], *({m: b[m] - a[m] for m in a} for a, b in pairwise(now))]
        dates = {
            str(WINDOW + timedelta(days=n)): {"new": one, "cumulative": total}
            for n, (one, total) in enumerate(zip(new, now, strict=True))
        }
        made.append({**element, "dates": dates})
    return json.dumps(made, separators=(",", ":")).encode()


def files() -> dict[str, bytes]:
    """Each sample's path and bytes, not packed."""
    return {"regions.json.gz": regions(), "places.json.gz": places()}
