import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from dev.bench import extend
from etl import PROJECT
from etl.extract.sources import SAMPLES
from etl.history.history import History
from etl.history.record import Failure, Record
from etl.load.files import Filter, Tidy, write_files
from etl.load.fingerprint import CODE
from etl.load.table import read_table
from etl.load.values import Header
from etl.report.numbers import human
from etl.report.page import chart_documents as figures
from etl.report.page import rendering, series, view, words
from etl.store import Store, Upload
from etl.store.layout import of_page
from etl.store.memory import MemoryStore
from etl.transform.derive import stale_keys, tidy
from etl.transform.repair import repair
from etl.transform.world import world
from tests.support.builders import country, day, stats_json
from tests.support.frames import MOST, countries, days, rows, some, tables
from tests.support.page_reader import Element, read_page
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    document,
    growing,
    published_store,
    records,
    run,
)

SCRIPT_NAME = "<script>alert(1)</script>"
DAY = timedelta(days=1)
LATER = NOW + 31 * DAY  # the day behind the sample's last
PACKED = re.compile(r'\(window\.packed \?\?= \{\}\)\["([a-z]+)"\] = "([A-Za-z0-9+/=]+)";\n')


def page_of(store: Store) -> Element:
    stored = store.read("index.html")
    assert stored is not None
    return read_page(stored.body.decode())


def unpacked(store: Store, name: str) -> bytes:
    """What an asset brings, by the way that the page takes."""
    [src] = [s.attributes["src"] for s in page_of(store).all("script") if f"/{name}-" in str(s)]
    stored = store.read(src)
    assert stored is not None
    match = PACKED.fullmatch(stored.body.decode())
    assert match is not None
    assert match[1] == name
    return gzip.decompress(base64.b64decode(match[2]))


def sample_store() -> MemoryStore:
    store = MemoryStore()
    facts = str(SAMPLES / "InfoPaisosExtra.xlsx")
    ended = run(store, SAMPLES / "stats.json.gz", SOURCE="sample", COUNTRIES_URL=facts, now=LATER)
    assert ended.outcome == "published"
    return store


def publish(source: Path, content: bytes, **variables: str) -> MemoryStore:
    source.write_bytes(content)
    store = MemoryStore()
    settings: dict[str, Any] = variables
    assert run(store, source, **settings).outcome == "published"
    return store


def table(read: Element) -> list[list[str]]:
    body = read.one("table", id="table").one("tbody")
    return [[cell.text for cell in row.children] for row in body.all("tr")]


@pytest.fixture(scope="module")
def sample() -> MemoryStore:
    return sample_store()


# ---- what it is made of


def test_the_page_needs_only_scripts_of_its_own_named_by_what_they_hold(
    sample: MemoryStore,
) -> None:
    objects = contents(sample)
    manifest = assert_settled(objects)
    scripts = [s.attributes["src"] for s in page_of(sample).all("script") if "src" in s.attributes]
    assets = [file["name"] for file in manifest["files"] if file["name"].startswith("assets/")]
    assert sorted(scripts) == sorted(assets)
    assert len(scripts) == 4
    for name in scripts:
        digest = hashlib.sha256(objects[name]).hexdigest()[:12]
        assert re.fullmatch(rf"assets/[a-z]+-{digest}\.js", name)
    html = objects["index.html"].decode()
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", html)
    assert not re.search(r"@import|url\(", html)


def test_the_page_names_every_other_file_with_its_size_rows_and_digest(
    sample: MemoryStore,
) -> None:
    manifest = json.loads(contents(sample)["manifest.json"])
    shown = {
        row.one("a").attributes["href"]: row
        for row in page_of(sample).one("section", id="files").all("tr")
        if row.all("a")
    }
    listed = {f["name"]: f for f in manifest["files"] if f["key"].find("/assets/") < 0}
    del listed["index.html"], listed["changes.json"]  # of runs both: it has a section of its own
    assert shown.keys() == listed.keys()
    for name, file in listed.items():
        texts = [cell.text for cell in shown[name].children]
        assert texts[:3] == [name, f"{file['rows']:,}", human(file["bytes"])]
        assert texts[-1] == file["sha256"]
    assert all(words.MEANING.get(name) or name.startswith("countries/") for name in listed)


def test_every_link_of_the_page_leads_to_a_file_or_a_place_in_it(sample: MemoryStore) -> None:
    objects, read = contents(sample), page_of(sample)
    places = {e.attributes["id"] for e in every(read) if "id" in e.attributes}
    keys = {row.attributes["data-key"] for row in read.all("tr") if "data-key" in row.attributes}
    for link in read.all("a"):
        target = link.attributes["href"]
        if target.startswith("#chart="):
            assert target.removeprefix("#chart=") in keys
        else:
            assert target in objects or target.removeprefix("#") in places


