"""The register of sources: where each comes from, whose it is, and how it is read.

A source's `read` turns the files that were fetched into a SourceTable; its module is imported only
when it is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from etl import PROJECT
from etl.extract.levels import LEVELS, WITHIN

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("cases", "deaths", "recoveries")
SAMPLES = PROJECT / "samples"


@dataclass(frozen=True)
class SourceTable:
    """What a source says, nothing repaired yet.

    `entities`: the keys and names of its level (`country_key, country`), one row a country, in the
    source's own order; `iso3` besides, where the source has codes.
    `rows`: one row a country and day, by key and date: the key first (categorical, its categories
    sorted), `date` (datetime64[s]), `new_*` and `cumulative_*` of cases, deaths, recoveries, as the
    source has them: int32, or Int32 where some are missing. A measure the source lacks has no
    columns.
    """

    entities: "pd.DataFrame"
    rows: "pd.DataFrame"


@dataclass(frozen=True)
class Source:
    """One line of the register.

    `url` is its document's; where it has several, `files`, that of the folder they lie in.
    `known_fault` is told to readers where its repair is counted.
    """

    name: str
    title: str
    url: str
    files: tuple[str, ...]
    attribution: str
    licence: str
    module: str
    function: str = "read"
    level: str = "countries"
    facts_url: str | None = None
    known_fault: str | None = None
    notice: str | None = None
    licence_id: str | None = None  # SPDX's

    @property
    def read(self) -> Callable[..., SourceTable]:
        """`read(*paths)`, of `files` in their order; raises SourceChanged with every fault."""
        function: Callable[..., SourceTable] = getattr(import_module(self.module), self.function)
        return function

    def documents(self, given: str = "") -> dict[str, str]:
        """The URL (or path) of each of `files`; `given` takes the place of `url`."""
        url = given or self.url
        if len(self.files) == 1:
            return {self.files[0]: url}
        folder, mark, query = url.partition("?")
        return {name: f"{folder.rstrip('/')}/{name}{mark}{query}" for name in self.files}


def data_set(source: str, level: str) -> str:
    """The register's name for a source at a level: coviddata, coviddata-regions."""
    return source if level == "countries" else f"{source}-{level}"


def level_of(data_set: str) -> str:
    """The level in such a name; it may be one that the register has no more."""
    return next((level for level in LEVELS if data_set.endswith(f"-{level}")), "countries")


SPIKE = "On 2021-01-01 its daily counts repeat the whole total of every country."

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        *(
            Source(
                name=data_set("coviddata", level),
                title=f"coviddata: COVID-19 statistics by {WITHIN[level][0]}",
                url=f"https://coviddata.github.io/coviddata/v1/{level}/stats.json",
                files=("stats.json",),
                attribution="coviddata.github.io, "
                "from the Johns Hopkins University CSSE repository",
                licence="none stated by the source",
                module="etl.extract.sources.coviddata",
                function=f"read_{level}",
                level=level,
                known_fault=SPIKE,
            )
            for level in LEVELS
        ),
        Source(
            name="who",
            title="World Health Organization: COVID-19 cases and deaths, daily",
            url="https://srhdpeuwpubsa.blob.core.windows.net/whdh/COVID/WHO-COVID-19-global-daily-data.csv",
            files=("WHO-COVID-19-global-daily-data.csv",),
            attribution="World Health Organization, data.who.int",
            licence="CC BY 4.0",
            module="etl.extract.sources.who",
            licence_id="CC-BY-4.0",
        ),
        Source(
            name="owid",
            title="Our World in Data: COVID-19 cases and deaths",
            url="https://catalog.ourworldindata.org/garden/covid/latest/compact/compact.csv",
            files=("compact.csv",),
            attribution="Our World in Data, from the World Health Organization",
            licence="CC BY 4.0",
            module="etl.extract.sources.owid",
            licence_id="CC-BY-4.0",
        ),
        Source(
            name="jhu",
            title="Johns Hopkins University: COVID-19 time series",
            url="https://raw.githubusercontent.com/CSSEGISandData/COVID-19/master/"
            "csse_covid_19_data/csse_covid_19_time_series/",
            files=tuple(
                f"time_series_covid19_{what}_global.csv"
                for what in ("confirmed", "deaths", "recovered")
            ),
            attribution="Center for Systems Science and Engineering (CSSE) at Johns Hopkins "
            "University",
            licence="CC BY 4.0",
            module="etl.extract.sources.jhu",
            licence_id="CC-BY-4.0",
        ),
        Source(
            name="sample",
            title="Made-up sample data in coviddata's format",
            url=str(SAMPLES / "stats.json.gz"),
            files=("stats.json",),
            attribution="made up by samples/make.py; every figure is invented",
            licence="MIT, like the project",
            module="etl.extract.sources.coviddata",
            function="read_countries",
            facts_url=str(SAMPLES / "InfoPaisosExtra.xlsx"),
            known_fault=SPIKE,
            notice="Made-up sample data: every figure is invented.",
            licence_id="MIT",
        ),
    )
}
