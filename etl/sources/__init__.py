"""The register of sources: where each comes from, whose it is, and how it is read.

A source's `read` turns the file that was fetched into a SourceTable; its module is imported only
when it is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("cases", "deaths", "recoveries")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@dataclass(frozen=True)
class SourceTable:
    """What a source says, nothing repaired yet.

    `entities`: `country_key, country`, one row a country, in the source's own order.
    `rows`: one row a country and day, by country_key and date: `country_key` (categorical, its
    categories sorted), `date` (datetime64[s]), `new_*` and `cumulative_*` of cases, deaths,
    recoveries (int32), as the source has them.
    """

    entities: "pd.DataFrame"
    rows: "pd.DataFrame"


@dataclass(frozen=True)
class Source:
    """One line of the register. `known_fault` is told to readers where its repair is counted."""

    name: str
    title: str
    url: str
    file_name: str
    attribution: str
    licence: str
    module: str
    facts_url: str | None = None
    known_fault: str | None = None
    notice: str | None = None
    licence_id: str | None = None  # SPDX's

    @property
    def read(self) -> Callable[[Path], SourceTable]:
        """`read(path)`; raises SourceChanged with every fault it found."""
        function: Callable[[Path], SourceTable] = import_module(self.module).read
        return function


SPIKE = "On 2021-01-01 its daily counts repeat the whole total of every country."

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="coviddata",
            title="coviddata: COVID-19 statistics by country",
            url="https://coviddata.github.io/coviddata/v1/countries/stats.json",
            file_name="stats.json",
            attribution="coviddata.github.io, from the Johns Hopkins University CSSE repository",
            licence="none stated by the source",
            module="etl.sources.coviddata",
            known_fault=SPIKE,
        ),
        Source(
            name="sample",
            title="Made-up sample data in coviddata's format",
            url=str(SAMPLES / "stats.json.gz"),
            file_name="stats.json",
            attribution="made up by samples/make.py; every figure is invented",
            licence="MIT, like the project",
            module="etl.sources.coviddata",
            facts_url=str(SAMPLES / "InfoPaisosExtra.xlsx"),
            known_fault=SPIKE,
            notice="Made-up sample data: every figure is invented.",
            licence_id="MIT",
        ),
    )
}
