"""Make the sample files beside this script, the same bytes each time: `python -m samples.make`.

Every figure in them is made up, but for rounded populations and urban shares. What is true to life
is the form: the files look as the sources' own do, known defects included (README.md says which
and where), so that the demo and the tests meet them.
"""

import argparse
import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple

from samples import levels, living

FACTS = Path(__file__).with_name("InfoPaisosExtra.csv")  # kept by hand
DAY_0, LAST_DAY, NEXT_DAY = date(2020, 1, 22), date(2021, 2, 24), date(2021, 2, 25)
LAGS = {"cases": 0, "deaths": 14, "recoveries": 21}
RATES = {"cases": 1.0, "deaths": 0.02, "recoveries": 0.93}
WEEK = (0.80, 1.05, 1.10, 1.15, 1.10, 1.00, 0.80)  # Monday to Sunday, 1 on average
FREE_WEEKEND = (2.20, 1.15, 1.20, 1.20, 1.25, 0.00, 0.00)
SILENT_ON_WEEKENDS = ("spain", "sweden", "france", "canada", "peru", "kosovo")
NO_RECOVERIES = ("united-kingdom", "sweden")
DAILY_RECOVERIES = ("united-states", "brazil", "south-africa")

# name, first day (and last, where it stopped), cases on the last day, roughly
SERIES = """
United States,2020-01-22,24000000; India,2020-01-30,12500000; Brazil,2020-01-26,9300000;
Russia,2020-01-31,4500000; United Kingdom,2020-01-30,3700000; France,2020-01-25,3300000;
Spain,2020-02-01,2900000; Italy,2020-02-01,2600000; Germany,2020-01-28,2200000;
Argentina,2020-03-03,1900000; Mexico,2020-02-27,1800000; Iran,2020-02-19,1500000;
South Africa,2020-03-05,1400000; Peru,2020-03-06,1200000; Canada,2020-01-26,850000;
Sweden,2020-01-31,600000; Japan,2020-01-22,410000; Saudi Arabia,2020-03-02,360000;
Egypt,2020-02-14,180000; West Bank and Gaza,2020-03-26,170000; Nigeria,2020-02-28,140000;
China,2020-01-22,100000; South Korea,2020-01-22,90000; Kosovo,2020-03-20,65000;
Ivory Coast,2020-03-11,31000; Australia,2020-01-25,28000; Congo (Kinshasa),2020-03-11,25000;
Eritrea,2020-03-21,3000; New Zealand,2020-02-28,2300; Taiwan,2020-01-22,950;
Cruise Ship,2020-03-11/2020-03-23,700; Others,2020-02-08/2020-03-10,640;
Hong Kong,2020-01-23/2020-03-10,110; Congo,2020-03-16/2020-03-21,3;
Palestine,2020-03-05/2020-03-17,0
"""
SPIKE = "2021-01-01"  # `new` repeats the whole cumulative count
# The source corrected itself: this share of the day before was taken off, for good.
DROPS = (
    ("spain", "cases", "2020-06-11", 0.02),
    ("france", "cases", "2020-07-07", 0.01),
    ("congo-kinshasa", "cases", "2020-11-18", 0.03),
    ("italy", "deaths", "2020-08-04", 0.015),
    ("kosovo", "deaths", "2020-09-23", 0.05),
    ("brazil", "recoveries", "2020-08-19", 0.04),
    ("south-africa", "recoveries", "2020-10-30", 0.02),
    ("united-states", "recoveries", "2020-12-15", 1.0),  # given up: 0 ever since
)
GAPS = (  # first and last missing day
    ("brazil", "2020-01-29", "2020-02-25"),
    ("ivory-coast", "2020-09-12", "2020-09-12"),
    ("ivory-coast", "2021-01-16", "2021-01-18"),
    ("kosovo", "2020-08-08", "2020-08-12"),
)
RESTATED = (  # cumulative counts of days past that the next day's file tells differently
    ("france", "cases", "2021-02-24", 1500),
    ("united-kingdom", "deaths", "2021-02-23", 21),
    ("india", "deaths", "2020-07-15", 60),
    ("kosovo", "recoveries", "2021-01-06", -40),
    ("argentina", "cases", "2020-10-12", -400),
)


class Series(NamedTuple):
    key: str
    name: str
    first: str
    last: str
    cases: int


def all_series() -> Iterator[Series]:
    for part in SERIES.split(";"):
        name, days, cases = part.strip().split(",")
        key = name.lower().replace(" ", "-").replace("(", "").replace(")", "")
        first, _, last = days.partition("/")
        yield Series(key, name, first, last, int(cases))


def index(iso: str) -> int:
    return (date.fromisoformat(iso) - DAY_0).days


def curve(rng: random.Random, first: int, days: int) -> list[float]:
    """Two waves above a floor, from + - * / alone: every computer rounds those alike."""
    early, late = first + rng.uniform(50, 95), rng.uniform(315, 375)
    waves = ((1.0, early, rng.uniform(30, 45)), (rng.uniform(1.1, 1.3), late, rng.uniform(70, 95)))
    roots = [sum(h / (1 + ((t - p) / w) * ((t - p) / w)) for h, p, w in waves) for t in range(days)]
    start = [max(t - first, 0) / (abs(t - first) + 60) for t in range(days)]
    return [s * (0.08 + r * r * r * r) for s, r in zip(start, roots, strict=True)]


