"""Every source at every level: published whole, on its page, in its package and in its report."""

import csv
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from etl.extract import levels
from etl.extract.sources import SAMPLES
from etl.history import history
from etl.load.month import Month
from etl.report.monthly import make
from etl.report.page import page, series
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.transform import report_columns
from tests.support.chart_series import decoded
from tests.support.packages import faults
from tests.support.page_reader import Element, read_page
from tests.support.runs import assert_settled, contents, run

FACTS = str(SAMPLES / "InfoPaisosExtra.xlsx")
SAMPLE_OF = {  # and the last day of its figures
    "who": ("who.csv.gz", "2024-03-10"),
    "owid": ("owid.csv.gz", "2024-03-10"),
    "jhu": ("jhu", "2021-09-08"),
    "coviddata": ("stats.json.gz", "2021-02-24"),
    "coviddata-regions": ("regions.json.gz", "2020-07-10"),
    "coviddata-places": ("places.json.gz", "2020-07-10"),
}
WITHOUT_RECOVERIES = ("who", "owid")


@dataclass(frozen=True)
class Published:
    """A sample in a folder; `last` is the last day of its figures."""

    name: str
    level: str
    folder: Path
    manifest: dict[str, Any]
    latest: list[dict[str, Any]]
    last: datetime

    @property
    def keys(self) -> set[str]:
        return {row[levels.names(self.level)[0]] for row in self.latest}

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def page(self) -> Element:
        return read_page(self.text("index.html"))


def variables(name: str) -> dict[str, Any]:
    source, _, level = name.partition("-")
    return {"SOURCE": source, "LEVEL": level or "countries", "COUNTRIES_URL": FACTS}


@pytest.fixture(scope="module", params=SAMPLE_OF)
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    name, folder = request.param, tmp_path_factory.mktemp("out")
    (sample, day), store = SAMPLE_OF[name], DirectoryStore(folder)
    last = datetime.fromisoformat(day).replace(tzinfo=UTC)
    # by the last day's evening: the month of the report is the one that the figures end in
    made = run(store, SAMPLES / sample, **variables(name), now=last + timedelta(hours=20))
    assert made.outcome == "published"
    level = variables(name)["LEVEL"]
    return Published(
        name=name,
        level=level,
        folder=folder,
        manifest=assert_settled(contents(store)),
        latest=json.loads((folder / "latest.json").read_bytes())[level],
        last=last,
    )


# ---- published


def test_all_of_it_is_published_with_a_page_and_as_its_package_describes_it(
    published: Published,
) -> None:
    names = {file["name"] for file in published.manifest["files"]}
    assert {"index.html", "latest.csv", f"{published.level}.json"} <= names
    assert ("world.json" in names) == (published.level == "countries")
    assert not [line for line in published.manifest["checks"]["warnings"] if "page" in line]
    assert faults(published.folder / "datapackage.json") == []
    resources = json.loads(published.text("datapackage.json"))["resources"]
    [table] = [one for one in resources if one["path"] == "latest.csv"]
    assert table["schema"]["primaryKey"] == [levels.names(published.level)[0]]
    described = [field["name"] for field in table["schema"]["fields"]]
    assert described == next(csv.reader(published.text("latest.csv").splitlines()))


def test_a_source_without_recoveries_says_nothing_of_them_to_people(published: Published) -> None:
    lacks = published.name in WITHOUT_RECOVERIES
    before, _, dictionary = published.text("index.html").partition('id="dictionary"')
    said = before + dictionary.partition('id="elsewhere"')[2]  # the files do have the columns
    assert ("recover" in said.lower()) is not lacks
    if lacks:
        assert {row["cumulative_recoveries"] for row in published.latest} == {None}


def test_the_feed_says_what_was_counted(published: Published) -> None:
    counted = f"{len(published.latest)} {published.level} up to {published.last:%Y-%m-%d}"
    assert f"<title>{counted}</title>" in published.text("feed.xml")
    assert f" rows, {len(published.latest)} {published.level}." in published.text("feed.xml")


def test_the_manifest_says_since_when_the_source_stands_still(published: Published) -> None:
    day = published.manifest["slot"]
    assert published.manifest["standstill"] == {
        "last_date": f"{published.last:%Y-%m-%d}",
        "last_date_since": day,
        "bytes_since": day,
    }


# ---- the page


def test_the_page_has_a_row_a_series_and_what_it_lies_in_beside(published: Published) -> None:
    table = published.page().one("table", id="table")
    rows = {row.attributes["data-key"]: row for row in table.one("tbody").all("tr")}
    assert rows.keys() == published.keys
    own, *around = levels.WITHIN[published.level]
    headings = [heading.text for heading in table.one("thead").all("th")]
    assert headings[: 1 + len(around)] == [what.capitalize() for what in (own, *around)]
    for one in published.latest:
        row = rows[one[f"{own}_key"]]
        assert row.all("a")[0].text == one[own]
        assert [cell.text for cell in row.all("td", class_="within")] == [
            one[what] or "" for what in around
        ]


