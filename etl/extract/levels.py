"""The levels of a table: countries, regions or places. Its first column shows which one it has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# the column of a level's name, then those of what it is part of
WITHIN = {
    "countries": ("country",),
    "regions": ("region", "country"),
    "places": ("place", "region", "country"),
}
LEVELS = tuple(WITHIN)


def key(table: "pd.DataFrame") -> str:
    """Return the column that identifies a series: country_key, region_key or place_key."""
    return str(table.columns[0])


def level(table: "pd.DataFrame") -> str:
    return next(level for level in LEVELS if names(level)[0] == key(table))


def one(level: str) -> str:
    """Return the word for one series of a level: country, region or place."""
    return WITHIN[level][0]


def names(level: str) -> list[str]:
    """Return the columns that name a series, such as region_key, region, country_key, country."""
    return [f"{what}{ending}" for what in WITHIN[level] for ending in ("_key", "")]


def full_name(row: Mapping[str, Any]) -> str:
    """Return a series' name with those of its region and country: Clark, Ohio, United States."""
    names = (row.get(what) for what in WITHIN["places"])
    return ", ".join(str(name) for name in names if name is not None)
