"""The page's wording: its measures, the meaning of files and corrections, how values are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.extract import levels
from etl.history.own_note import ColumnNote
from etl.report.numbers import MISSING, typeset
from etl.store.layout import CHANGES
from etl.store.places import PLACES


@dataclass(frozen=True)
class Measure:
    """A column of the table. `places`: decimals; `share`: the value is shown in percent.

    `least_cases`: series with fewer cases are not ranked, since chance decides their value.
    """

    column: str
    heading: str
    meaning: str
    places: int = 0
    share: bool = False
    least_cases: int = 0
    unit: str = ""  # of the user's own columns; the register has the others'

    def say(self, value: float | None) -> str:
        if value is None:
            return MISSING
        return typeset(value * 100 if self.share else value, self.places) + "%" * self.share


CASES = "cumulative_cases"
MEASURES = (
    Measure(CASES, "Cases", "total confirmed cases"),
    Measure("cumulative_deaths", "Deaths", "total deaths"),
    Measure("cases_7d_avg", "Cases a day", "new cases a day, average of the last 7 days", 1),
    Measure("deaths_7d_avg", "Deaths a day", "new deaths a day, average of the last 7 days", 1),
    Measure(
        "cases_7d_per_100k",
        "7-day cases per 100,000",
        "cases of the last 7 days per 100,000 people",
        1,
    ),
    Measure(
        "case_fatality",
        "Case fatality rate",
        "case fatality rate: total deaths / total confirmed cases",
        2,
        share=True,
        least_cases=100,
    ),
    Measure("population", "Population", "population"),
)
NO_BLANKS = str.maketrans("{}", "()")  # in translated sentences they are blanks
MOST_OWN = 4  # measures of TABLES and TRANSFORM on the page; the files have all
MEANING = {
    place.key: place.meaning
    for place in PLACES
    if place.owner == "published"
    and not place.key.endswith(("/", ".html"))
    and place.key != CHANGES  # it has a section of its own
}
ELSEWHERE = {
    "feed.xml": "a feed of what was published, for feed readers",
    "datapackage.json": "the data package: every file and column, for programs",
    "croissant.json": "the same in Croissant's form, for machine learning",
    "status.json": "the last check, and the outcome of the last 90 days",
}
CORRECTIONS = (
    (
        "new_recomputed",
        "Daily counts that differ from the source's own",
        "Every daily count is the difference between two totals, whatever the source says.",
    ),
    (
        "new_negative",
        "Daily counts below zero",
        "The source lowered its total: a day, or an average of 7 days, can then be below zero.",
    ),
    (
        "days_missing",
        "Days missing in a series",
        "The averages spread the cases and deaths of such a gap evenly over its days.",
    ),
    (
        "new_unknowable",
        "Daily counts left out",
        "After a gap or days without a report, the count of a single day is unknown.",
    ),
    (
        "not_reported",
        "Daily counts that were not reported",
        "The source left them blank and repeated its total: they are unknown, not zero.",
    ),
    (
        "negative_missing",
        "Totals below zero",
        "No total can be below zero: they are left out.",
    ),
    (
        "names_replaced",
        "Names with broken characters",
        "The country is identified by its code or key and named as in the project's own table.",
    ),
    (
        "rows_nameless",
        "Rows without a name",
        "They have neither a code nor a name: they are left out.",
    ),
)


OUTCOMES = {  # of a slot
    "published": "a new version",
    "unchanged": "nothing new at the source",
    "restored": "an earlier version was restored",
    "failed": "the run failed; the previous version stayed in place",
    "missed": "no run",
}
MONTHS = tuple(
    f"{{day}} {name} {{year}}"
    for name in (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    )
)


def own_measures(
    columns: Sequence[ColumnNote], latest: Sequence[Mapping[str, Any]]
) -> list[Measure]:
    """Return the numeric columns of TABLES and TRANSFORM that have values."""
    made = []
    for one in columns:
        values = [row[one.name] for row in latest if row.get(one.name) is not None]
        if values and one.type in ("integer", "number"):
            places = 0 if one.type == "integer" else 1 if max(map(abs, values)) >= 10 else 3
            meaning = f"{one.meaning} ({one.unit})" if one.unit else one.meaning
            meaning = f"{plain(one.name)}, {meaning}".translate(NO_BLANKS)
            heading = plain(one.name).capitalize()
            made.append(Measure(one.name, heading, meaning, places, unit=one.unit))
    return made


def filters(settings: Mapping[str, str], dropped: Sequence[str] = ()) -> list[tuple[str, str]]:
    """List what the settings and the user's step leave out, as sentences and their {value}."""
    said = [
        ("only some countries ({value})", settings["COUNTRIES"].replace(",", ", ")),
        ("only days from {value} on", settings["SINCE"]),
    ]
    kept = {"new": "only new counts", "cumulative": "only cumulative counts"}
    said.append((kept.get(settings["KEEP"], ""), settings["KEEP"]))
    said.append(("without the columns {value}", ", ".join(dropped)))
    return [(sentence, value) for sentence, value in said if sentence and value]


def at_level(sentence: str, level: str) -> str:
    """Fill [one], [One] and [all] in a sentence with the words of a level: country, countries."""
    one = levels.one(level)
    for blank, word in (("[one]", one), ("[One]", one.capitalize()), ("[all]", level)):
        sentence = sentence.replace(blank, word)
    return sentence


def plain(measure: str) -> str:
    """Write a column's name as words: cumulative cases."""
    return measure.replace("_", " ")
