"""Our World in Data's compact.csv -> a SourceTable.

    country,date,total_cases,new_cases,...,total_deaths,new_deaths,...,code,continent,...
    Spain,2020-03-01,45.0,13.0,...,,0.0,...,ESP,Europe,...

Seven of its 61 columns matter. Counts have a decimal point, and are blank where unknown. The world,
continents and groups of countries have no code, or one that begins with OWID_; they are left out,
since their countries have rows of their own. Kosovo's code begins with OWID_, too. Files of 2020 to
2024 (owid-covid-data.csv) have the columns iso_code and location instead of code and country.
"""

import re
from pathlib import Path

from etl.extract.sources.long_csv import read_long
from etl.extract.sources.long_csv_form import CsvForm
from etl.extract.sources.table import SourceTable

KOSOVO = "OWID_KOS"


def country_code(code: str) -> str | None:
    if code == KOSOVO:
        return "XKX"
    return code if re.fullmatch("[A-Z]{3}", code) else None


FORM = CsvForm(
    date="date",
    code="code",
    name="country",
    counts={
        "new_cases": "new_cases",
        "new_deaths": "new_deaths",
        "cumulative_cases": "total_cases",
        "cumulative_deaths": "total_deaths",
    },
    country_code=country_code,
    older={"iso_code": "code", "location": "country"},
)


def read(path: Path) -> SourceTable:
    return read_long(path, FORM)
