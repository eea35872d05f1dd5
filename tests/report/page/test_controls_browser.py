"""The page's controls in a browser: chooser, charts, map, table, ranking."""

import json
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from statistics import fmean

from selenium.webdriver.common.action_chains import ActionChains

from dev.bench.browser import Browser
from etl.extract.sources import SAMPLES
from etl.report.page import page
from etl.store.directory import DirectoryStore
from tests.support.builders import country, day, stats_json
from tests.support.drawn import FOUND, REDRAWN, colours, column, drawn
from tests.support.runs import run

SCRIPT_NAME = "<script>alert(1)</script>"
TOLD = f"""{FOUND}
return found.map((tooltip) => tooltip.textContent).find((text) => text)"""
DAYS = "return [...Bokeh.documents[0].get_model_by_name('days').data.day].length"
OPTIONS = "return [...document.querySelector('#country').options].map((option) => option.text)"
SHAPES = Path(page.__file__).with_name("shapes.json")


def test_the_chooser_changes_the_chart_and_a_link_leads_to_a_countrys(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    world, said = drawn(browser, "#chart"), browser.one("#chart-says").text
    assert said.startswith("World: ")
    assert len(browser.run(OPTIONS)) == 36
    browser.one("#country").send_keys("Spain")
    browser.wait("return document.querySelector('#chart-says').textContent.startsWith('Spain: ')")
    browser.wait(REDRAWN, "#chart", "canvas", world)
    assert browser.driver.current_url.endswith("#chart=spain")
    browser.open(f"{address}#chart=italy")
    assert browser.one("#chart-says").text.startswith("Italy: ")
    browser.run("document.querySelector('#bars a').click()")
    browser.wait("return document.querySelector('#chart-says').textContent.startsWith('Argentina')")
    assert browser.one("#country").get_attribute("value") == "argentina"
    assert browser.errors() == []


def test_places_are_chosen_sorted_and_found_by_what_they_lie_in(
    browser: Browser, tmp_path: Path
) -> None:
    store = DirectoryStore(tmp_path / "out")
    run(store, SAMPLES / "places.json.gz", LEVEL="places", now=datetime(2020, 7, 11, tzinfo=UTC))
    browser.open((tmp_path / "out" / "index.html").as_uri())
    assert browser.run(OPTIONS) == [
        "Bronx, New York, United States",
        "Clinch, Georgia, United States",
        "Nassau, New York, United States",
    ]
    assert browser.one("#chart-says").text.startswith("Bronx, New York, United States: ")
    assert max(colours(browser, "#chart")) > 10
    browser.one("#country").send_keys("Nassau")
    browser.wait("return document.querySelector('#chart-says').textContent.startsWith('Nassau, ')")
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


def test_linear_and_logarithmic_are_drawn_apart(browser: Browser, address: str) -> None:
    browser.open(address)
    shown = (
        "return ['linear', 'log'].filter(scale => ['cases', 'deaths'].every(measure =>"
        "Bokeh.documents[0].get_model_by_name(`${measure}_${scale}`).visible))"
    )
    assert browser.run(shown) == ["linear"]
    linear = drawn(browser, "#chart")
    browser.one("[name=scale][value=log]").click()
    assert browser.run(shown) == ["log"]
    browser.wait(REDRAWN, "#chart", "canvas", linear)
    assert max(colours(browser, "#chart")) > 10


def test_a_stretch_of_days_is_chosen_by_dates_or_by_dragging(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    browser.choose("#from", "2021-01-01")
    assert browser.run(DAYS) == 55
    assert "at most 644,901 on 12 Jan 2021" in browser.one("#chart-says").text
    browser.one("#all-days").click()
    assert browser.run(DAYS) == 400
    chart = browser.one("#chart")
    width = chart.size["width"]
    drag = ActionChains(browser.driver).move_to_element_with_offset(chart, -width // 4, -100)
    drag.click_and_hold().move_by_offset(width // 4, 10).release().perform()
    browser.wait(f"{DAYS} < 200")
    first, last = (browser.one(f"#{name}").get_attribute("value") for name in ("from", "to"))
    assert "2020-01-22" < str(first) < str(last) < "2021-02-24"
    assert browser.errors() == []


def test_a_pointer_over_the_chart_reads_its_day(browser: Browser, address: str) -> None:
    browser.open(address)
    chart = browser.one("#chart")
    ActionChains(browser.driver).move_to_element_with_offset(chart, 0, -100).perform()
    told = browser.wait(TOLD, "body", ".bk-tooltip-content")
    assert "cases: " in told
    assert "deaths: " in told


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
    browser.choose("#country", "odd")
    browser.choose("#measure", "1")
    assert browser.one("#chart-says").text.startswith(SCRIPT_NAME)
    assert SCRIPT_NAME in browser.run(OPTIONS)
    assert SCRIPT_NAME in browser.one("#ranking .notes").text  # it is no country
    assert SCRIPT_NAME in column(browser, 1)
    assert browser.run("return document.scripts.length") == 6  # its own, and Bokeh unpacked
    assert browser.errors() == []
