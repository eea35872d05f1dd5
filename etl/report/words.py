"""The page's words: its measures, what files and corrections mean, and how values are said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

NOTHING = "–"  # noqa: RUF001  a dash stands for what is missing


@dataclass(frozen=True)
class Measure:
    """A column of the table; `places` are its decimals, a share is shown in percent."""

    column: str
    heading: str
    meaning: str
    places: int = 0
    share: bool = False

    def say(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        return number(value * 100 if self.share else value, self.places) + "%" * self.share


MEASURES = (
    Measure("cumulative_cases", "Cases", "confirmed cases in all"),
    Measure("cumulative_deaths", "Deaths", "deaths in all"),
    Measure("cases_7d_avg", "Cases a day", "new cases a day, average of the last 7 days", 1),
    Measure("deaths_7d_avg", "Deaths a day", "deaths a day, average of the last 7 days", 1),
    Measure(
        "cases_7d_per_100k",
        "7-day cases per 100,000",
        "cases of the last 7 days per 100,000 people",
        1,
    ),
    Measure("case_fatality", "Fatality", "deaths in all / cases in all", 2, share=True),
    Measure("population", "Population", "people"),
)
MAP_FROM = (0, 1, 10, 25, 50, 100, 250, 500)  # where each colour begins, the same every day
MEANING = {
    "datapackage.json": "all of this for programs: columns, units, digests",
    "countries.json": "every country: codes, facts, its file",
    "regions.json": "every region: its country, that one's codes and facts, its file",
    "places.json": "every place: its region and country, that one's codes and facts, its file",
    "latest.csv": "one row a {one}: open it in a spreadsheet",
    "latest.json": "one row a {one}",
    "stats.json": "the source's own shape, repaired",
    "timeseries.csv.gz": "the whole table: one row a {one} and day",
    "timeseries.parquet": "the same, typed",
    "world.json": "world totals and series",
}
CORRECTIONS = (
    (
        "new_recomputed",
        "Daily counts that differ from the source's own",
        "Every daily count is the difference of two totals, whatever the source gives for it.",
    ),
    (
        "new_negative",
        "Daily counts below zero",
        "The source lowered a total: that shows, where the source's own count stops at zero.",
    ),
    (
        "days_missing",
        "Days that a series lacks",
        "The averages spread what came over such a gap evenly across it.",
    ),
    (
        "new_unknowable",
        "Daily counts left out",
        "Behind a gap one day's share can't be known.",
    ),
)


def meaning(name: str, one: str) -> str:
    """What a file holds; `one`: country, region or place."""
    return MEANING.get(name, "").format(one=one)


def filters(settings: Mapping[str, str]) -> list[str]:
    """What the settings leave out, for people."""
    said = {
        "COUNTRIES": f"only some countries ({settings['COUNTRIES'].replace(',', ', ')})",
        "SINCE": f"only days from {settings['SINCE']} on",
        "KEEP": f"only {settings['KEEP']} counts" if settings["KEEP"] != "all" else "",
    }
    return [text for name, text in said.items() if settings[name] and text]


def number(value: float, places: int = 0) -> str:
    """1,234.5, with a minus that is one."""
    text = f"{round(value, places) + 0.0:,.{places}f}"  # + 0.0: no -0.0
    return text.replace("-", "\u2212")


def size(count: int) -> str:
    """Bytes as people read them: 1.6 MB."""
    for limit, unit in ((10**6, "MB"), (10**3, "kB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} bytes"


def long_date(day: date) -> str:
    return f"{day:%-d %B %Y}"
