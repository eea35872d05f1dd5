"""The chart in a browser: lines, measures, scale, days, what it says, what it is read by."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from tests.support.drawn import REDRAWN, colours, drawn

LINES = "return [...document.querySelectorAll('#lines .name')].map((name) => name.textContent)"
OPTIONS = (
    "return [...document.querySelectorAll('#country-list li')].map((option) => option.textContent)"
)
MARKED = "return document.querySelector('#country-list [aria-selected=true]')?.textContent"
VALUES = "return [...document.querySelectorAll('#lines .value')].map((value) => value.textContent)"


def said(browser: Browser) -> str:
    return browser.one("#chart-says").text


def series_of(folder: Path, code: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "countries" / f"{code}.json").read_bytes())
    return found


def test_countries_are_found_by_typing_compared_and_removed(browser: Browser, address: str) -> None:
    browser.open(address)
    assert browser.run(LINES) == ["World"]
    world, box = drawn(browser, "#chart"), browser.one("#country")
    box.send_keys("esp")  # a code
    assert browser.run(OPTIONS) == ["Spain"]
    assert box.get_attribute("aria-expanded") == "true"
    box.send_keys(Keys.ENTER)
    assert browser.run(LINES) == ["Spain"]  # in place of what nobody chose
    browser.wait(REDRAWN, "#chart", "canvas", world)
    assert browser.driver.current_url.endswith("#chart=spain")
    box.send_keys("îVORY", Keys.ENTER)
    box.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert browser.run(OPTIONS)[:3] == ["World", "Africa", "America"]
    assert browser.run(MARKED) == "World" if len(browser.run(OPTIONS)) == 1 else "Africa"
    box.send_keys(Keys.ESCAPE)
    assert browser.run(OPTIONS) == [] or not browser.one("#country-list").is_displayed()
    for text in ("italy", "europe", "world", "france", "india"):
        box.send_keys(text, Keys.ENTER)
    names = ["Spain", "Ivory Coast", "Italy", "Europe", "World", "France", "India"]
    assert browser.run(LINES) == names
    swatches = "return [...document.querySelectorAll('.swatch')].map(s => s.style.background)"
    assert len({*browser.run(swatches)}) == 7
    assert not browser.one("#too-many").is_displayed()
    box.send_keys("brazil", Keys.ENTER)
    assert browser.run(LINES) == names
    assert browser.one("#too-many").is_displayed()
    before = browser.run(swatches)
    browser.one("#lines button[aria-label='Remove Ivory Coast']").click()
    assert browser.run(LINES) == [name for name in names if name != "Ivory Coast"]
    assert browser.run(swatches) == [before[0], *before[2:]]  # each keeps its colour
    assert browser.driver.current_url.endswith(
        "#chart=spain&with=italy&with=%40europe&with=&with=france&with=india"
    )
    assert browser.errors() == []


def test_links_choose_what_they_name_and_keep_the_rest(browser: Browser, address: str) -> None:
    browser.open(f"{address}#chart=italy")  # as links have always been
    assert ". Italy: " in said(browser)
    browser.choose("#chart-measure", "cumulative_deaths")
    browser.run("document.querySelector('#bars a').click()")
    browser.wait("return document.querySelector('#lines .name').textContent === 'Argentina'")
    assert said(browser).startswith("Total deaths. Argentina: ")
    whole = "#chart=spain&with=italy&measure=case_fatality&scale=log&from=2020-06-01&to=2021-01-31"
    browser.open(address + whole)
    assert said(browser).startswith("Case fatality rate: deaths as a share of confirmed cases. Spa")
    assert browser.one("[name=scale]:checked").get_attribute("value") == "log"
    assert browser.one("#from").get_attribute("value") == "2020-06-01"
    assert browser.one("#to").get_attribute("value") == "2021-01-31"
    browser.open(f"{address}#chart=atlantis&measure=hats&scale=round&from=soon")
    assert browser.run(LINES) == ["World"]
    assert browser.errors() == []


def test_each_measure_is_drawn_with_the_published_figures(
    browser: Browser, folder: Path, address: str
) -> None:
    spain = series_of(folder, "ESP")
    latest = json.loads((folder / "latest.json").read_bytes())["countries"]
    row = next(row for row in latest if row["country_key"] == "spain")
    browser.open(f"{address}#chart=spain")
    options = "return [...document.querySelector('#chart-measure').options].map(o => o.value)"
    population = row["population"]
    figures = {
        "cases_7d_avg": row["cases_7d_avg"],
        "deaths_7d_avg": row["deaths_7d_avg"],
        "cumulative_cases": row["cumulative_cases"],
        "cumulative_deaths": row["cumulative_deaths"],
        "active": row["active"],
        "case_fatality": row["case_fatality"],
    }
    assert browser.run(options) == list(figures)
    pictures = set()
    for measure, value in figures.items():
        browser.choose("#chart-measure", measure)
        [shown] = browser.run(VALUES)
        digits = float(shown.replace(",", "").rstrip("%"))
        expected = 100 * value if measure == "case_fatality" else value
        assert abs(digits - expected) <= 0.0501 + (abs(expected) >= 100) * 0.45
        pictures.add(drawn(browser, "#chart"))
        if measure == "case_fatality":
            assert browser.one("#per-head").get_attribute("disabled")
            continue
        browser.one("#per-head").click()
        [shown] = browser.run(VALUES)
        expected = value / population * 1e5
        digits = float(shown.replace(",", ""))
        assert abs(digits - expected) <= 0.0501 + (expected >= 100) * 0.45
        assert "per 100,000 people" in browser.one("#chart-title").text
        browser.one("#per-head").click()
    assert len(pictures) == len(figures)
    assert spain["cumulative_cases"][-1] == row["cumulative_cases"]
    assert browser.errors() == []


def test_scale_and_days_are_chosen_and_a_day_is_read(
    browser: Browser, folder: Path, address: str
) -> None:
    first_day = min(series_of(folder, code)["date"][0] for code in ("ESP", "ITA"))
    days = (date(2021, 2, 24) - date.fromisoformat(first_day)).days
    browser.open(f"{address}#chart=spain&with=italy")
    linear = drawn(browser, "#chart")
    browser.one("[name=scale][value=log]").click()
    browser.wait(REDRAWN, "#chart", "canvas", linear)
    assert max(colours(browser, "#chart")) > 10
    assert "A logarithmic scale has no zero" in browser.one("#chart-notes").text
    browser.choose("#from", "2021-01-01")
    assert "from=2021-01-01" in browser.driver.current_url
    assert browser.one("#day").get_attribute("max") == "54"
    browser.one("#all-days").click()
    assert browser.one("#day").get_attribute("max") == str(days)
    last = browser.run(VALUES)
    browser.run("document.querySelector('#day').focus()")
    ActionChains(browser.driver).send_keys(Keys.HOME).perform()
    first_read = browser.one("#day-read").text
    assert first_read == f"{date.fromisoformat(first_day):%-d %b %Y}"
    assert browser.run(VALUES) != last
    told = str(browser.one("#day").get_attribute("aria-valuetext"))
    assert told.startswith(f"{first_read}: Spain ")
    over = browser.one("#chart .u-over")
    pointer = ActionChains(browser.driver).move_to_element(over)
    pointer.perform()
    assert "2020" in browser.one("#day-read").text
    assert browser.one("#day-read").text != first_read
    width = over.size["width"]
    pointer.move_by_offset(-width // 4, 0).click_and_hold().move_by_offset(width // 4, 9)
    pointer.release().perform()
    first, until = (str(browser.one(f"#{name}").get_attribute("value")) for name in ("from", "to"))
    assert first_day < first < until < "2021-02-24"
    assert f"from={first}&to={until}" in browser.driver.current_url
    assert browser.errors() == []
