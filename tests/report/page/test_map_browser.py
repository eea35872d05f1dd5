"""The map in a browser: measures, months, pointer, finger and keyboard."""

import json
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.report.page import page
from etl.store.directory import DirectoryStore
from tests.support.pages import LATER
from tests.support.runs import growing, run

LABEL = "return document.querySelector(`#map [href='#chart=${arguments[0]}']`).ariaLabel"
SHAPE = "#map [href='#chart={}'] > *"
LABEL_OF = """
const labels = [...document.querySelectorAll('#map a')].map((link) => link.ariaLabel);
return labels.find((label) => label.startsWith(arguments[0]))
"""
FOCUSED = "return document.activeElement.ariaLabel"
SAYS = "return document.querySelector('#chart-says').textContent.includes(arguments[0])"
TAP = """
const on = document.querySelector(arguments[0]);
on.dispatchEvent(new PointerEvent('click', {pointerType: 'touch', bubbles: true, cancelable: true}))
"""
MONTH = """
const slider = document.querySelector('#month');
slider.value = arguments[0];
slider.dispatchEvent(new Event('input'));
"""


CLASSES = """
const classes = (selector) => [...document.querySelectorAll(selector)].map((e) => e.className);
return [classes('#map a > *').map((name) => name.baseVal), classes('#legend li')]
"""


@pytest.fixture
def opened(browser: Browser, address: str) -> Browser:
    browser.open(address)
    return browser


def cell(browser: Browser, key: str, number: int) -> str:
    return browser.texts(f"#table [data-key={key}] > :nth-child({number})")[0]


def test_the_map_reads_by_pointer_and_leads_to_the_chart(opened: Browser) -> None:
    browser = opened
    shape = browser.one(SHAPE.format("brazil"))
    ActionChains(browser.driver).move_to_element(shape).perform()
    assert browser.texts(".tip") == [f"Brazil{cell(browser, 'brazil', 6)}"]
    shape.click()
    browser.wait(SAYS, "Brazil: ")
    assert browser.driver.current_url.endswith("#chart=brazil")
    assert browser.run("return document.querySelectorAll('#map .chosen').length") == 1
    browser.run(TAP, SHAPE.format("india"))  # a finger reads first
    assert browser.texts(".tip")[0].startswith("India")
    assert browser.run(SAYS, "Brazil: ")
    browser.run(TAP, SHAPE.format("india"))
    browser.wait(SAYS, "India: ")
    # what ended says nothing of today, and where the pointer is near a dot it means the dot
    dot = browser.one("#map [href='#chart=hong-kong'] circle")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", dot)
    ActionChains(browser.driver).move_to_element_with_offset(dot, 7, 6).perform()
    assert browser.texts(".tip") == ["Hong Kongno dataended 2020-03-10"]
    assert dot.get_attribute("fill") == "url(#hatch)"
    assert browser.errors() == []


def test_the_map_follows_the_measure_and_the_month(opened: Browser, folder: Path) -> None:
    browser = opened
    assert browser.texts("#month-read") == ["latest"]
    browser.choose("#measure", "0")
    assert browser.texts("#map-measure") == ["total confirmed cases"]
    assert browser.run(LABEL, "spain") == f"Spain: {cell(browser, 'spain', 2)}"
    browser.run(MONTH, 2)
    assert browser.texts("#month-read") == ["March 2020"]
    spain = json.loads((folder / "countries" / "ESP.json").read_bytes())
    march = spain["cumulative_cases"][spain["date"].index("2020-03-31")]
    assert browser.run(LABEL, "spain") == f"Spain: {march:,}"
    assert "Congo: 4" in browser.run(LABEL, "congo")  # it had not ended then
    browser.run(MONTH, 99)
    for measure, months in (("4", True), ("5", True), ("6", False)):
        browser.choose("#measure", measure)
        assert browser.one("#month-row").is_displayed() == months
        filled, legend = browser.run(CLASSES)
        assert 4 <= len(set(filled)) <= len(legend) <= 8
        assert {*filled} <= {*legend}
    assert browser.errors() == []


def test_the_map_is_one_stop_of_the_keyboard_and_arrows_move_within(opened: Browser) -> None:
    browser = opened
    stops = browser.run("return [...document.querySelectorAll('#map [tabindex=\"0\"]')].length")
    assert stops == 1
    browser.run("document.querySelector(arguments[0]).parentNode.focus()", SHAPE.format("spain"))
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert browser.run(FOCUSED).startswith("Italy: ")
    assert browser.texts(".tip")[0].startswith("Italy")
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_UP)
    assert browser.run(FOCUSED).startswith(("Germany: ", "Sweden: "))
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.wait("return !document.querySelector('#chart-says').textContent.includes('World: ')")
    assert browser.errors() == []


OWN = ("beds", "tests", "vaccinated", "gini", "age", "warmth")
ROWS = ("ESP,1,2.5,3,4,5,6", "ITA,10,20.5,30,40,50,60")


def test_own_columns_are_on_the_map_and_a_page_without_series_has_a_map_of_today(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stats.json").write_bytes(growing(40))
    table = tmp_path / "own.csv"
    table.write_text("\n".join([",".join(("iso3", *OWN)), *ROWS]))
    for every, months in (((1, 7, 0), True), ((0,), False)):
        monkeypatch.setattr(page, "DAYS_A_POINT", every)
        out = tmp_path / str(months)
        run(DirectoryStore(out), tmp_path / "stats.json", now=LATER, TABLES=f"own={table}")
        browser.open((out / "index.html").as_uri())
        chooser = browser.run("return [...document.querySelector('#measure')].map((o) => o.text)")
        assert chooser[-4:] == ["Beds", "Tests", "Vaccinated", "Gini"]
        assert "Also published: Age, Warmth" in browser.one("#countries").text
        browser.choose("#measure", str(chooser.index("Tests")))
        assert browser.texts("#map-measure")[0].startswith("tests, ")
        assert browser.run(LABEL_OF, "Spain") == "Spain: 2.500"
        assert browser.one("#month-row").is_displayed() == months
        assert browser.errors() == []
