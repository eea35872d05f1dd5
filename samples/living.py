"""The forms of who, owid and jhu, and of a table of one's own; the figures are made up.

The samples are small and hold each form's traps; `dev/bench/living.py` writes big files by the same
functions.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

WHO_HEADER = (
    "Date_reported,Country_code,Country,WHO_region,"
    "New_cases,Cumulative_cases,New_deaths,Cumulative_deaths"
)
OWID_HEADER = (
    "country,date,total_cases,new_cases,new_cases_smoothed,total_cases_per_million,"
    "new_cases_per_million,new_cases_smoothed_per_million,total_deaths,new_deaths,"
    "new_deaths_smoothed,total_deaths_per_million,new_deaths_per_million,"
    "new_deaths_smoothed_per_million,excess_mortality,excess_mortality_cumulative,"
    "excess_mortality_cumulative_absolute,excess_mortality_cumulative_per_million,hosp_patients,"
    "hosp_patients_per_million,weekly_hosp_admissions,weekly_hosp_admissions_per_million,"
    "icu_patients,icu_patients_per_million,weekly_icu_admissions,"
    "weekly_icu_admissions_per_million,stringency_index,reproduction_rate,total_tests,new_tests,"
    "total_tests_per_thousand,new_tests_per_thousand,new_tests_smoothed,"
    "new_tests_smoothed_per_thousand,positive_rate,tests_per_case,total_vaccinations,"
    "people_vaccinated,people_fully_vaccinated,total_boosters,new_vaccinations,"
    "new_vaccinations_smoothed,total_vaccinations_per_hundred,people_vaccinated_per_hundred,"
    "people_fully_vaccinated_per_hundred,total_boosters_per_hundred,"
    "new_vaccinations_smoothed_per_million,new_people_vaccinated_smoothed,"
    "new_people_vaccinated_smoothed_per_hundred,code,continent,population,population_density,"
    "median_age,life_expectancy,gdp_per_capita,extreme_poverty,diabetes_prevalence,"
    "handwashing_facilities,hospital_beds_per_thousand,human_development_index"
)
PLACE = {column: n for n, column in enumerate(OWID_HEADER.split(","))}
WHO = (  # code, name, region
    ("AF", "Afghanistan", "EMRO"),
    ("CI", "Côte d'Ivoire", "AFRO"),
    ("XK", "Kosovo (in accordance with UN Security Council resolution 1244 (1999))", "EURO"),
    ("NA", "Namibia", "AFRO"),
    ("PS", "occupied Palestinian territory, including east Jerusalem", "EMRO"),
    ("ES", "Spain", "EURO"),
    ("TR", "Türkiye", "EURO"),
    ("US", "United States of America", "AMRO"),
    ("", "International commercial vessel", "OTHER"),
)
OWID = (
    ("Democratic Republic of Congo", "COD", "Africa"),
    ("Europe", "OWID_EUR", ""),
    ("Kosovo", "OWID_KOS", "Europe"),
    ("Namibia", "NAM", "Africa"),
    ("Spain", "ESP", "Europe"),
    ("Turkey", "TUR", "Asia"),
    ("World", "OWID_WRL", ""),
    ("World excl. China", "", ""),
)
JHU = (  # province, country
    ("Australian Capital Territory", "Australia"),
    ("New South Wales", "Australia"),
    ("", "Burma"),
    ("", "Congo (Kinshasa)"),
    ("", "Denmark"),
    ("Faroe Islands", "Denmark"),
    ("", "Diamond Princess"),
    ("", "Korea, South"),
    ("", "Namibia"),
    ("", "Spain"),
    ("", "Taiwan*"),
    ("", "US"),
)
WINDOW, DAYS = date(2024, 1, 1), 70  # of who and owid
JHU_WINDOW = date(2021, 7, 1)
JHU_LAST_RECOVERIES = date(2021, 8, 4)


@dataclass(frozen=True)
class Counts:
    """Cumulative, a value a day."""

    cases: Sequence[int]
    deaths: Sequence[int]
    recoveries: Sequence[int]


def counts(name: str, days: int = DAYS) -> Counts:
    """Made up; the same for the same name."""
    rng = random.Random(f"made up: {name}")  # noqa: S311  repeatable is what it must be
    daily, cases = rng.uniform(1, 800), [rng.randrange(1000, 500_000)]
    while len(cases) < days:
        cases.append(cases[-1] + int(daily * rng.uniform(0, 2)))
    return Counts(cases, [c // 60 for c in cases], [c * 9 // 10 for c in cases])


def who_rows(code: str, name: str, region: str, of: Counts, first: date = WINDOW) -> Iterator[str]:
    """New counts are blank on the first day and on Sundays."""
    quoted = f'"{name}"' if "," in name else name
    for n, (cases, deaths) in enumerate(zip(of.cases, of.deaths, strict=True)):
        day = first + timedelta(days=n)
        told = n > 0 and day.weekday() != 6
        new = (cases - of.cases[n - 1], deaths - of.deaths[n - 1]) if told else ("", "")
        yield f"{day},{code},{quoted},{region},{new[0]},{cases},{new[1]},{deaths}"


def who() -> bytes:
    """With a BOM and CRLF; Spain corrects itself downwards."""
    lines = [WHO_HEADER]
    for code, name, region in WHO:
        of = counts(name)
        if code == "ES":
            of = Counts([c - 700 * (n > 30) for n, c in enumerate(of.cases)], of.deaths, ())
        lines += who_rows(code, name, region, of)
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def owid_rows(
    name: str, code: str, continent: str, of: Counts, first: date = WINDOW, silent: int = 0
) -> Iterator[str]:
    """No deaths are known for the first week, and nothing of ours on the last `silent` days."""
    people = of.cases[-1] * 40
    for n, (cases, deaths) in enumerate(zip(of.cases, of.deaths, strict=True)):
        row = [""] * len(PLACE)
        new = (cases - of.cases[n - 1], deaths - of.deaths[n - 1]) if n else ("", "")
        cells: dict[str, Any] = {
            "country": name,
            "date": first + timedelta(days=n),
            "code": code,
            "continent": continent,
            "population": people,
            "stringency_index": 44.44,
            "people_vaccinated": 1000.0 + 3 * n,
            "population_density": 104.23,
            "median_age": 42.7,
            "life_expectancy": 78.31,
            "human_development_index": 0.904,
        }
        if n < len(of.cases) - silent:
            cells |= {
                "total_cases": float(cases),
                "new_cases": float(new[0]) if n else "",
                "total_cases_per_million": round(cases / people * 1e6, 3),
                "new_cases_smoothed": round(cases / (n + 1), 3),
            }
            if n >= 7:
                cells |= {
                    "total_deaths": float(deaths),
                    "new_deaths": float(new[1]),
                    "total_deaths_per_million": round(deaths / people * 1e6, 3),
                    "new_deaths_smoothed": round(deaths / (n + 1), 3),
                }
        for column, cell in cells.items():
            row[PLACE[column]] = str(cell)
        yield ",".join(row)


def owid() -> bytes:
    lines = [OWID_HEADER]
    for name, code, continent in OWID:
        lines += owid_rows(name, code, continent, counts(name), silent=20 * (code == "COD"))
    return "".join(f"{line}\n" for line in lines).encode()


def jhu() -> dict[str, bytes]:
    """The three files; from 5 August 2021 on recoveries are 0."""
    days = [JHU_WINDOW + timedelta(days=n) for n in range(DAYS)]
    head = ",".join(["Province/State,Country/Region,Lat,Long", *map(american, days)])
    files = {}
    for what, measure in (
        ("confirmed", "cases"),
        ("deaths", "deaths"),
        ("recovered", "recoveries"),
    ):
        lines = [head]
        for province, country in JHU:
            values = getattr(counts(province or country), measure)
            if what == "recovered":
                pairs = zip(days, values, strict=True)
                values = [value if day <= JHU_LAST_RECOVERIES else 0 for day, value in pairs]
            quoted = f'"{country}"' if "," in country else country
            lines.append(",".join([province, quoted, "10.5", "-20.25", *map(str, values)]))
        files[f"time_series_covid19_{what}_global.csv"] = "\n".join([*lines, ""]).encode()
    return files


def american(day: date) -> str:
    return f"{day.month}/{day.day}/{day:%y}"


def vaccinations() -> bytes:
    """A table of one's own: 12 countries, the last day of 8 weeks, in a spreadsheet's CSV."""
    codes = ("ARG", "BRA", "CAN", "DEU", "ESP", "FRA", "GBR", "IND", "ITA", "NZL", "USA", "ZAF")
    lines = ["Country code;Week until;People vaccinated;Share (%)"]
    rng = random.Random("made up: vaccinations")  # noqa: S311 (repeatable is what it must be)
    for code in codes:
        share, people = 0.0, rng.randrange(5, 300) * 1_000_000
        for week in range(8):
            share += rng.randrange(2, 60) / 10
            until = date(2021, 1, 3) + timedelta(weeks=week)
            done = int(people * share / 100)
            lines.append(f"{code};{until};{done};{share:.1f}".replace(".", ","))
    return ("\n".join(lines) + "\n").encode()


def files() -> dict[str, bytes]:
    """Each sample's path and bytes, not packed."""
    return {
        "who.csv.gz": who(),
        "owid.csv.gz": owid(),
        "vaccinations.csv": vaccinations(),
        **{f"jhu/{name}": content for name, content in jhu().items()},
    }
