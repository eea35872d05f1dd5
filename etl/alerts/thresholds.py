"""Which countries rose above a limit, and which fell back below. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from etl.settings.alert_rules import AlertRule

EVERY = "*"
# where a source reports weekly, one day's count is missing; the average of the 7 days is used
OF_7_DAYS = {"new_cases": "cases_7d_avg", "new_deaths": "deaths_7d_avg"}

Row = Mapping[str, Any]  # a row of latest.json
Over = dict[str, list[str]]  # a rule, as text -> the keys of the countries over its limit


def crossings(
    rules: Sequence[AlertRule], latest: Sequence[Row], before: Mapping[str, Sequence[str]]
) -> tuple[Over, list[str]]:
    """Return which countries are over which limit, and a line for each that has crossed one.

    A new rule yields no lines the first time. A country whose figure is missing, or that reports
    nothing any more (silent), keeps its previous status: what is unknown has not crossed a limit.
    """
    over: Over = {}
    lines = []
    for rule in rules:
        was = set(before.get(str(rule), ()))
        known = {
            row["country_key"]: row for row in latest if not row.get("silent") and _meant(rule, row)
        }
        is_over = {key for key, row in known.items() if row[_measure(rule, row)] > rule.limit}
        now = is_over | (was - known.keys())
        over[str(rule)] = sorted(now)
        if str(rule) in before:
            lines += [_line(rule, known[key], ">") for key in sorted(now - was)]
            lines += [_line(rule, known[key], "<=") for key in sorted(was - now)]
    return over, lines


def idle_rules(rules: Sequence[AlertRule], latest: Sequence[Row]) -> list[AlertRule]:
    """Return the rules that match no published figure: a name is misspelt or filtered out."""
    return [rule for rule in rules if not any(_meant(rule, row) for row in latest)]


def _meant(rule: AlertRule, row: Row) -> bool:
    """Whether the row has a figure that the rule applies to."""
    value = row.get(_measure(rule, row))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    names = (row.get(name) for name in ("country_key", "country", "iso3"))
    wanted = rule.country.casefold()
    return wanted == EVERY or any(wanted == name.casefold() for name in names if name)


def _measure(rule: AlertRule, row: Row) -> str:
    """Return the column to look at: the rule's, or that of 7 days if one day's count is missing."""
    return rule.measure if row.get(rule.measure) is not None else OF_7_DAYS.get(rule.measure, "")


def _line(rule: AlertRule, row: Row, sign: str) -> str:
    measure = _measure(rule, row)
    value, days = row[measure], "" if measure == rule.measure else "7 days to "
    figure = f"{value:,.6g}" if value < 1e6 else f"{value:,.0f}"
    return f"{row['country']}: {measure} {figure} {sign} {rule.limit:,.12g} ({days}{row['date']})"
