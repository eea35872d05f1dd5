"""The project's one table of country names and ISO codes, countries.csv.

Every source spells countries its own way, so names of two files are never compared directly. Each
is looked up in countries.csv, and rows are joined by the Country found there.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

# a semicolon is what some spreadsheets leave of a comma
ALIKE = str.maketrans({**dict.fromkeys("\u2018\u2019\u02bc\u02bb\u2032`", "'"), ";": ","})


class Country(Struct, frozen=True):
    """A country of the table. Codes are ISO 3166-1's (Kosovo: XK, XKX; Channel Islands: None)."""

    name: str
    iso2: str | None
    iso3: str | None


def normalise(name: str) -> str:
    """Return a name for comparison: no case, no accents, plain apostrophes, single spaces.

    A semicolon counts as a comma.
    """
    if not name.isascii():
        letters = unicodedata.normalize("NFKD", name)
        name = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(name.casefold().translate(ALIKE).split())


@cache
def lookup() -> Mapping[str, Country]:
    """Return every name and alias of countries.csv, normalised, with its Country."""
    found: dict[str, Country] = {}
    # the csv module, since pandas would read Namibia's code NA as missing
    with Path(__file__).with_name("countries.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            country = Country(row["name"], row["iso2"] or None, row["iso3"] or None)
            aliases = row["aliases"].split("|") if row["aliases"] else []
            found |= {normalise(name): country for name in (country.name, *aliases)}
    return found


def find(name: str) -> Country | None:
    """Return the country with that name or alias; None if the table has none."""
    return lookup().get(normalise(name))


@cache
def _other_names() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, country in lookup().items():
        found.setdefault(country.name, []).append(name)
    return {own: _telling(normalise(own), names) for own, names in found.items()}


def _telling(own: str, names: list[str]) -> tuple[str, ...]:
    """Leave out what a search for the others finds: `us` in `us of america`."""
    kept: list[str] = []
    for name in sorted(names, key=len, reverse=True):
        extended = name.startswith(own) and name[len(own) : len(own) + 2].strip()[:1] in "(,*["
        if not extended and not any(f" {name}" in f" {longer}" for longer in (own, *kept)):
            kept.append(name)
    return tuple(kept)


def other_names(code: str) -> tuple[str, ...]:
    """Return how else people write a country: its codes and other names, normalised; maybe none."""
    country = find_code(code)
    if country is None:
        return ()
    codes = (code.lower() for code in (country.iso2, country.iso3) if code)
    return (*codes, *_other_names()[country.name])


def key_of(name: str) -> str:
    """Make a key such as `united-states` of a name; empty if it has no letters or digits."""
    return "-".join(re.findall("[a-z0-9]+", normalise(name)))


@cache
def _by_key() -> Mapping[str, Country]:
    return {key_of(name): country for name, country in lookup().items()}


def find_key(key: str) -> Country | None:
    """Return the country with a name or alias of which that key is made; None if there is none."""
    return _by_key().get(key)


@cache
def _by_code() -> Mapping[str, Country]:
    countries = lookup().values()
    return {code: one for one in countries for code in (one.iso2, one.iso3) if code}


def find_code(code: str) -> Country | None:
    """Return the country with an ISO code of two or three letters; None if the table has none."""
    return _by_code().get(code)