def test_there_are_a_world_and_a_map_of_countries_alone(published: Published) -> None:
    shown, level = published.page(), published.level
    world = level == "countries"
    assert bool(shown.all("dl", class_="figures")) is world
    assert ("no figures of the world" in shown.text) is not world
    assert (f"this is of {level}" in shown.text) is not world
    headings = shown.one("table", id="table").one("thead").text
    assert "7-day cases per 100,000" not in headings or world
    assert ("Population" in headings) is world
    bars = [name.text for name in shown.one("table", id="bars").one("tbody").all("a")]
    assert set(bars) <= {levels.full_name(row) for row in published.latest}
    assert bars


def test_a_page_that_would_weigh_too_much_has_no_charts_and_says_so(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 1)
    store, (sample, _) = MemoryStore(), SAMPLE_OF[published.name]
    run(store, SAMPLES / sample, **variables(published.name), now=published.last)
    objects = contents(store)
    assert_settled(objects)
    shown = read_page(objects["index.html"].decode())
    assets = {name.partition("-")[0] for name in objects if name.startswith("assets/")}
    assert assets == {"assets/page"} | (
        {"assets/shapes"} if published.level == "countries" else set()
    )
    assert "chart.html" not in objects
    assert "There is no chart in this edition" in shown.text
    assert not shown.all("input", id="country")
    for row in shown.one("table", id="table").one("tbody").all("tr"):
        assert row.all("a")[0].attributes["href"] in objects


def test_a_page_that_would_weigh_a_little_too_much_draws_one_day_a_week(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weight(objects: Mapping[str, bytes]) -> int:
        names = [name for name in objects if name.startswith(("index.html", "assets/"))]
        return sum(len(objects[name]) for name in names if not name.startswith("assets/alone-"))

    daily = {
        path.relative_to(published.folder).as_posix(): path.read_bytes()
        for path in [published.folder / "index.html", *published.folder.glob("assets/*")]
    }
    monkeypatch.setattr(page, "MOST_BYTES", weight(daily) - 1)
    store, (sample, _) = MemoryStore(), SAMPLE_OF[published.name]
    run(store, SAMPLES / sample, **variables(published.name), now=published.last)
    objects = contents(store)
    assert weight(objects) < weight(daily)
    assert "the chart shows one day a week" in read_page(objects["index.html"].decode()).text
    assert any(name.startswith("assets/uplot-") for name in objects)
    folder = published.folder
    every_day, weekly = map(json.loads, series.encode(folder, published.level, (1, 7)))
    for kind in ("sums", "series"):
        assert weekly[kind].keys() == every_day[kind].keys()
        for key, line in weekly[kind].items():
            for name in weekly["columns"]:
                drawn = decoded(weekly, line, name)
                days = decoded(every_day, every_day[kind][key], name)
                pd.testing.assert_series_equal(drawn, days[::-1][::7][::-1], check_freq=False)


@pytest.mark.parametrize("name", ["regions-2020-07-08", "places-2020-04-03"])
def test_the_page_of_a_sources_own_file_weighs_less_than_one_and_a_half_megabytes(
    name: str, real_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(gzip.decompress((real_data / f"{name}.json.gz").read_bytes()))
    store = MemoryStore()
    run(store, path, LEVEL=name.partition("-")[0], COUNTRIES_URL=FACTS)
    manifest = assert_settled(contents(store))
    loaded = [f for f in manifest["files"] if f["name"].startswith(("index.html", "assets/"))]
    assert any(file["name"] == "index.html" for file in loaded)
    assert sum(file["bytes"] for file in loaded) < 1_500_000


# ---- the report


def test_the_report_of_a_month_has_a_row_a_series(published: Published) -> None:
    store, month = DirectoryStore(published.folder), Month.of(published.last.date())
    made = make.make_report(store, history.read(store)[0], month, max_bytes=10**7)
    assert (made.level, made.series) == (published.level, len(published.latest))
    assert made.until == published.last.date()
    lines = published.text(f"reports/{month}/final_report.csv").splitlines()
    rows = {row[levels.names(published.level)[0]]: row for row in csv.DictReader(lines)}
    assert rows.keys() == published.keys
    stored = store.read(f"reports/{month}/snapshots.csv.gz")
    assert stored
    taken = list(csv.DictReader(gzip.decompress(stored.body).decode().splitlines()))
    assert {row[levels.names(published.level)[0]] for row in taken} == published.keys
    assert list(taken[0]) == [
        field.name for field in report_columns.snapshot_fields(published.level)
    ]
    for row in rows.values():
        assert list(row) == [field.name for field in report_columns.report_fields(published.level)]
        assert ("cases_per_100k" in row) == (published.level == "countries")
    assert any(int(row["new_cases"] or 0) > 0 for row in rows.values())
    shown = read_page(published.text(f"reports/{month}/final_report.html"))
    own = levels.one(published.level)
    names = {cell.text for cell in shown.all("th", scope="row")}
    assert {row[own] for row in published.latest} <= names
    charts = published.text(f"reports/{month}/final_chart.html")
    assert f"The {published.level} with the most new cases" in charts
    assert ("in the world" in charts) == (published.level == "countries")
