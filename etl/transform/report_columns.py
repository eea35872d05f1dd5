"""The register of columns of the monthly report and of its snapshots.csv.gz. Pure."""

from etl.transform.columns import (
    CASE_FATALITY,
    DERIVED,
    FIGURES,
    ISO3,
    POPULATION,
    Field,
    names_of,
)

REPORT_FIGURES = (
    ISO3,
    Field(
        "last_date",
        "date",
        "the last day of the month that the series has. Missing if it has none: then the month's "
        "counts are missing too, not 0",
    ),
    Field(
        "new_cases",
        "integer",
        "new cases of the month: cumulative_cases on last_date minus the last count before the "
        "month (0 if the series begins in the month). Negative if the source withdrew more than "
        "were added; missing if it reported none in the month",
        "cases a month",
    ),
    Field("new_deaths", "integer", "like new_cases, from cumulative_deaths", "deaths a month"),
    Field(
        "new_cases_before",
        "integer",
        "the same for the previous month, up to the same day if the month is not complete",
        "cases",
    ),
    Field("new_deaths_before", "integer", "like new_cases_before, for deaths", "deaths"),
    Field("cases_change", "integer", "new_cases - new_cases_before", "cases"),
    Field("deaths_change", "integer", "new_deaths - new_deaths_before", "deaths"),
    Field(
        "cases_change_pct",
        "number",
        "cases_change / new_cases_before * 100. Missing if new_cases_before is 0 or missing",
        "percent",
    ),
    Field("deaths_change_pct", "number", "like cases_change_pct, for deaths", "percent"),
    Field(
        "cases_per_100k",
        "number",
        "new_cases / population * 100,000: the month's incidence. Only for countries, like "
        "population",
        "cases per 100,000 people",
    ),
    Field("cumulative_cases", "integer", "the last count known at the month's end", "cases"),
    Field("cumulative_deaths", "integer", "the last count known at the month's end", "deaths"),
    CASE_FATALITY,
    POPULATION,
    Field(
        "cells_compared",
        "integer",
        "comparisons of a cell (cases or deaths up to a day of this or the previous month) in a "
        "snapshot with the same cell in an earlier snapshot of the month",
        "cells",
    ),
    Field("cells_restated", "integer", "how many of cells_compared differed", "cells"),
    Field(
        "cases_restated",
        "integer",
        "the sum of the restatements: the later snapshot's count minus the earlier one's, on the "
        "last day that both have",
        "cases",
    ),
    Field("deaths_restated", "integer", "like cases_restated, for deaths", "deaths"),
)
TAKEN = (
    Field("run_id", "string", "the run that took the snapshot, or the id of the imported one"),
    Field("snapshot_date", "date", "the day on which the snapshot was taken, in UTC"),
)
_OF_COUNTRIES = ("cases_per_100k", "population")


def report_fields(level: str = "countries") -> tuple[Field, ...]:
    """Return the columns of the monthly report; those from population only for countries."""
    left_out = () if level == "countries" else _OF_COUNTRIES
    return (*names_of(level), *(field for field in REPORT_FIGURES if field.name not in left_out))


def snapshot_fields(level: str = "countries") -> tuple[Field, ...]:
    """Return the columns of a monthly report's snapshots.csv.gz, in their order."""
    return (*TAKEN, *names_of(level), *(field for field in FIGURES if field.name not in DERIVED))
