"""Taking the chart along: picture, data, link, and the frame on another page."""

import base64
import csv
import io
import json
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dev.bench.browser import Browser
from etl.store.directory import DirectoryStore
from tests.support.browsers import audit
from tests.support.builders import country, day, stats_json
from tests.support.drawn import colours
from tests.support.language_server import language_server, with_credentials
from tests.support.pages import publish_sample
from tests.support.runs import contents, run

# What would be saved: its name, and its bytes in base64.
SAVED = """
const done = arguments[arguments.length - 1];
HTMLAnchorElement.prototype.click = function () {
  fetch(this.href).then((answer) => answer.blob()).then((blob) => {
    const reader = new FileReader();
    reader.onload = () => done([this.download, reader.result.split(",")[1]]);
    reader.readAsDataURL(blob);
  });
};
document.querySelector(arguments[0]).dispatchEvent(new Event("click"));
"""
FRAMED = "return document.querySelector('#frame').value"
STATE = "#chart=spain&with=italy&measure=cumulative_cases&from=2020-03-01&to=2020-03-05"


def saved(browser: Browser, selector: str) -> tuple[str, bytes]:
    name, content = browser.driver.execute_async_script(SAVED, selector)
    return name, base64.b64decode(content)


def series_of(folder: Path, code: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "countries" / f"{code}.json").read_bytes())
    return found


def test_picture_data_link_and_frame_have_all_that_is_chosen(
    browser: Browser, folder: Path, address: str
) -> None:
    browser.open(address + STATE)
    name, content = saved(browser, "#save-csv")
    assert name == "covid-spain-italy-cumulative_cases.csv"
    head, *rows = csv.reader(io.StringIO(content.decode()))
    assert head == ["date", "Spain", "Italy"]
    assert [row[0] for row in rows] == [f"2020-03-0{n}" for n in range(1, 6)]
    for column, code in ((1, "ESP"), (2, "ITA")):
        series = series_of(folder, code)
        totals = dict(zip(series["date"], series["cumulative_cases"], strict=True))
        assert [float(row[column]) for row in rows] == [totals[row[0]] for row in rows]
    name, content = saved(browser, "#save-png")
    assert name.endswith(".png")
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    drawn = browser.run(
        "const c = document.querySelector('#chart canvas'); return [c.width, c.height]"
    )
    assert width == drawn[0] + 32
    assert height > drawn[1] + 90  # title, names and source
    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    browser.one("#copy-link").click()
    assert browser.wait("return window.copied") == address + STATE
    browser.run("document.querySelector('#embed').open = true; window.copied = ''")
    browser.one("#copy-frame").click()
    frame = browser.wait("return window.copied")
    assert frame == browser.run(FRAMED)
    assert f'src="{address.replace("index", "chart")}{STATE.replace("&", "&amp;")}"' in frame
    assert 'title="Total confirmed cases"' in frame
    assert browser.errors() == []


def test_a_frame_shows_the_chart_alone_at_any_size(
    browser: Browser, folder: Path, address: str, tmp_path: Path
) -> None:
    browser.open(f"{address}#chart=spain&with=italy&per=100000")
    frame = browser.run(FRAMED)
    (tmp_path / "news.html").write_text(f"<!doctype html><html lang=en><title>x</title>{frame}")
    browser.open((tmp_path / "news.html").as_uri(), ready=False)
    browser.driver.switch_to.frame(0)
    try:
        browser.wait("return document.documentElement.dataset.readyAfterMs")
        assert browser.one("h1").text.startswith("New cases a day per 100,000 people")
        assert browser.texts("#lines .name") == ["Spain", "Italy"]
        assert max(colours(browser, "#chart")) > 10
    finally:
        browser.driver.switch_to.default_content()
    base = folder.as_uri()
    asked = [url for url in browser.asked_for() if url.startswith(base)]
    loaded = {Path(urlsplit(url).path) for url in asked}
    assert [path.name.partition("-")[0] for path in sorted(loaded)] == [
        *("alone", "series", "uplot"),
        "chart.html",
    ]
    assert sum(path.stat().st_size for path in loaded) < 600_000
    for width, height in ((320, 300), (1200, 700)):
        browser.resize(width, height)
        browser.open(f"{base}/chart.html#chart=spain&with=italy&measure=case_fatality")
        size = "const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]"
        wide, high = browser.run(size)
        assert wide == width
        assert high <= height or width == 320
        link = browser.one("#whole").get_attribute("href")
        assert str(link).endswith("index.html#chart=spain&with=italy&measure=case_fatality")
    assert audit(browser).grave == []
    assert browser.errors() == []


def test_a_frame_speaks_the_language_of_its_page(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_credentials(monkeypatch)
    with language_server(monkeypatch):
        publish_sample(DirectoryStore(tmp_path / "out"), TRANSLATE_TO="ca,ar")
    browser.open((tmp_path / "out" / "index.ca.html").as_uri())
    source = unescape(browser.run(FRAMED).split('src="')[1].split('"')[0])
    assert source.endswith("&lang=ca")
    browser.open(source)
    assert browser.one("h1").text == "ca: NEW CASES A DAY, AVERAGE OF 7 DAYS"
    assert str(browser.one("#whole").get_attribute("href")).split("#")[0].endswith("index.ca.html")
    browser.open(source.replace("lang=ca", "lang=ar"))
    assert browser.run("return document.documentElement.dir") == "rtl"
    browser.open(source.replace("lang=ca", "lang=xx"))
    assert browser.one("h1").text == "New cases a day, average of 7 days"


def test_a_name_that_a_spreadsheet_would_run_is_harmless_in_the_data(
    browser: Browser, tmp_path: Path
) -> None:
    days = {"2021-01-19": day(cumulative_cases=9), "2021-01-20": day(cumulative_cases=5)}
    elements = [country("odd", '=HYPERLINK("http://x")', days=days), country("spain", days=days)]
    (tmp_path / "stats.json").write_bytes(stats_json(elements))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri() + "#chart=odd&measure=cumulative_cases")
    _, content = saved(browser, "#save-csv")
    assert [*csv.reader(io.StringIO(content.decode()))] == [
        ["date", '\'=HYPERLINK("http://x")'],
        ["2021-01-19", "9"],
        ["2021-01-20", "5"],
    ]
    assert "the source lowered its total on 20 Jan 2021" in browser.one("#chart-notes").text
    assert "chart.html" in contents(DirectoryStore(tmp_path / "out"))
