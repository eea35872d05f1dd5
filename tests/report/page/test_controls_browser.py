"""The page's controls in a browser, of places and of odd names."""

from datetime import UTC, datetime
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.extract.sources import SAMPLES
from etl.store.directory import DirectoryStore
from tests.support.builders import country, day, stats_json
from tests.support.drawn import colours, column
from tests.support.runs import run

SCRIPT_NAME = "<script>alert(1)</script>"
OPTIONS = """const box = document.querySelector('#country');
box.focus();
box.dispatchEvent(new Event('input'));
return [...document.querySelectorAll('#country-list li')].map((option) => option.textContent)"""


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
    assert browser.run("return document.scripts.length") == 5  # its own
    assert browser.errors() == []
