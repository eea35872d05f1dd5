"""The register of sources: where each comes from, whose it is, and which function reads it.

The idle worker imports it, so it uses the standard library only. `table.read_table` imports a
source's module when it reads the source.
"""

from dataclasses import dataclass

from etl import PROJECT
from etl.extract.levels import LEVELS, WITHIN

MEASURES = ("cases", "deaths", "recoveries")
SAMPLES = PROJECT / "samples"


@dataclass(frozen=True)
class Source:
    """One entry of the register.

    `url` is the document's address; if there are several `files`, the address of their folder.
    `module` and `function` name the reader that turns the files into a SourceTable. Pages that
    count the repairs show the `known_fault`. `creator`: who made the data, in catalogues; empty:
    the `attribution`. `licence_id` is SPDX's, and None if the source states no licence.
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
    licence_id: str | None = None
    creator: str = ""

    @property
    def author(self) -> str:
        """Return the creator as catalogues name it."""
        return self.creator or self.attribution

    @property
    def licence_url(self) -> str | None:
        """Return the address of the exact version of the licence."""
        return licence_url(self.licence_id)

    def documents(self, given: str = "") -> dict[str, str]:
        """Return the URL (or path) of each of `files`; `given` is used instead of `url`."""
        url = given or self.url
        if len(self.files) == 1:
            return {self.files[0]: url}
        folder, mark, query = url.partition("?")
        return {name: f"{folder.rstrip('/')}/{name}{mark}{query}" for name in self.files}


def licence_url(licence_id: str | None) -> str | None:
    return f"https://spdx.org/licenses/{licence_id}.html" if licence_id else None


def data_set(source: str, level: str) -> str:
    """Return the register's name for a source at a level: `coviddata`, `coviddata-regions`."""
    return source if level == "countries" else f"{source}-{level}"


def level_of(data_set: str) -> str:
    """Return the level in a data set's name; the source need not be in the register any more."""
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
                creator="coviddata",
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
            creator="World Health Organization",
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
            creator="Our World in Data",
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
            creator="Cloud ETL",
        ),
    )
}
