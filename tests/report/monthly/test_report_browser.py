"""The monthly report in a real browser, opened from a folder as by a double click."""

import base64
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.history import history
from etl.load.month import Month
from etl.report.monthly import make
from etl.store.directory import DirectoryStore
from tests.support.browsers import WITHIN, audit
from tests.support.builders import country, day, stats_json
from tests.support.runs import run

HOSTILE = "<img src=x onerror=document.title='run'>"
PAGES = ("2021-01/final_report.html", "2021-01/final_chart.html", "index.html")
DRAWN = """const charts = document.querySelectorAll(".chart").length;
return window.Bokeh && Bokeh.documents.length === charts
&& Bokeh.documents.every((one) => one.is_idle)"""
PAPER = 703  # CSS pixels: A4 without its margins
TOO_WIDE = """return [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility()
&& one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 99))"""
BROKEN = """const numbers = "td.number, .sortable td, strong, td.date";
return [...document.querySelectorAll(numbers)].filter((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1;
}).map((one) => one.textContent)"""
COLOURS = f"""{WITHIN}
const drawn = within(document.getElementById(arguments[0])).filter((e) => e.matches("canvas"));
return drawn.map((canvas) => new Set(new Uint32Array(canvas.getContext("2d").getImageData(
  0, 0, canvas.width, canvas.height).data.buffer)).size)"""
