"""Merge a source's countries with ISO codes and the facts about countries."""

import pandas as pd
from msgspec import Struct

from etl.extract import levels
from etl.extract.countries import find, find_code
from etl.extract.facts import FACT_COLUMNS, no_facts


class Unmatched(Struct, frozen=True):
    """Names that found no match, stripped and sorted, each once.

    `source_names` and `facts_names` are not in countries.csv. `without_facts` are the source's
    names for countries that the facts lack; none if there are no facts at all.
    """

    source_names: list[str]
    facts_names: list[str]
    without_facts: list[str]


def attach(entities: pd.DataFrame, facts: pd.DataFrame | None) -> tuple[pd.DataFrame, Unmatched]:
    """Add codes and facts to entities: one row each, in the same order.

    `entities` has the keys and names of its level (they are stripped), and `iso3` if the source has
    codes; a code is preferred to the name. Added are iso2, iso3 (missing where unknown) and
    FACT_COLUMNS (all missing, with the same dtypes, if there are no facts). If several entities
    match one country, each gets its facts.
    """
    own = entities[levels.names(levels.level(entities))].reset_index(drop=True)
    own = own.apply(lambda names: names.str.strip())
    names = own["country"].tolist()
    codes = entities["iso3"].tolist() if "iso3" in entities else [None] * len(names)
    countries = [
        find(name) if pd.isna(code) else find_code(code)
        for name, code in zip(names, codes, strict=True)
    ]
    values = no_facts() if facts is None else facts
    described = [(name, find(name)) for name in values["country"]]
    at = {country: row for row, (_, country) in enumerate(described) if country}
    rows = [at.get(country, -1) if country else -1 for country in countries]
    iso2 = [country and country.iso2 for country in countries]
    iso3 = [country and country.iso3 for country in countries]
    parts = (
        own,
        pd.DataFrame({"iso2": iso2, "iso3": iso3}, dtype="str"),
        values[list(FACT_COLUMNS)].reset_index(drop=True).reindex(rows).reset_index(drop=True),
    )
    pairs = set(zip(names, countries, strict=True))
    without = {name for name, country in pairs if country and country not in at}
    return pd.concat(parts, axis=1), Unmatched(
        source_names=sorted(name for name, country in pairs if not country),
        facts_names=sorted({name for name, country in described if not country}),
        without_facts=[] if facts is None else sorted(without),
    )
