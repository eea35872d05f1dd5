"""The ranking, the table and the files in a browser."""

from pathlib import Path

from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.store.directory import DirectoryStore
from tests.support.builders import country, day, stats_json
from tests.support.drawn import column
from tests.support.runs import run


def as_number(text: str) -> float:
    return float(text.replace(",", "").replace("\u2212", "-").rstrip("%"))


def test_the_table_sorts_by_any_column_either_way_with_what_is_missing_last(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    names = column(browser, 1)
    for number in range(2, 9):
        heading = f"#table thead th:nth-child({number})"
        for direction in ("descending", "ascending"):
            browser.one(f"{heading} button").click()
            assert browser.one(heading).get_attribute("aria-sort") == direction
            shown = column(browser, number)
            known = [as_number(text) for text in shown if text != "–"]  # noqa: RUF001
            assert known == sorted(known, reverse=direction == "descending")
            assert all(text == "–" for text in shown[len(known) :])  # noqa: RUF001
            assert sorted(column(browser, 1)) == sorted(names)
    browser.one("#table thead button").click()
    assert column(browser, 1) == names
    assert len(browser.driver.find_elements("css selector", "[aria-sort]")) == 1


def test_the_table_is_filtered_by_any_name_or_code_whatever_the_accents(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    for text, names in {
        "îVORY": ["Ivory Coast"],
        "cote": ["Ivory Coast"],
        "esp": ["Spain"],
        "america": ["United States"],
        "uk": ["United Kingdom"],
        "great britain": ["United Kingdom"],
        " rok": [],
        "korea, rep": ["South Korea"],
        "zz": [],
    }.items():
        browser.run("document.querySelector('#filter').value = ''")
        browser.one("#filter").send_keys(text)
        assert column(browser, 1) == names
        assert browser.one("#shown").text == f"{len(names)} of 35 countries"


def test_the_ranking_is_of_the_measure_chosen(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.choose("#measure", "0")
    assert browser.texts("#bars tbody th")[:3] == ["United States", "India", "Brazil"]
    assert browser.texts("#bars-measure") == ["total confirmed cases"]
    lengths = browser.run(
        "return [...document.querySelectorAll('#bars .bar span')].map(bar => bar.offsetWidth)"
    )
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 2 * lengths[-1]


FEW_CASES = [
    country("spain", days={"2021-01-20": day(cumulative_cases=200, cumulative_deaths=2)}),
    country("italy", days={"2021-01-20": day(cumulative_cases=100, cumulative_deaths=3)}),
    country("netherlands", days={"2021-01-20": day(cumulative_cases=99, cumulative_deaths=50)}),
    country("ship", "MS Zaandam", days={"2021-01-20": day(cumulative_cases=700)}),
]


def test_ships_and_rates_of_few_cases_are_not_ranked(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(stats_json(FEW_CASES))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())
    ranked = browser.texts("#bars tbody th")
    assert ranked == ["Spain", "Italy", "Netherlands"]
    notes = "#ranking .notes li"
    assert browser.texts(notes)[1:] == [
        "Left out as well, since they are not countries: MS Zaandam."
    ]
    browser.choose("#measure", "2")
    assert browser.texts("#bars-measure")[0].startswith("case fatality rate")
    assert browser.texts("#bars tbody th") == ["Italy", "Spain"]
    assert browser.texts(notes)[2:] == [
        "Only countries with at least 100 confirmed cases are ranked."
    ]
    browser.one("#filter").send_keys("holland")
    assert column(browser, 1) == ["Netherlands"]
    assert "MS Zaandam" in browser.run("return document.querySelector('#table').textContent")


PASTED = "return document.querySelector('#filter').value"


def test_a_digest_is_short_and_its_button_copies_the_whole(browser: Browser, address: str) -> None:
    browser.open(address)
    digest = browser.one("#files tbody .digest")
    whole = browser.run("return arguments[0].textContent", digest)
    assert len(whole) == 64
    assert digest.size["width"] < 120
    button = browser.one("#files tbody .copy")
    assert button.get_attribute("aria-label") == "Copy the SHA-256 of countries.json"
    button.send_keys(Keys.ENTER)
    browser.wait("return document.querySelector('[role=status]').textContent === 'Copied'")
    browser.one("#filter").send_keys(Keys.CONTROL, "v")
    assert browser.run(PASTED) == whole
    assert browser.errors() == []