DAILY = ("daily-cases", "daily-deaths")
TOLD = f"""{WITHIN}
const tooltips = within(document.body).filter((e) => e.matches(".bk-tooltip-content"));
return tooltips.map((tooltip) => tooltip.textContent).find((text) => text)"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """reports/ with that of January, in which a country of a hostile name has most cases."""
    folder = tmp_path_factory.mktemp("published")
    names = [HOSTILE, "<script>alert(1)</script>", "$$x^2$$", "Spain", "Spain", "中国"]
    dates = [date(2020, 12, 20) + timedelta(days=n) for n in range(40)]
    elements = [
        country(
            f"c{n}",
            name,
            {
                str(when): day(cumulative_cases=(9 - n) * at * at, cumulative_deaths=at)
                for at, when in enumerate(dates)
            },
        )
        for n, name in enumerate(names)
    ]
    elements.append(country("silent", "Silent", {"2020-06-01": day(cumulative_cases=5)}))
    (folder / "stats.json").write_bytes(stats_json(elements))
    store = DirectoryStore(folder / "out")
    now = datetime(2021, 1, 29, 7, tzinfo=UTC)
    assert run(store, folder / "stats.json", now=now).outcome == "published"
    make.make_report(store, history.read(store)[0], Month(2021, 1), max_bytes=10**7)
    return folder / "out" / "reports"


def open_page(browser: Browser, reports: Path, name: str, *, dark: bool = False) -> None:
    browser.dark(dark)
    browser.open((reports / name).as_uri(), ready=False)
    if name != "index.html":
        browser.wait(DRAWN)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_is_sound_and_asks_nothing_of_another_host(
    browser: Browser, reports: Path, name: str, dark: bool
) -> None:
    open_page(browser, reports, name, dark=dark)
    assert browser.errors() == []
    asked = {url for url in browser.asked_for() if not url.startswith(("data:", "chrome:"))}
    assert asked
    assert not [url for url in asked if not url.startswith(reports.as_uri())]
    assert browser.run("return document.title") != "run"
    found = audit(browser)
    assert found.passes > 10
    assert found.faults == []


@pytest.mark.parametrize(
    ("name", "places"),
    [(PAGES[0], DAILY), (PAGES[1], (*DAILY, "ranking"))],
    ids=["report", "charts"],
)
def test_every_chart_is_drawn(
    browser: Browser, reports: Path, name: str, places: tuple[str, ...]
) -> None:
    open_page(browser, reports, name)
    for place in places:
        assert max(browser.run(COLOURS, place)) > 10, place


def test_a_pointer_over_a_bar_reads_the_country_whose_name_stays_text(
    browser: Browser, reports: Path
) -> None:
    browser.resize(1280, 2000)
    open_page(browser, reports, PAGES[1])
    chart = browser.one("#ranking")
    top = 55 - chart.size["height"] // 2  # the first bar, which is as long as the chart is wide
    ActionChains(browser.driver).move_to_element_with_offset(chart, 0, top).perform()
    told = browser.wait(TOLD)
    assert HOSTILE in told
    assert "new cases" in told
    assert browser.run("return document.title") != "run"
    assert browser.errors() == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen_and_no_number_is_broken(
    browser: Browser, reports: Path, name: str
) -> None:
    open_page(browser, reports, name)
    for width in (320, 390, 768, 1280, 1920):
        browser.resize(width)
        browser.fits(width)
        assert browser.run(BROKEN) == []


def first_column(browser: Browser) -> list[str]:
    return browser.texts(".sortable tbody th")


def test_every_column_sorts_by_mouse_and_by_key_and_unknown_figures_come_last(
    browser: Browser, reports: Path
) -> None:
    open_page(browser, reports, PAGES[0])
    assert first_column(browser)[0] == HOSTILE
    assert browser.one(".sortable [aria-sort]").text.startswith("New")
    name, new, *_ = browser.driver.find_elements(By.CSS_SELECTOR, ".sortable thead button")
    new.click()  # sorted already, so the other way
    assert [browser.one(".sortable [aria-sort]").get_attribute("aria-sort")] == ["ascending"]
    assert first_column(browser)[-2:] == [HOSTILE, "Silent"]
    name.send_keys(Keys.ENTER)
    assert first_column(browser)[:2] == [HOSTILE, "<script>alert(1)</script>"]
    name.send_keys(Keys.SPACE)
    assert first_column(browser)[0] == "中国"
    assert browser.texts(".sortable [aria-sort='descending']") == ["Country"]


def test_a_country_leads_to_its_chart_on_the_page(browser: Browser, reports: Path) -> None:
    open_page(browser, reports, PAGES[0])
    link = browser.driver.find_element(By.LINK_TEXT, HOSTILE).get_attribute("href") or ""
    assert link == f"{reports.parent.as_uri()}/index.html#chart=c0"
    browser.open(link)
    assert browser.run("return location.hash") == "#chart=c0"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_report_fits_on_paper_with_a_picture_of_each_chart(
    browser: Browser, reports: Path, dark: bool
) -> None:
    open_page(browser, reports, PAGES[0], dark=dark)
    options = {"preferCSSPageSize": True}
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", options)["data"]
    sheets = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", base64.b64decode(printed))
    assert {(round(float(w)), round(float(h))) for w, h in sheets} == {(595, 842)}  # A4, in points
    assert 2 <= len(sheets) <= 3
    pictures = "return [...document.querySelectorAll('.chart img')].map((one) => one.naturalWidth)"
    assert [width > 500 for width in browser.run(pictures)] == [True] * 2
    browser.emulate("setEmulatedMedia", media="print")
    browser.resize(PAPER)
    browser.fits(PAPER)
    assert browser.run(TOO_WIDE) == []
    browser.emulate("setEmulatedMedia", media="")


def test_without_javascript_the_figures_and_tables_are_there(
    browser: Browser, reports: Path
) -> None:
    browser.emulate("setScriptExecutionDisabled", value=True)
    try:
        browser.open((reports / PAGES[0]).as_uri(), ready=False)
        assert "JavaScript" in browser.texts("noscript p")[0]
        assert len(first_column(browser)) == 7
        assert "from 1 to 28 December 2020: 2,496" in browser.one(".figures").text
    finally:
        browser.emulate("setScriptExecutionDisabled", value=False)


def test_a_script_that_is_missing_is_said(browser: Browser, reports: Path, tmp_path: Path) -> None:
    shutil.copytree(reports / "2021-01", tmp_path / "reports" / "2021-01")
    browser.open((tmp_path / "reports" / PAGES[0]).as_uri(), ready=False)
    assert browser.wait("return document.querySelector('.chart').textContent").startswith(
        "The chart can't be drawn"
    )
    browser.errors()
