"""The World Health Organization's daily CSV -> a SourceTable.

    Date_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,...
    2020-01-04,NA,Namibia,AFR,,0,,0

New counts may be blank, or negative where the source corrected itself. There are no recoveries.
Ships, which are no country, have no code; in December 2023 they had no name either. Files of 2020
have spaces before the names of the columns, and dates such as 2020-02-24T00:00:00Z.
"""

from pathlib import Path

from etl.extract.sources.long_csv import read_long
from etl.extract.sources.long_csv_form import CsvForm
from etl.extract.sources.table import SourceTable

FORM = CsvForm(
    date="Date_reported",
    code="Country_code",
    name="Country",
    counts={
        "new_cases": "New_cases",
        "new_deaths": "New_deaths",
        "cumulative_cases": "Cumulative_cases",
        "cumulative_deaths": "Cumulative_deaths",
    },
)


def read(path: Path) -> SourceTable:
    return read_long(path, FORM)
