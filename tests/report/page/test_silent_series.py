"""The page of WHO's form where a country is silent, or where all of them report weekly."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from etl.report.numbers import MISSING
from etl.store.memory import MemoryStore
from tests.support.pages import page_of, publish, table
from tests.support.runs import contents

HEADER = (
    "Date_reported,Country_code,Country,WHO_region,"
    "New_cases,Cumulative_cases,New_deaths,Cumulative_deaths"
)
COUNTRIES = {"FR": "France", "ES": "Spain"}
DAYS = 43  # 1 January to 12 February 2020


def publish_who(tmp_path: Path, new: Callable[[str, int], int | None]) -> MemoryStore:
    """Publish a file in WHO's form; `new` is the new count of a country's day, None for blank."""
    lines, totals = [HEADER], dict.fromkeys(COUNTRIES, 1000)
    for day in range(DAYS):
        for code, name in COUNTRIES.items():
            count = new(code, day)
            totals[code] += count or 0
            blank = "" if count is None else count
            at = date(2020, 1, 1) + timedelta(day)
            lines.append(f"{at},{code},{name},EURO,{blank},{totals[code]},{blank},{totals[code]}")
    content = "\n".join(lines).encode() + b"\n"
    return publish(tmp_path / "who.csv", content, SOURCE="who")


def test_a_silent_country_is_marked_and_unknown(tmp_path: Path) -> None:
    store = publish_who(tmp_path, lambda code, day: 70 if code == "FR" or day < 20 else None)
    page, objects = page_of(store), contents(store)
    rows = {row[0]: row for row in table(page)}
    assert rows["Spain silent since 2020-01-20"][1:5] == ["2,400", "2,400", MISSING, MISSING]
    ranked = page.one("table", id="bars").all("tr")[1:]
    assert [row.one("a").text for row in ranked] == ["France"]
    spain = next(row for row in page.all("tr") if row.attributes.get("data-key") == "spain")
    assert spain.attributes["class"] == "silent"
    assert json.loads(objects["manifest.json"])["checks"]["silent_series"] == ["spain"]
    about = json.loads(objects["world.json"])
    assert (about["silent"], about["left_out"]) == (1, [])
    assert about["totals"]["cumulative_cases"] == 1000 + 70 * DAYS + 2400
    assert about["series"]["new_cases"][20] is None
    assert "repeats their last total" in page.one("section", id="corrections").text


def test_a_weekly_source_speaks_of_the_last_7_days(tmp_path: Path) -> None:
    store = publish_who(tmp_path, lambda code, day: 700 if day % 7 == 0 else None)
    page, objects = page_of(store), contents(store)
    figures = page.all("dl")[0].text
    assert "+1,400 in the last 7 days" in figures
    assert "on the last day" not in figures
    assert "Cases a day200" in figures
    world = json.loads(objects["world.json"])["series"]
    assert set(world["new_cases"]) == {None}
    latest = json.loads(objects["latest.json"])["countries"]
    assert [(row["new_cases"], row["cases_7d_avg"]) for row in latest] == [(None, 100.0)] * 2
