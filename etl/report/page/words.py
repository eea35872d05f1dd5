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
    """A column of the table. `places`: decimals; `share`: the value is shown in percent."""

    column: str
    heading: str
    meaning: str
    places: int = 0
    share: bool = False

    def say(self, value: float | None) -> str:
        if value is None:
            return MISSING
        return typeset(value * 100 if self.share else value, self.places) + "%" * self.share


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
NO_BLANKS = str.maketrans("{}", "()")  # in translated sentences they are blanks
MOST_OWN = 4  # columns of TABLES and TRANSFORM; the files have all
MAP_FROM = (0, 1, 10, 25, 50, 100, 250, 500)  # where each colour begins, the same every day
MEANING = {
    place.key: place.meaning
    for place in PLACES
    if place.owner == "published"
    and not place.key.endswith(("/", ".html"))
    and place.key != CHANGES  # it has a section of its own
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
        "The source lowered its total: a day, or an average of 7 days, can then be below zero.",
    ),
    (
        "days_missing",
        "Days that a series lacks",
        "The averages spread what came over such a gap evenly across it.",
    ),
    (
        "new_unknowable",
        "Daily counts left out",
        "After a gap, or days that were not reported, one day's share can't be known.",
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
        "The country is known by its code or key: its name is the one of the project's own table.",
    ),
    (
        "rows_nameless",
        "Rows that name nothing",
        "They have neither a code nor a name: they are left out.",
    ),
)


OUTCOMES = {  # of a slot
    "published": "a new version",
    "unchanged": "nothing new at the source",
    "restored": "an earlier version was put back",
    "failed": "what was published stayed",
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
    """Return the first numeric columns of TABLES and TRANSFORM that have values."""
    made = []
    for one in columns:
        values = [row[one.name] for row in latest if row.get(one.name) is not None]
        if values and one.type in ("integer", "number"):
            places = 0 if one.type == "integer" else 1 if max(map(abs, values)) >= 10 else 3
            meaning = f"{one.meaning} ({one.unit})" if one.unit else one.meaning
            meaning = f"{plain(one.name)}, {meaning}".translate(NO_BLANKS)
            made.append(Measure(one.name, plain(one.name).capitalize(), meaning, places))
    return made[:MOST_OWN]


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
