"""OUTPUTS: what is switched off is not there, and nothing inside the product needs it."""

import json
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

import pytest

from etl.extract.sources import SAMPLES
from etl.settings.groups import OUTPUTS
from etl.store.memory import MemoryStore
from etl.store.places import PLACES
from tests.support.desk import Desk
from tests.support.page_reader import read_page
from tests.support.runs import NOW, assert_settled, contents, growing, published_store, run

DAY = timedelta(days=1)
ALWAYS = {
    *("manifest.json", "history.json", "status.json", "latest.csv", "latest.json"),
    *("timeseries.parquet", "changes.json", "datapackage.json", "croissant.json"),
    *(f"schemas/{name}.json" for name in ("latest", "changes", "manifest", "status", "vintages")),
}
SWITCHED = {
    "page": ("index.html", "chart.html", "assets/*"),
    "countries": (
        "countries.json",
        "countries/*.json",
        "schemas/countries.json",
        "schemas/series.json",
    ),
    "world": ("world.json", "schemas/world.json"),
    "stats": ("stats.json", "schemas/stats.json"),
    "csv": ("timeseries.csv.gz",),
    "feed": ("feed.xml",),
    "xlsx": ("latest.xlsx",),
    "countries-csv": ("countries/*.csv",),
}


def stable(objects: dict[str, bytes]) -> set[str]:
    return {key for key in objects if not key.startswith(("runs/", "raw/", "reports/"))}


def switched(name: str, keys: set[str]) -> set[str]:
    return {key for key in keys if any(fnmatchcase(key, one) for one in SWITCHED[name])}


def test_the_register_of_the_folder_and_the_setting_name_the_same_outputs() -> None:
    named = {name for place in PLACES for name in (place.output, place.csv_output)} - {""}
    assert named == set(OUTPUTS) == set(SWITCHED)


@pytest.mark.parametrize("off", OUTPUTS)
def test_what_is_switched_off_disappears_and_all_else_stays(off: str, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    run(store, source, OUTPUTS=",".join(OUTPUTS))
    before = stable(contents(store))
    assert switched(off, before)
    others = ",".join(set(OUTPUTS) - {off})
    assert run(store, source, OUTPUTS=others).outcome == "published"  # the source is the same
    objects = contents(store)
    assert stable(objects) == before - switched(off, before)
    assert_settled(objects)
    assert run(store, source, now=NOW + DAY, OUTPUTS=others).outcome == "unchanged"
    named = {one["path"] for one in json.loads(objects["datapackage.json"])["resources"]}
    assert not switched(off, named)
    if off != "page":
        assert_no_broken_link(objects)


def assert_no_broken_link(objects: dict[str, bytes]) -> None:
    page = read_page(objects["index.html"].decode())
    for tag, name in (("a", "href"), ("link", "href"), ("script", "src")):
        for element in page.all(tag):
            link = element.attributes.get(name) or "#"
            if not link.startswith(("#", "http", "data:")):
                assert unquote(link.partition("#")[0]) in objects, link


def test_with_none_only_the_tables_and_the_records_are_there(tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    source.write_bytes(growing(20))
    run(store, source, OUTPUTS="none")
    assert stable(contents(store)) == ALWAYS


@pytest.mark.parametrize("level", ["regions", "places"])
def test_at_other_levels_too(level: str) -> None:
    store = MemoryStore()
    for outputs in ("all", "none"):
        run(store, SAMPLES / f"{level}.json.gz", LEVEL=level, OUTPUTS=outputs)
    assert stable(contents(store)) == ALWAYS


@pytest.fixture
def bare(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, list[str]]:
    """A desk where OUTPUTS=none, and the ids of its two runs."""
    for name, value in (("OUTPUTS", "none"), ("COUNTRIES_URL", ""), ("SOURCE_URL", "stats.json")):
        monkeypatch.setenv(name, value)
    ids = []
    for n in range(2):
        Path("stats.json").write_bytes(growing(20 + n, step=100 + n))
        made = run(local_desk.store, "stats.json", now=NOW + n * DAY, OUTPUTS="none")
        assert made.record
        ids.append(made.record.run_id)
    return local_desk, ids


def test_a_figure_is_looked_up_in_the_table(bare: tuple[Desk, list[str]]) -> None:
    desk, ids = bare
    for name in ("ESP", "spain", "Spain", "es"):
        said = desk("vintage", name, "2021-01-05", "--json").json()
        assert [(line["run_id"], line["value"], line["kept_in"]) for line in said] == [
            (ids[0], 500, "runs"),
            (ids[1], 505, "runs"),
        ]
    none = desk("vintage", "ESP", "2020-01-05", "--measure", "new_cases", "--json").json()
    assert [line["value"] for line in none] == [None, None]
    assert desk("vintage", "ESP", "2021-01-05", "--measure", "beds").status == 2


def test_differences_name_their_countries(bare: tuple[Desk, list[str]]) -> None:
    desk, ids = bare
    said = desk("diff", ids[0], ids[1], "--json").json()
    assert {cell["name"] for cell in said["biggest"]} == {
        "Diamond Princess",
        "Spain",
        "United States",
    }


def test_restore_prune_backfill_and_doctor_work(bare: tuple[Desk, list[str]]) -> None:
    desk, ids = bare
    assert desk("restore", ids[0]).status == 0
    assert json.loads(contents(desk.store)["manifest.json"])["run_id"] == ids[0]
    assert_settled(contents(desk.store))
    assert desk("prune", "--yes").status == 0
    assert desk("backfill", "--json").status == 0
    assert stable(contents(desk.store)) - {"catalogue.json"} == ALWAYS
    assert "switched off by OUTPUTS" in desk("doctor").out


def test_commands_about_the_page_say_that_it_is_switched_off(bare: tuple[Desk, list[str]]) -> None:
    desk, _ = bare
    opened = desk("open", "--print")
    assert (opened.status, "OUTPUTS leaves it out" in opened.err) == (1, True)


def test_an_unknown_output_is_refused(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPUTS", "page,map")
    said = local_desk("status")
    assert said.status == 2
    expected = "OUTPUTS: expected all, none, or some of page, countries, world, stats, csv, feed"
    assert expected in said.err
