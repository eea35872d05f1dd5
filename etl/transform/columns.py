"""The register of columns: name, type, unit and meaning of each, once for all levels. Pure.

The tidy table, datapackage.json, docs/data-dictionary.md and the monthly report take their columns
and meanings from it.
"""

from typing import Literal

from msgspec import Struct

from etl.extract import levels

FORMAT = 1  # of everything published: 2 once a column or key is removed, renamed or retyped
Type = Literal["string", "date", "integer", "number", "boolean"]  # Table Schema's own names


class Field(Struct, frozen=True):
    """One column; `unit` is empty where the meaning needs none."""

    name: str
    type: Type
    meaning: str
    unit: str = ""


NAMES = {
    field.name: field
    for field in (
        Field("place_key", "string", "LEVEL=places: the source's key of the place"),
        Field("place", "string", "LEVEL=places: the place's name, as the source writes it"),
        Field("region_key", "string", "LEVEL=regions, places: the source's key of the region"),
        Field(
            "region", "string", "LEVEL=regions, places: the region's name, as the source writes it"
        ),
        Field("country_key", "string", "the source's key of the country"),
        Field("country", "string", "the country's name, as the source writes it"),
    )
}
ISO3 = Field(
    "iso3",
    "string",
    "ISO 3166-1 alpha-3 code; XKX for Kosovo; missing for anything that is not a country (Diamond "
    "Princess). A region or a place has its country's code, and its country's facts",
)
CUMULATIVE_CASES = Field(
    "cumulative_cases", "integer", "confirmed cases up to that day, as the source has them", "cases"
)
CUMULATIVE_DEATHS = Field(
    "cumulative_deaths", "integer", "deaths up to that day, as the source has them", "deaths"
)
CASE_FATALITY = Field(
    "case_fatality",
    "number",
    "cumulative_deaths / cumulative_cases; 0.02 is 2 %. Missing if there are no cases",
    "share",
)
POPULATION = Field(
    "population",
    "integer",
    "the country's population, from about 2014 (InfoPaisosExtra)",
    "people",
)

NEW_CASES = Field(
    "new_cases",
    "integer",
    "cumulative_cases minus the previous day's. Negative if the source corrected itself. Missing "
    "on a series' first day, on days that the source did not report, and on the day after such a "
    "day or a gap, because one day's share is unknown",
    "cases a day",
)
FIGURES = (
    ISO3,
    Field("date", "date", "the day of the row's figures"),
    NEW_CASES,
    Field("new_deaths", "integer", "like new_cases, from cumulative_deaths", "deaths a day"),
    Field(
        "new_recoveries",
        "integer",
        "like new_cases, from cumulative_recoveries",
        "recoveries a day",
    ),
    CUMULATIVE_CASES,
    CUMULATIVE_DEATHS,
    Field(
        "cumulative_recoveries",
        "integer",
        "recoveries up to that day, as the source has them; missing if it has none (who, owid)",
        "recoveries",
    ),
    Field(
        "cases_7d_avg",
        "number",
        "(C(t) - C(t - 7 days)) / 7, where C is cumulative_cases. In gaps, and on days that were "
        "not reported, C is interpolated linearly. Missing if fewer than 7 days precede or the day "
        "was not reported",
        "cases a day",
    ),
    Field("deaths_7d_avg", "number", "like cases_7d_avg, from cumulative_deaths", "deaths a day"),
    Field(
        "cases_7d_per_100k",
        "number",
        "cases of the last 7 days / population * 100,000 (ECDC's incidence). Missing if the "
        "population is unknown (always for regions and places), if fewer than 7 days precede, or "
        "if the day was not reported",
        "cases per 100,000 people",
    ),
    CASE_FATALITY,
    Field(
        "stale",
        "boolean",
        "whether the series ended more than STALE_AFTER_DAYS before the source's last date",
    ),
    Field("continent", "string", "continent (from InfoPaisosExtra, like all that follow)"),
    Field("country_classification", "string", "the facts' own classification; NC: no class"),
    Field("government_type", "string", "form of government"),
    Field("corruption_perception", "string", "how corrupt the country is perceived to be"),
    Field("development_status", "string", "developed, developing or in transition"),
    Field("land_conditions", "string", "access to the sea"),
    Field(
        "gdp_per_unit_of_energy_use",
        "number",
        "gross domestic product per unit of energy used",
        "constant PPP dollars per kg of oil equivalent",
    ),
    POPULATION,
    Field("urban_population_pct", "number", "share of people who live in towns", "percent"),
)
ACTIVE = Field(
    "active",
    "integer",
    "in latest.* only: cumulative cases - deaths - recoveries. Missing if recoveries fell back to "
    "0, which means that they are no longer counted",
    "cases",
)
_BEHIND_THE_COUNTS = 1 + next(
    n for n, field in enumerate(FIGURES) if field.name == "cumulative_recoveries"
)
SILENCE = (
    Field(
        "last_reported",
        "date",
        "in latest.* only: the last day on which the source reported a new count of any measure",
    ),
    Field(
        "silent",
        "boolean",
        "in latest.* only: whether the series continues although the source has reported nothing "
        "new for STALE_AFTER_DAYS; it repeats the last count",
    ),
)
_BEHIND_STALE = 1 + next(n for n, field in enumerate(FIGURES) if field.name == "stale")
LATEST_FIGURES = (
    *FIGURES[:_BEHIND_THE_COUNTS],
    ACTIVE,
    *FIGURES[_BEHIND_THE_COUNTS:_BEHIND_STALE],
    *SILENCE,
    *FIGURES[_BEHIND_STALE:],
)
DERIVED = {  # these need the whole series
    *("cases_7d_avg", "deaths_7d_avg", "cases_7d_per_100k", "case_fatality", "stale"),
}
_KNOWN = NAMES | {field.name: field for field in LATEST_FIGURES}


def table_columns(level: str = "countries") -> list[str]:
    """Return the names of the tidy table's columns."""
    return [field.name for field in table_fields(level)]


def table_fields(level: str = "countries") -> tuple[Field, ...]:
    """Return the columns of the tidy table, in their order."""
    return (*names_of(level), *FIGURES)


def latest_fields(level: str = "countries") -> tuple[Field, ...]:
    """Return the columns of latest.*, in their order: those of the tidy table, and three more."""
    return (*names_of(level), *LATEST_FIGURES)


def described(name: str) -> dict[str, str]:
    """Return a column's description and, if it has one, its unit; nothing for unknown columns."""
    return metadata(_KNOWN[name]) if name in _KNOWN else {}


def metadata(field: Field) -> dict[str, str]:
    """Return the description of any column, also of the user's own, and its unit if it has one."""
    return {"description": field.meaning} | ({"unit": field.unit} if field.unit else {})


def names_of(level: str) -> tuple[Field, ...]:
    """Return the columns that name a series, the first ones of every table."""
    return tuple(NAMES[name] for name in levels.names(level))