def cumulate(rng: random.Random, one: Series, days: int) -> dict[str, list[int]]:
    """One country's counts on each of `days` days since DAY_0, before any correction."""
    heights = curve(rng, index(one.first), days)
    scale = one.cases / fsum(heights[: index(one.last or str(LAST_DAY)) + 1])
    week = FREE_WEEKEND if one.key in SILENT_ON_WEEKENDS else WEEK
    counts: dict[str, list[int]] = {}
    for measure, lag in LAGS.items():
        total = 1.0 if measure == "cases" and one.cases else 0.0
        counts[measure] = []
        for t, height in enumerate([0.0] * lag + heights[: days - lag]):
            rhythm = week[(DAY_0.weekday() + t) % 7] * rng.uniform(0.85, 1.15)
            total += height * rhythm * scale * RATES[measure]
            counts[measure].append(int(total))
    if one.key not in DAILY_RECOVERIES:  # on Wednesdays, as DAY_0 was; or never
        each = days if one.key in NO_RECOVERIES else 7
        counts["recoveries"] = [counts["recoveries"][t - t % each] for t in range(days)]
    return counts


def correct(counts: dict[str, list[int]], key: str) -> dict[str, list[int]]:
    """The counts with this country's DROPS."""
    done = {measure: [*values] for measure, values in counts.items()}
    for _, measure, iso, share in (drop for drop in DROPS if drop[0] == key):
        values, t = done[measure], index(iso)
        fall = values[t] - values[t - 1] + int(values[t - 1] * share)
        done[measure] = values[:t] + [value - fall if share < 1 else 0 for value in values[t:]]
    return done


def entry(one: Series, counts: dict[str, list[int]], until: date) -> dict[str, Any]:
    """One country in the source's shape: `new` is never negative, and the first day's is all."""
    dates: dict[str, dict[str, dict[str, int]]] = {}
    before = dict.fromkeys(LAGS, 0)
    for t in range(index(one.first), index(one.last or str(until)) + 1):
        iso = str(DAY_0 + timedelta(days=t))
        if any(key == one.key and first <= iso <= last for key, first, last in GAPS):
            continue
        now = {measure: counts[measure][t] for measure in LAGS}
        new = {measure: max(now[measure] - before[measure], 0) for measure in LAGS}
        dates[iso] = {"new": now if iso == SPIKE else new, "cumulative": now}
        before = now
    return {"country": {"key": one.key, "name": one.name}, "dates": dates}


def stats(until: date) -> bytes:
    """The source's stats.json of LAST_DAY or NEXT_DAY: countries by last cases, descending."""
    entries = []
    for one in all_series():
        rng = random.Random(f"made up: {one.key}")  # noqa: S311 (repeatable is what it must be)
        counts = correct(cumulate(rng, one, index(str(NEXT_DAY)) + 1), one.key)
        for key, measure, iso, more in RESTATED if until == NEXT_DAY else ():
            counts[measure][index(iso)] += more if key == one.key else 0
        entries.append(entry(one, counts, until))
    entries.sort(key=lambda entry: -[*entry["dates"].values()][-1]["cumulative"]["cases"])
    return json.dumps(entries, separators=(",", ":")).encode()


def xlsx(table: Iterable[Sequence[str | float]]) -> bytes:
    """The table as a workbook, written once more without the clock that openpyxl stamps on it."""
    from openpyxl import Workbook  # type: ignore[import-untyped,unused-ignore]
    from openpyxl.styles import Font  # type: ignore[import-untyped,unused-ignore]
    from openpyxl.writer.excel import ExcelWriter  # type: ignore[import-untyped,unused-ignore]

    book, draft, final = Workbook(), io.BytesIO(), io.BytesIO()
    midnight = datetime.combine(LAST_DAY, datetime.min.time())
    book.properties.created = book.properties.modified = midnight
    book.properties.title = "Made up, for the demo and the tests"
    book.active.title = "Database_option2"
    for row in table:
        book.active.append(row)
    for column in range(1, 21):  # in the field's sheet too, ten empty columns follow the table
        book.active.cell(1, column).font = Font(bold=True)
    ExcelWriter(book, zipfile.ZipFile(draft, "w")).save()
    with zipfile.ZipFile(draft) as old, zipfile.ZipFile(final, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED, 9)
    return final.getvalue()


def facts() -> list[list[str | float]]:
    rows = csv.reader(FACTS.read_text(encoding="utf-8").splitlines())
    return [[json.loads(c) if c.replace(".", "").isdigit() else c for c in row] for row in rows]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the sample files, the same bytes each time.")
    parser.add_argument("--out", type=Path, default=FACTS.parent, help="folder to write to")
    out: Path = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    today, next_day = stats(LAST_DAY), stats(NEXT_DAY)
    made = {"stats.json.gz": today, "stats-next-day.json.gz": next_day}
    made |= {**living.files(), **levels.files()}
    for name, content in made.items():
        (out / name).parent.mkdir(exist_ok=True)
        packing = name.endswith(".gz")
        (out / name).write_bytes(gzip.compress(content, 9, mtime=0) if packing else content)
    (out / "InfoPaisosExtra.xlsx").write_bytes(xlsx(facts()))
    (out / FACTS.name).write_bytes(FACTS.read_bytes())


if __name__ == "__main__":
    main()
