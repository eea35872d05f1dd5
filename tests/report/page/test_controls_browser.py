"""The page's controls in a browser, of places and of odd names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
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
# What is written onto canvases while the chart is drawn again.
WRITTEN = """
const said = [];
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (text) { said.push(text); };
dispatchEvent(new Event("hashchange"));
await new Promise((done) => setTimeout(done, 50));
CanvasRenderingContext2D.prototype.fillText = fillText;
return said;
"""


def written(browser: Browser) -> list[str]:
    return list(browser.run(f"return (async () => {{{WRITTEN}}})()"))


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
    browser.fits(390)
    assert "Nassau, New…" in written(browser)  # not only the code of their country
    assert browser.errors() == []


def test_a_country_named_like_a_script_stays_text(browser: Browser, tmp_path: Path) -> None:
    elements = [
        country("odd", SCRIPT_NAME, days={"2021-01-20": day(cumulative_cases=50)}),
        country("spain", days={"2021-01-20": day(cumulative_cases=7)}),
        country("mexico", "W" * 120, days={"2021-01-20": day(cumulative_cases=9)}),
    ]
    (tmp_path / "stats.json").write_bytes(stats_json(elements))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())  # an alert would break it off
    browser.resize(390)
    browser.fits(390)
    assert SCRIPT_NAME in browser.run(OPTIONS)
    assert SCRIPT_NAME in browser.one("#ranking .notes").text  # it is no country
    browser.one("#country").send_keys("alert", Keys.ENTER)
    assert f". {SCRIPT_NAME}: " in browser.one("#chart-says").text
    assert SCRIPT_NAME in column(browser, 1)
    assert browser.run("return document.scripts.length") == 5  # its own
    assert browser.errors() == []


def test_days_are_typed_digit_by_digit(browser: Browser, address: str) -> None:
    browser.open(f"{address}#chart=spain")
    browser.one("#from").send_keys("03152020")
    assert browser.one("#from").get_attribute("value") == "2020-03-15"
    assert "&from=2020-03-15" in browser.driver.current_url
    browser.one("#to").send_keys("01")
    browser.run("document.activeElement.blur()")
    assert browser.one("#to").get_attribute("value") != ""  # the shown day, once it is left


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("from=2020-03-05&to=2020-03-03", ["2020-03-03", "2020-03-05"]),
        ("from=2031-01-01", None),
        ("to=1999-01-01", None),
        ("from=2020-99-99", None),
    ],
)
def test_days_that_leave_nothing_show_something(
    browser: Browser, address: str, chosen: str, shown: list[str] | None
) -> None:
    ends = "return ['from', 'to'].map((id) => document.getElementById(id).value)"
    browser.open(f"{address}#chart=spain")
    all_days = browser.run(ends)
    browser.open(f"{address}#chart=spain&{chosen}")
    assert browser.run(ends) == (shown or all_days)
    assert "unknown" not in browser.one("#lines").text


def test_no_two_labels_are_of_one_day(browser: Browser, address: str) -> None:
    browser.open(f"{address}#chart=spain&from=2020-03-03&to=2020-03-05")
    days = [text for text in written(browser) if text.endswith("Mar")]
    assert 1 < len(days) == len(set(days))


def test_a_whole_code_is_found_first(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.one("#country").send_keys("uk", Keys.ENTER)
    assert browser.texts("#lines .name") == ["United Kingdom"]


def test_a_chart_of_few_days_begins_with_a_measure_that_is_known(
    browser: Browser, tmp_path: Path
) -> None:
    days = {f"2021-01-{n}": day(cumulative_cases=n) for n in (20, 21)}
    (tmp_path / "stats.json").write_bytes(stats_json([country("spain", days=days)]))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())
    assert browser.one("#chart-measure").get_attribute("value") == "cumulative_cases"
    assert browser.texts("#lines .value") == ["21"]
