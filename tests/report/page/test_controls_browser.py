"""The page's controls in a browser: chooser, charts, map, table, ranking."""

import json
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from statistics import fmean

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.extract.sources import SAMPLES
from etl.report.page import page
from etl.store.directory import DirectoryStore
from tests.support.builders import country, day, stats_json
from tests.support.drawn import colours, column
from tests.support.runs import run

SCRIPT_NAME = "<script>alert(1)</script>"
OPTIONS = """const box = document.querySelector('#country');
box.focus();
box.dispatchEvent(new Event('input'));
return [...document.querySelectorAll('#country-list li')].map((option) => option.textContent)"""
SHAPES = Path(page.__file__).with_name("shapes.json")


def test_places_are_chosen_sorted_and_found_by_what_they_lie_in(
    browser: Browser, tmp_path: Path
) -> None:
    store = DirectoryStore(tmp_path / "out")
    run(store, SAMPLES / "places.json.gz", LEVEL="places", now=datetime(2020, 7, 11, tzinfo=UTC))
    browser.open((tmp_path / "out" / "index.html").as_uri())
    assert browser.run(OPTIONS) == [
        "Clinch, Georgia, United States",
        "Nassau, New York, United States",
    ]
    assert ". Bronx, New York, United States: " in browser.one("#chart-says").text
    assert max(colours(browser, "#chart")) > 10
    browser.one("#country").send_keys("nassau", Keys.ENTER)
    assert ". Nassau, New York, United States: " in browser.one("#chart-says").text
    names = "return [...document.querySelectorAll('#table tbody th')].map((th) => th.textContent)"
    browser.run("document.querySelectorAll('#table thead button')[1].click()")
    assert browser.run(names) == ["Clinch", "Bronx", "Nassau"]
    ranked = browser.texts("#bars tbody a")
    browser.choose("#measure", "1")
    assert sorted(browser.texts("#bars tbody a")) == sorted(ranked)
    browser.one("#filter").send_keys("georgia")
    assert browser.one("#shown").text == "1 of 3 places"
    browser.resize(390)
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    assert browser.errors() == []


def test_a_pointer_over_the_map_reads_its_country(browser: Browser, address: str) -> None:
    browser.open(address)
    plot = browser.one("#map")
    shapes = {shape["name"]: shape for shape in json.loads(SHAPES.read_bytes())["countries"]}
    for name in ("Brazil", "India"):
        ring = max((polygon[0] for polygon in shapes[name]["polygons"]), key=len)
        x, y = (fmean(accumulate(ring[axis::2])) for axis in (0, 1))
        # the map's ranges are those of figures.py, and fill its whole element
        right = x / 2000 * plot.size["width"]
        down = ((495 - y) / 890 - 0.5) * plot.size["height"]
        ActionChains(browser.driver).move_to_element_with_offset(
            plot, round(right), round(down)
        ).perform()
        browser.wait(f"return document.querySelector('#map-says').textContent.startsWith('{name}')")
        value = browser.run(
            "return document.querySelector(`[data-key=${arguments[0]}]`).cells[5].textContent",
            name.lower(),
        )
        assert browser.one("#map-says").text == f"{name}: {value} per 100,000 in 7 days."


def test_a_country_named_like_a_script_stays_text(browser: Browser, tmp_path: Path) -> None:
    elements = [
        country("odd", SCRIPT_NAME, days={"2021-01-20": day(cumulative_cases=50)}),
        country("spain", days={"2021-01-20": day(cumulative_cases=7)}),
    ]
    (tmp_path / "stats.json").write_bytes(stats_json(elements))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())  # an alert would break it off
    assert SCRIPT_NAME in browser.run(OPTIONS)
    assert SCRIPT_NAME in browser.one("#ranking .notes").text  # it is no country
    browser.one("#country").send_keys("alert", Keys.ENTER)
    assert f". {SCRIPT_NAME}: " in browser.one("#chart-says").text
    assert SCRIPT_NAME in column(browser, 1)
    assert browser.run("return document.scripts.length") == 7  # its own, and Bokeh unpacked
    assert browser.errors() == []
