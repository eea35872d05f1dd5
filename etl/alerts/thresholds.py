"""Which countries rose above a limit, and which fell back below. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from etl.settings.alert_rules import AlertRule

EVERY = "*"

Row = Mapping[str, Any]  # a row of latest.json
Over = dict[str, list[str]]  # a rule, as text -> the keys of the countries over its limit


def crossings(
    rules: Sequence[AlertRule], latest: Sequence[Row], before: Mapping[str, Sequence[str]]
) -> tuple[Over, list[str]]:
    """Return which countries are over which limit, and a line for each that has crossed one.

    A new rule yields no lines the first time. A country whose figure is missing keeps its previous
    status: what is unknown has not crossed a limit.
    """
    over: Over = {}
    lines = []
    for rule in rules:
        was = set(before.get(str(rule), ()))
        known = {row["country_key"]: row for row in latest if _meant(rule, row)}
        is_over = {key for key, row in known.items() if row[rule.measure] > rule.limit}
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
    if row.get(rule.measure) is None:
        return False
    names = (row.get(name) for name in ("country_key", "country", "iso3"))
    wanted = rule.country.casefold()
    return wanted == EVERY or any(wanted == name.casefold() for name in names if name)


def _line(rule: AlertRule, row: Row, sign: str) -> str:
    figure = f"{row[rule.measure]:,.6g}" if row[rule.measure] < 1e6 else f"{row[rule.measure]:,.0f}"
    return f"{row['country']}: {rule.measure} {figure} {sign} {rule.limit:,.12g} ({row['date']})"
