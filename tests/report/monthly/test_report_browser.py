"""The monthly report in a real browser, opened from a folder as by a double click."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains

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
DRAWN = "return Bokeh.documents.length === 3 && Bokeh.documents.every((one) => one.is_idle)"
COLOURS = f"""{WITHIN}
const drawn = within(document.getElementById(arguments[0])).filter((e) => e.matches("canvas"));
return drawn.map((canvas) => new Set(new Uint32Array(canvas.getContext("2d").getImageData(
  0, 0, canvas.width, canvas.height).data.buffer)).size)"""
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
    (folder / "stats.json").write_bytes(stats_json(elements))
    store = DirectoryStore(folder / "out")
    now = datetime(2021, 1, 29, 7, tzinfo=UTC)
    assert run(store, folder / "stats.json", now=now).outcome == "published"
    make.make_report(store, history.read(store)[0], Month(2021, 1), max_bytes=10**7)
    return folder / "out" / "reports"


def open_page(browser: Browser, reports: Path, name: str, *, dark: bool = False) -> None:
    browser.dark(dark)
    browser.open((reports / name).as_uri(), ready=False)
    if name.endswith("final_chart.html"):
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
    assert found.grave == []


def test_every_chart_is_drawn(browser: Browser, reports: Path) -> None:
    open_page(browser, reports, PAGES[1])
    for place in ("daily-cases", "daily-deaths", "ranking"):
        assert max(browser.run(COLOURS, place)) > 10, place


def test_a_pointer_over_a_bar_reads_the_country_whose_name_stays_text(
    browser: Browser, reports: Path
) -> None:
    browser.resize(1280, 2000)
    open_page(browser, reports, PAGES[1])
    chart = browser.one("#ranking")
    top = 85 - chart.size["height"] // 2  # the first bar, which is as long as the chart is wide
    ActionChains(browser.driver).move_to_element_with_offset(chart, 0, top).perform()
    told = browser.wait(TOLD)
    assert HOSTILE in told
    assert "new cases" in told
    assert browser.run("return document.title") != "run"
    assert browser.errors() == []


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    browser: Browser, reports: Path, name: str
) -> None:
    browser.resize(390)
    open_page(browser, reports, name)
    assert browser.run("return document.documentElement.scrollWidth") == 390