def every(element: Element) -> list[Element]:
    return [e for child in element.children for e in (child, *every(child))]


def test_headings_are_in_order_and_tables_and_controls_have_names(sample: MemoryStore) -> None:
    read = page_of(sample)
    levels = [int(e.tag[1]) for e in every(read) if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(found.one("caption").text for found in read.all("table"))
    named = [e for label in read.all("label") for e in every(label)]
    controls = [e for e in every(read) if e.tag in ("select", "input")]
    assert controls
    assert all(control in named for control in controls)


def test_a_page_of_200_countries_and_400_days_stays_below_a_megabyte_and_a_half(
    tmp_path: Path,
) -> None:
    source = tmp_path / "stats.json"
    extend.main([str(SAMPLES / "stats.json.gz"), str(source), "--days", "400", "--copies", "6"])
    store = MemoryStore()
    assert run(store, source, now=LATER).outcome == "published"
    objects = contents(store)
    assert json.loads(objects["manifest.json"])["source"]["rows"] > 66_000
    sizes = [len(b) for name, b in objects.items() if name.startswith(("assets/", "index.html"))]
    assert len(sizes) == 5
    assert sum(sizes) < 1_500_000


def test_a_run_to_a_folder_imports_neither_bokeh_nor_boto3(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    program = (
        "import sys; from etl.cli.main import main; status = main(['run']);"
        "heavy = {'bokeh', 'tornado', 'PIL', 'boto3', 'botocore'} & set(sys.modules);"
        "print(status, 'jinja2' in sys.modules, *heavy)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"SOURCE_URL": "stats.json", "COUNTRIES_URL": "", "PYTHONPATH": str(SAMPLES.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout == "0 True\n"


def test_the_charts_kept_are_what_their_script_makes_with_the_bokeh_installed() -> None:
    command = [sys.executable, "-m", "etl.report.page.chart_documents", "--print"]
    made = subprocess.run(command, cwd=SAMPLES.parent, capture_output=True, check=True, timeout=60)
    assert figures.KEPT.read_bytes() == made.stdout


def test_every_file_that_shapes_the_page_counts_as_code() -> None:
    rooms = PROJECT / "etl"
    held = {path.suffix for path in rooms.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert held == set(CODE)


# ---- what it says


def test_world_figures_table_and_ranking_say_what_the_files_say(sample: MemoryStore) -> None:
    objects, read = contents(sample), page_of(sample)
    latest = {row["country"]: row for row in json.loads(objects["latest.json"])["countries"]}
    totals = json.loads(objects["world.json"])["totals"]
    figures = [found.text for found in read.one("dl", class_="figures").all("strong")]
    assert figures[:2] == [f"{totals[f'cumulative_{m}']:,}" for m in ("cases", "deaths")]
    names = [link.text for link in read.one("table", id="table").all("a") if link.text != "JSON"]
    assert names == sorted(latest)
    spain = next(cells for cells in table(read) if cells[0] == "Spain")
    row = latest["Spain"]
    assert spain[1:] == [
        f"{row['cumulative_cases']:,}",
        f"{row['cumulative_deaths']:,}",
        f"{row['cases_7d_avg']:,.1f}",
        f"{row['deaths_7d_avg']:,.1f}",
        f"{row['cases_7d_per_100k']:,.1f}",
        f"{row['case_fatality'] * 100:.2f}%",
        f"{row['population']:,}",
        "JSON",
    ]
    bars = read.one("table", id="bars").one("tbody").all("tr")
    ranked = sorted(
        (r for r in latest.values() if r["cases_7d_per_100k"] is not None and not r["stale"]),
        key=lambda r: -r["cases_7d_per_100k"],
    )
    assert [bar.one("a").text for bar in bars] == [r["country"] for r in ranked[: len(bars)]]
    assert len(bars) == view.RANKED


def test_the_page_says_what_was_corrected_left_out_and_unknown(sample: MemoryStore) -> None:
    checks = json.loads(contents(sample)["manifest.json"])["checks"]
    section = page_of(sample).one("section", id="corrections")
    counts = [row.children[1].text for row in section.one("tbody").all("tr")]
    assert counts == [
        *(str(checks["corrections"][name]) for name, _, _ in words.CORRECTIONS),
        str(len(checks["stale_series"])),
        str(len(checks["unmatched"]["source_names"])),
    ]
    assert checks["corrections"].keys() == {name for name, _, _ in words.CORRECTIONS}
    assert "2021-01-01" in section.text
    assert "Congo, Cruise Ship, Hong Kong, Others, Palestine" in section.text


def test_a_sample_is_called_one_and_an_old_table_stale(tmp_path: Path, sample: MemoryStore) -> None:
    notices = [p.text for p in page_of(sample).all("p", class_="notice")]
    assert notices[0] == "Made-up sample data: every figure is invented."
    fresh = page_of(publish(tmp_path / "stats.json", growing(20)))
    [notice] = fresh.all("p", class_="notice")
    assert "hidden" in notice.attributes
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    run(store, source, now=NOW + 30 * DAY)
    [notice] = page_of(store).all("p", class_="notice")
    assert "hidden" not in notice.attributes
    assert notice.text == "The source has gone stale: these figures are 34 days old."


def test_the_linked_data_describes_the_data_set_and_its_files(sample: MemoryStore) -> None:
    manifest = json.loads(contents(sample)["manifest.json"])
    found = json.loads(page_of(sample).one("script", type="application/ld+json").text)
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert found["temporalCoverage"] == "2020-01-22/2021-02-24"
    assert found["license"] == manifest["source"]["licence"]
    files = {file["name"]: file for file in manifest["files"]}
    assert {"latest.csv", "timeseries.parquet"} <= {d["name"] for d in found["distribution"]}
    for download in found["distribution"]:
        assert download["@type"] == "DataDownload"
        assert download["sha256"] == files[download["contentUrl"]]["sha256"]
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", download["encodingFormat"])


def test_the_strip_shows_every_slot_with_its_outcome_and_the_public_reason(
    tmp_path: Path,
) -> None:
    def record(days_ago: int, outcome: Any, failure: Failure | None = None) -> Record:
        when = NOW - days_ago * DAY
        return Record(
            run_id=f"{when:%Y-%m-%d}", slot=when.date(), started_at=when, outcome=outcome,
            source="coviddata", failure=failure,
        )  # fmt: skip

    past = History(
        [
            record(4, "published"),
            record(3, "failed", Failure("SourceUnavailable", "https://user:secret@host/: 503")),
            record(1, "unchanged"),
        ]
    )
    store = MemoryStore()
    store.write(Upload("history.json", msgspec.json.encode(past)))
    (tmp_path / "stats.json").write_bytes(growing(20))
    run(store, tmp_path / "stats.json")
    read = page_of(store)
    assert [(s.attributes["class"], s.text) for s in read.one("ol", id="strip").all("li")] == [
        ("published", "2021-01-21: published"),
        ("failed", "2021-01-22: failed, the source could not be reached"),
        ("missed", "2021-01-23: missed"),
        ("unchanged", "2021-01-24: unchanged"),
        ("published", "2021-01-25: published"),
    ]
    assert [s.text for s in read.one("details", id="without").all("li")] == [
        "2021-01-22: failed, the source could not be reached",
        "2021-01-23: missed",
    ]
    assert "secret" not in read.text


# ---- whatever the source says


@pytest.mark.parametrize("name", [SCRIPT_NAME, "</title><img src=x>", "\u2028\u2029 & \"'"])
def test_a_name_stays_text_wherever_it_stands(tmp_path: Path, name: str) -> None:
    elements = [
        country("odd", name, days={"2021-01-01": day(cumulative_cases=5)}),
        country("spain", days={"2021-01-20": day(cumulative_cases=7)}),
    ]
    store = publish(tmp_path / "stats.json", stats_json(elements))
    read = page_of(store)
    assert len(read.all("script")) == 5
    assert read.all("img") == []
    named = [row for row in read.one("table", id="table").all("tr") if "data-key" in row.attributes]
    assert {row.attributes["data-key"] for row in named} == {"odd", "spain"}
    assert f"{name.strip()} ended 2021-01-01" in [row.one("th").text for row in named]
    json.loads(read.one("script", type="application/ld+json").text)


def test_names_in_any_script_are_sorted_and_shown(tmp_path: Path) -> None:
    names = ["Österreich", "中国", "Perú", "مصر", "Ελλάδα", "aland"]
    elements = [country(f"c{n}", name, days=10) for n, name in enumerate(names)]
    shown = [
        cells[0] for cells in table(page_of(publish(tmp_path / "s.json", stats_json(elements))))
    ]
    assert sorted(shown) == sorted(names)
    assert shown[:3] == ["aland", "Österreich", "Perú"]


MADE_UP = {
    "no deaths or recoveries": [country("spain", days=20), country("italy", days=20)],
    "one country": [country("spain", days=20)],
    "one day": [country("spain", days=1)],
    "nothing but gaps": [
        country("spain", days={str(date(2020, 2, 1) + 9 * n * DAY): day() for n in range(5)})
    ],
    "the greatest numbers": [
        country(
            "spain",
            days={
                str(date(2020, 2, 1) + n * DAY): day(
                    cumulative_cases=MOST * (n % 2), cumulative_deaths=MOST
                )
                for n in range(9)
            },
        )
    ],
}


@pytest.mark.parametrize("name", MADE_UP)
def test_the_page_stands_with(tmp_path: Path, name: str) -> None:
    store = publish(tmp_path / "stats.json", stats_json(MADE_UP[name]))
    assert records(store)[-1]["warnings"][1:] == []
    assert len(table(page_of(store))) == len(MADE_UP[name])
    assert len(json.loads(unpacked(store, "series"))["countries"]) == len(MADE_UP[name])


@pytest.mark.parametrize(
    ("variables", "headings"),
    [
        ({"KEEP": "new"}, ["Cases a day", "Deaths a day"]),
        ({"KEEP": "cumulative"}, ["Cases", "Deaths", "Fatality"]),
        ({"SINCE": "2021-01-20"}, ["Cases", "Deaths", "Cases a day", "Deaths a day", "Fatality"]),
        ({"SINCE": "2021-01-20", "KEEP": "new"}, ["Cases a day", "Deaths a day"]),
    ],
)
def test_the_page_shows_what_the_filters_leave(
    tmp_path: Path, variables: dict[str, str], headings: list[str]
) -> None:
    store = publish(tmp_path / "stats.json", growing(20), **variables)
    read = page_of(store)
    assert [th.text for th in read.one("table", id="table").all("th", scope="col")] == [
        "Country",
        *headings,
        "Series",
    ]
    assert "narrowed down" in read.one("section", id="corrections").text
    found = json.loads(unpacked(store, "series"))
    assert found["averaged"] == (variables.get("KEEP") != "cumulative")


def test_the_page_stands_where_every_series_left_has_ended(tmp_path: Path) -> None:
    content = document({"spain": [1] * 24, "italy": [1]})
    store = publish(tmp_path / "stats.json", content, COUNTRIES="italy")
    read = page_of(store)
    assert [cells[0] for cells in table(read)] == ["Italy ended 2021-01-01"]
    assert "nothing to rank" in read.one("section", id="ranking").text


def published_files(folder: Path, frame: pd.DataFrame) -> None:
    """The files of a table of the source's, as a run writes them."""
    repaired, stale = repair(frame)[0], stale_keys(frame, 14)
    about = countries(*frame["country_key"].cat.categories)
    written = Tidy(
        groups=[tidy(repaired, about, stale)],
        rows=repaired,
        countries=about.assign(file=[f"countries/{key}.json" for key in about["country_key"]]),
        world=world(repaired, stale),
        left_out=stale,
    )
    write_files(folder, Header("a source", "somebody", "none", "2021-01-01"), written, Filter())


@some
@given(tables())
def test_the_charts_series_are_the_published_averages(
    tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
) -> None:
    folder = tmp_path_factory.mktemp("files") / "files"
    published_files(folder, frame)
    found = json.loads(series.encode(folder))
    [table] = read_table(folder / "timeseries.parquet", ["country_key", "date", *series.AVERAGES])
    assert found["countries"].keys() == set(table["country_key"])
    for key, rows_of in table.groupby("country_key", observed=True):
        first, *steps = found["countries"][key]
        by_day = {at: n for n, at in enumerate(rows_of["date"])}
        for column, moves in zip(series.AVERAGES, steps, strict=True):
            total = 0
            for n, move in enumerate(moves):
                total += move or 0
                at = pd.Timestamp((first + n) * 86400, unit="s")
                value = rows_of[column].iloc[by_day[at]] if at in by_day else np.nan
                assert (move is None) == bool(np.isnan(value))
                # a whole number of sevenths; across a gap it is rounded to one
                assert move is None or abs(total / 7 - value) <= 0.5 / 7 + 1e-4


def test_the_worlds_series_begins_where_seven_days_are_known(tmp_path: Path) -> None:
    published_files(tmp_path / "files", rows(spain=days("2020-03-01", range(0, 90, 9))))
    found = json.loads(series.encode(tmp_path / "files"))
    assert found["world"] == [18322, [*[None] * 7, 63, 0, 0], [*[None] * 7, 0, 0, 0]]


# ---- from day to day


def test_a_day_without_news_rewrites_no_page_though_it_would_tell_of_another_day(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)
    source.write_bytes(growing(20) + b"\n")  # not what was seen before, yet nothing new
    assert run(store, source, now=NOW + 60 * DAY).outcome == "unchanged"
    after = contents(store)
    assert after.keys() == before.keys()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"history.json", "status.json"}


def test_a_page_that_says_something_else_is_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(20) + b"\n")
    monkeypatch.setitem(words.MEANING, "latest.csv", "something else")
    assert run(store, source, now=NOW).outcome == "published"
    assert "something else" in page_of(store).text


def test_the_same_data_makes_the_same_page_but_for_what_tells_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    stores = MemoryStore(), MemoryStore()
    for n, store in enumerate(stores):
        run(store, tmp_path / "stats.json", now=NOW + n * DAY)
    one, other = (json.loads(contents(store)["manifest.json"])["files"] for store in stores)
    differing = [a["name"] for a, b in zip(one, other, strict=True) if a["sha256"] != b["sha256"]]
    assert differing == ["index.html"]
    assert one[-1]["name"] == "index.html"
    assert one[-1]["lasting_sha256"] == other[-1]["lasting_sha256"] != one[-1]["sha256"]


def test_assets_that_no_page_names_any_more_go_and_those_that_stay_may_be_kept_for_ever(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    before = {key for key in contents(store) if key.startswith("assets/")}
    source.write_bytes(growing(21))
    run(store, source)
    objects = contents(store)
    assert_settled(objects)
    gone = before - objects.keys()
    assert [re.sub("-.*", "", name) for name in gone] == ["assets/series"]


def test_a_manifest_from_before_there_were_pages_is_read_and_followed(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    content = json.loads(contents(store)["manifest.json"])
    content["files"] = [f for f in content["files"] if not of_page(f["name"])]
    body = json.dumps(content).encode()
    for key in ("manifest.json", f"runs/{content['run_id']}/manifest.json"):
        store.write(Upload(key, body))
    assert run(store, source).outcome == "published"
    assert_settled(contents(store))
    assert page_of(store)


# ---- a page that fails


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The page's template is gone."""
    monkeypatch.setattr(rendering, "TEMPLATES", Path("nowhere"))
    return monkeypatch


def test_a_page_that_fails_is_told_and_never_stops_the_data(
    tmp_path: Path, broken: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = publish(tmp_path / "stats.json", growing(20))
    objects = contents(store)
    manifest = assert_settled(objects)
    assert not any(name.startswith(("index.html", "assets/")) for name in objects)
    assert "latest.csv" in objects
    told = "the page could not be made (TemplateNotFound)"
    assert told in manifest["checks"]["warnings"]
    assert told in records(store)[-1]["warnings"]
    broken.undo()
    assert run(store, tmp_path / "stats.json", now=NOW + DAY).outcome == "published"
    assert_settled(contents(store))
    assert page_of(store)


def test_where_the_data_is_the_same_a_page_that_fails_leaves_the_one_there_is(
    tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    broken.undo()
    store, source = published_store(tmp_path)
    source.write_bytes(growing(20) + b"\n")
    broken.setattr(rendering, "TEMPLATES", Path("nowhere"))
    assert run(store, source).outcome == "unchanged"
    assert page_of(store)
    assert records(store)[-1]["warnings"] == ["the page could not be made (TemplateNotFound)"]


# ---- the map's shapes


def test_every_country_of_the_map_has_a_shape_within_it_and_a_code_of_its_own() -> None:
    shapes = json.loads((Path(figures.__file__).parent / "shapes.json").read_bytes())
    assert "public domain" in shapes["about"]
    codes = [c["iso3"] for c in shapes["countries"] if c["iso3"]]
    assert len(codes) == len(set(codes)) > 170
    assert {"FRA", "NOR", "XKX", "COD", "SSD", "PSE", "TWN", "GRL"} <= set(codes)
    assert {c["name"] for c in shapes["countries"] if not c["iso3"]} == {
        "Northern Cyprus",
        "Somaliland",
    }
    for shape in shapes["countries"]:
        rings = [ring for polygon in shape["polygons"] for ring in polygon]
        assert rings
        for ring in rings:
            xs, ys = (np.cumsum(ring[axis::2]) for axis in (0, 1))
            assert len(xs) == len(ys) >= 3
            assert -1000 < xs.min() < xs.max() < 1000
            assert -395 < ys.min() < ys.max() < 495
            assert xs.max() - xs.min() < 800  # nothing goes round the world behind the date line
