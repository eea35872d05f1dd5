"""Make a big file of a small one: `python dev/bench/extend.py INPUT[.gz] OUTPUT --copies 10`.

Reads coviddata's countries, continues every current series to `--days` days after the file's first
date, and writes each country `--copies` times under different keys. The added days are made up:
good for measuring and nothing else. They have the source's defects, and the same input gives the
same bytes.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ALIVE_DAYS = 14  # a series that ended earlier than this before the file's last date stays as it is
RECENT_DAYS = 28
MOST_GROWTH = 20  # no count ends higher than this times its last real value
WEEK = (0.80, 1.05, 1.10, 1.15, 1.10, 1.00, 0.80)  # Monday to Sunday, 1 on average
SPIKE = "2021-01-01"  # `new` repeats the whole cumulative count
CORRECTED_DAYS, CORRECTION = 0.0015, 0.002  # share of the days that lose this share of a count

Day = dict[str, dict[str, int]]


def span(entries: Sequence[dict[str, Any]]) -> tuple[date, date]:
    """Return the first and the last date of all series."""
    days = [day for entry in entries for day in (min(entry["dates"]), max(entry["dates"]))]
    return date.fromisoformat(min(days)), date.fromisoformat(max(days))


def recent_per_day(dates: dict[str, Day], measure: str) -> float:
    """Return the series' recent daily increase; 0 if it fell."""
    rows = [*dates.items()][-RECENT_DAYS - 1 :]
    (first, before), (last, now) = rows[0], rows[-1]
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return max(now["cumulative"][measure] - before["cumulative"][measure], 0) / max(days, 1)


def carry_on(rng: random.Random, dates: dict[str, Day], end: date) -> dict[str, Day]:
    """Continue the series up to `end`: its recent level times slow waves from 0.2 to 1.6."""
    last = date.fromisoformat(max(dates))
    start = dates[str(last)]["cumulative"]
    level = {measure: recent_per_day(dates, measure) for measure in start}
    level["recoveries"] = min(level["recoveries"], level["cases"])
    period, phase = rng.uniform(120, 240), rng.random()
    longer, total, before = dict(dates), dict[str, float](start), start
    for ahead in range(1, (end - last).days + 1):
        day = last + timedelta(days=ahead)
        triangle = abs((ahead / period + phase) % 1 * 2 - 1)
        height = (0.2 + 1.4 * triangle) * WEEK[day.weekday()]
        for measure in total:
            more = level[measure] * height * rng.uniform(0.85, 1.15)
            if rng.random() < CORRECTED_DAYS:
                more = -CORRECTION * total[measure]
            total[measure] = min(total[measure] + more, MOST_GROWTH * start[measure])
        now = {measure: int(total[measure]) for measure in start}
        now["recoveries"] = min(now["recoveries"], max(now["cases"] - now["deaths"], 0))
        new = {measure: max(now[measure] - before[measure], 0) for measure in start}
        longer[str(day)] = {"new": now if str(day) == SPIKE else new, "cumulative": now}
        before = now
    return longer


def fill_in(dates: dict[str, Day], first: date) -> dict[str, Day]:
    """Return the series with zeros from `first` to its own first day."""
    nothing = dict.fromkeys(("cases", "deaths", "recoveries"), 0)
    missing = (date.fromisoformat(min(dates)) - first).days
    days = (str(first + timedelta(days=n)) for n in range(missing))
    return {day: {"new": nothing, "cumulative": nothing} for day in days} | dates


@dataclass(frozen=True)
class Plan:
    """The days to write; series that ended before `alive_since` are not continued."""

    first: date
    end: date
    alive_since: date

    @classmethod
    def of(cls, entries: Sequence[dict[str, Any]], days: int, full: bool) -> "Plan":
        first, last = span(entries)
        alive_since = date.min if full else last - timedelta(days=ALIVE_DAYS)
        return cls(first, first + timedelta(days=days - 1), alive_since)


def extend(entry: dict[str, Any], plan: Plan) -> dict[str, Any]:
    dates = entry["dates"]
    if date.fromisoformat(max(dates)) < plan.alive_since:
        return entry
    if plan.alive_since == date.min:
        dates = fill_in(dates, plan.first)
    # seeded by the country, so that the same input gives the same bytes
    rng = random.Random(entry["country"]["key"])  # noqa: S311
    return {"country": entry["country"], "dates": carry_on(rng, dates, plan.end)}


def last_cases(entry: dict[str, Any]) -> int:
    cases: int = entry["dates"][max(entry["dates"])]["cumulative"]["cases"]
    return cases


def written(entries: Sequence[dict[str, Any]], plan: Plan, copies: int) -> Iterator[str]:
    """Yield the file in pieces, one copy of a country each, most cases first."""
    # Made twice, once to sort and once to write: all of them at once would not fit in memory.
    ordered = sorted(entries, key=lambda entry: -last_cases(extend(entry, plan)))
    for i, entry in enumerate(ordered):
        dates = compact(extend(entry, plan)["dates"])
        for n in range(1, copies + 1):
            country = entry["country"] if n == 1 else renamed(entry["country"], n)
            opening = "[" if i == 0 and n == 1 else ","
            yield f'{opening}{{"country":{compact(country)},"dates":{dates}}}'
    yield "]"


def renamed(country: dict[str, str], n: int) -> dict[str, str]:
    return country | {"key": f"{country['key']}-{n}", "name": f"{country['name']} {n}"}


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def read(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    entries: list[dict[str, Any]] = json.loads(
        gzip.decompress(content) if path.suffix == ".gz" else content
    )
    return entries


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make a big file of a small one, for measuring.")
    parser.add_argument("input", type=Path, help="coviddata's countries, .json or .json.gz")
    parser.add_argument("output", type=Path)
    parser.add_argument("--days", type=int, default=1143, help="from the first date (%(default)s)")
    parser.add_argument("--copies", type=int, default=1, help="of each country (%(default)s)")
    parser.add_argument(
        "--full", action="store_true", help="every series runs from the first day to the last"
    )
    options = parser.parse_args(argv)
    entries = read(options.input)
    first, last = span(entries)
    plan = Plan.of(entries, options.days, options.full)
    if plan.end < last or options.copies < 1:
        parser.error(f"--days must reach {last} ({(last - first).days + 1}), --copies be 1 or more")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="ascii", newline="") as output:
        output.writelines(written(entries, plan, options.copies))


if __name__ == "__main__":
    main()
