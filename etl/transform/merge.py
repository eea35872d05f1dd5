"""The merge: what a source calls its countries, with ISO codes and the field's facts."""

from dataclasses import dataclass

import pandas as pd

from etl.extract import levels
from etl.extract.countries import find, find_code
from etl.extract.facts import FACT_COLUMNS, no_facts


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Names without a partner, as they were written but stripped: sorted, each once.

    The table knows neither `source_names` nor `facts_names`; `without_facts` are names of the
    source that it does know, of countries that the facts lack (none where there are no facts).
    """

    source_names: list[str]
    facts_names: list[str]
    without_facts: list[str]


def attach(entities: pd.DataFrame, facts: pd.DataFrame | None) -> tuple[pd.DataFrame, Unmatched]:
    """Add codes and facts to entities: a row each, in their order.

    `entities`: the keys and names of their level, stripped on the way; where the source has codes
    there is `iso3`, which goes before the name. Added: iso2, iso3 (missing where unknown),
    FACT_COLUMNS (all missing where there are no facts; the dtypes are the same). Several entities
    may be one country: each gets its facts.
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
