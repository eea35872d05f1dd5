"""The page in a real browser: from a folder on disk, and from an S3 server."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dev.bench import extend
from dev.bench.browser import Browser
from etl.extract.sources import SAMPLES
from etl.report.page import page
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.browsers import WITHIN, audit
from tests.support.builders import country, day, stats_json
from tests.support.language_server import language_server, with_credentials
from tests.support.runs import NOW, growing, run
from tests.support.s3_server import Answer, answering, use

LATER = NOW + timedelta(days=31)  # the day behind the sample's last
SCRIPT_NAME = "<script>alert(1)</script>"
BUCKET, FOLDER = f"pages-{uuid4().hex}", "covid"
# Every element of a kind within another that shows.
FOUND = f"""{WITHIN}
const found = within(document.querySelector(arguments[0])).filter((element) =>
  element.checkVisibility() && element.matches(arguments[1]));
"""
COLOURS = f"""{FOUND}
return found.map((canvas) => {{
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size;
}})"""
DRAWN = f"{FOUND} return found.map((canvas) => canvas.toDataURL()).join()"
REDRAWN = f"{FOUND} return found.map((canvas) => canvas.toDataURL()).join() !== arguments[2]"
TOLD = f"""{FOUND}
return found.map((tooltip) => tooltip.textContent).find((text) => text)"""
DAYS = "return [...Bokeh.documents[0].get_model_by_name('days').data.day].length"
OPTIONS = "return [...document.querySelector('#country').options].map((option) => option.text)"
SHAPES = Path(page.__file__).with_name("shapes.json")


def publish_sample(store: DirectoryStore | S3Store, **variables: Any) -> None:
    variables |= {"SOURCE": "sample", "COUNTRIES_URL": str(SAMPLES / "InfoPaisosExtra.xlsx")}
    ended = run(store, SAMPLES / "stats.json.gz", now=LATER, **variables)
    assert ended.outcome == "published"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, published into a folder."""
    out = tmp_path_factory.mktemp("published") / "out"
    publish_sample(DirectoryStore(out))
    return out


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    return (folder / "index.html").as_uri()


@contextmanager
def passing_on(client: Any) -> Iterator[str]:
    """What a CDN does before a private bucket: plain GETs in, signed ones out; the folder's URL."""

    def reply(answer: Answer) -> None:
        key = answer.path.removeprefix("/").partition("?")[0]
        try:
            found = client.get_object(Bucket=BUCKET, Key=key)
        except ClientError:
            answer.reply(404)
            return
        body = found["Body"].read().decode()
        answer.reply(
            200, body, Content_Type=found["ContentType"], Cache_Control=found["CacheControl"]
        )

    with answering(reply) as url:
        yield f"{url}/{FOLDER}"


@pytest.fixture
def s3_store(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Store, str]]:
    """A store on an S3 server, and the URL under which a browser reads its folder."""
    import boto3

    use(monkeypatch, s3_url)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    try:
        with passing_on(client) as url:
            yield S3Store.connect(BUCKET, FOLDER), url
    finally:
        for found in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in found.get("Contents", []):
                client.delete_object(Bucket=BUCKET, Key=entry["Key"])
        client.delete_bucket(Bucket=BUCKET)
        client.close()


def colours(browser: Browser, plot: str) -> list[int]:
    """How many colours there are on each of its canvases: one is a blank one."""
    return list(browser.run(COLOURS, plot, "canvas"))


def drawn(browser: Browser, plot: str) -> str:
    return str(browser.run(DRAWN, plot, "canvas"))


def assert_works(browser: Browser, base: str) -> None:
    """Charts drawn, nothing amiss in the console, nothing from anywhere else."""
    assert browser.errors() == []
    asked = browser.asked_for()
    assert any(url.startswith(f"{base}/assets/bokeh-") for url in asked)
    assert [url for url in asked if not url.startswith((base, "data:", "blob:", "about:"))] == []
    assert max(colours(browser, "#chart")) > 10
    assert max(colours(browser, "#map")) > 10
    assert browser.texts(".waiting") == []


# ---- where it is opened


def test_a_double_click_on_the_page_in_a_folder_shows_it_whole(
    browser: Browser, folder: Path, address: str
) -> None:
    browser.open(address)
    assert_works(browser, folder.as_uri())


def test_the_page_on_an_s3_server_is_whole_and_its_strip_newer_than_itself(
    browser: Browser, s3_store: tuple[S3Store, str], tmp_path: Path
) -> None:
    store, url = s3_store
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    run(store, source)
    browser.open(f"{url}/index.html")
    browser.wait("return document.querySelector('#checked').textContent.startsWith('2021-01-25')")
    assert_works_without_map(browser, url)
    assert browser.run("return document.querySelector('#strip').children.length") == 1
    # two days later nothing was new, and the day between was missed: the page stays as it is
    before = store.read("index.html")
    assert run(store, source, now=NOW + timedelta(days=2)).outcome == "unchanged"
    assert store.read("index.html") == before
    browser.open(f"{url}/index.html")
    browser.wait("return document.querySelector('#strip').children.length === 3")
    assert browser.run(
        "return [...document.querySelectorAll('#strip li')].map(s => [s.className, s.title])"
    ) == [
        ["published", "2021-01-25: published"],
        ["missed", "2021-01-26: missed"],
        ["unchanged", "2021-01-27: unchanged"],
    ]
    assert browser.one("#checked").text == "2021-01-27 07:00 UTC"
    assert browser.texts("#without summary") == ["Days without a success: 1"]
    assert browser.one("#stale").text == ""  # by status.json, which was written then
    assert run(store, source, now=NOW + timedelta(days=30)).outcome == "unchanged"
    browser.open(f"{url}/index.html")
    browser.wait("return document.querySelector('#checked').textContent.startsWith('2021-02-24')")
    assert "these figures are 35 days old" in browser.one("#stale").text


def assert_works_without_map(browser: Browser, base: str) -> None:
    """As `assert_works`, of data that has no population."""
    assert browser.errors() == []
    assert all(url.startswith((base, "data:", "blob:")) for url in browser.asked_for())
    assert max(colours(browser, "#chart")) > 10
    assert "There is no map" in browser.one("#map-section").text


def test_a_page_in_a_folder_counts_the_days_by_the_readers_clock(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    notice = browser.one("#stale").text
    days = browser.run("return Math.floor((Date.now() - Date.parse('2021-02-24')) / 864e5)")
    assert notice == f"The source has gone stale: these figures are {days:,} days old."


# ---- what it does


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


def column(browser: Browser, number: int) -> list[str]:
    return browser.texts(f"#table tbody tr > :nth-child({number})")


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


def test_the_table_is_filtered_by_name_or_code_whatever_the_accents(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    for text, names in {"îVORY": ["Ivory Coast"], "esp": ["Spain"], "zz": []}.items():
        browser.run("document.querySelector('#filter').value = ''")
        browser.one("#filter").send_keys(text)
        assert column(browser, 1) == names
        assert browser.one("#shown").text == f"{len(names)} of 35 countries"


def test_a_page_in_another_language_draws_and_says_all_in_it(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_credentials(monkeypatch)
    store = DirectoryStore(tmp_path / "out")
    with language_server(monkeypatch):
        publish_sample(store, TRANSLATE_TO="ca")
    browser.open((tmp_path / "out" / "index.ca.html").as_uri())
    assert browser.errors() == []
    told = browser.one("#chart-says").text
    assert re.match(r"ca: WORLD: ca: 275,009 CASES A DAY ON 24 de febr\.? .*2021, AT MOST ", told)
    browser.one("#filter").send_keys("esp")
    assert column(browser, 1) == ["Spain"]
    assert browser.one("#shown").text == "ca: 1 OF 35 COUNTRIES"
    browser.choose("#measure", "0")
    assert browser.texts("#bars-measure") == ["ca: CONFIRMED CASES IN ALL"]


def test_the_ranking_is_of_the_measure_chosen(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.choose("#measure", "0")
    assert browser.texts("#bars tbody th")[:3] == ["United States", "India", "Brazil"]
    assert browser.texts("#bars-measure") == ["confirmed cases in all"]
    lengths = browser.run(
        "return [...document.querySelectorAll('#bars .bar span')].map(bar => bar.offsetWidth)"
    )
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 2 * lengths[-1]


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
    assert SCRIPT_NAME in browser.texts("#bars tbody th")
    assert SCRIPT_NAME in column(browser, 1)
    assert browser.run("return document.scripts.length") == 6  # its own, and Bokeh unpacked
    assert browser.errors() == []


# ---- for whom


def test_every_control_is_reached_by_the_keyboard_and_works_by_it(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())
    browser.run(
        "window.reached = new Set(); addEventListener('focusin', e => reached.add(e.target))"
    )
    keys = ActionChains(browser.driver)
    for _ in range(90):
        keys.send_keys(Keys.TAB)
    keys.perform()
    missed = browser.run(
        "const all = document.querySelectorAll(arguments[0]);"
        "return [...all].filter(e => e.checkVisibility() && !reached.has(e)).map(e => e.outerHTML)",
        "a, button, input:not([name=scale]:not(:checked)), select, summary, [tabindex='0']",
    )
    assert missed == []
    browser.one("#table thead th:nth-child(2) button").send_keys(Keys.ENTER)
    assert browser.one("#table thead th:nth-child(2)").get_attribute("aria-sort") == "descending"
    browser.one("[name=scale]:checked").send_keys(Keys.ARROW_RIGHT)
    assert browser.run("return document.querySelector('[name=scale]:checked').value") == "log"
    browser.one("summary[id], #files summary").send_keys(Keys.ENTER)
    assert browser.one("#files details").get_attribute("open") == "true"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "dark")])
def test_axe_finds_no_serious_fault(
    browser: Browser, address: str, scheme: str, width: int
) -> None:
    browser.resize(width)
    browser.dark(scheme == "dark")
    browser.open(address)
    browser.run("for (const details of document.querySelectorAll('details')) details.open = true")
    found = audit(browser)
    assert found.passes > 20
    assert found.grave == []


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_nothing_is_wider_than_the_screen(
    browser: Browser, address: str, width: int
) -> None:
    browser.resize(width)
    browser.open(address)
    assert browser.run("return document.documentElement.scrollWidth") == width
    assert max(colours(browser, "#chart")) > 10


def test_the_charts_change_with_the_colour_scheme(browser: Browser, address: str) -> None:
    browser.open(address)
    light = drawn(browser, "#map")
    browser.dark(True)
    browser.wait(REDRAWN, "#map", "canvas", light)
    assert browser.errors() == []


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Browser]:
    browser.emulate("setScriptExecutionDisabled", value=True)
    yield browser
    browser.emulate("setScriptExecutionDisabled", value=False)


def test_without_scripts_figures_table_runs_and_files_are_there(
    without_scripts: Browser, address: str
) -> None:
    without_scripts.open(address, ready=False)
    text = without_scripts.one("body").text
    for told in ("275,009", "Spain", "every figure is invented"):
        assert told in text
    assert "The chart is drawn by JavaScript." in text
    assert "timeseries.parquet" in text
    assert "What was corrected" in text
    assert not without_scripts.one("#chart-controls").is_displayed()
    assert without_scripts.errors() == []


def test_a_page_without_its_assets_says_so_and_keeps_its_table(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_bytes((folder / "index.html").read_bytes())
    for asset in (folder / "assets").glob("page-*"):
        (tmp_path / "assets").mkdir()
        (tmp_path / "assets" / asset.name).write_bytes(asset.read_bytes())
    browser.open((tmp_path / "index.html").as_uri())
    told = "The scripts beside this page, in assets/, could not be loaded."
    assert [text.startswith(told) for text in browser.texts(".waiting")] == [True, True]
    assert len(column(browser, 1)) == 35


def test_a_browser_too_old_for_the_charts_is_told_so(browser: Browser, address: str) -> None:
    added = browser.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream"}
    )
    try:
        browser.open(address)
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert all(text.startswith("This browser is too old") for text in browser.texts(".waiting"))
    assert len(browser.texts(".waiting")) == 2


def test_two_hundred_countries_over_400_days_are_ready_within_seconds(
    browser: Browser, tmp_path: Path
) -> None:
    source = tmp_path / "stats.json"
    extend.main([str(SAMPLES / "stats.json.gz"), str(source), "--days", "400", "--copies", "6"])
    run(DirectoryStore(tmp_path / "out"), source, now=LATER)
    browser.open((tmp_path / "out" / "index.html").as_uri())
    ready_ms = int(browser.run("return document.documentElement.dataset.readyAfterMs"))
    print(f"\n210 countries, 68,358 rows: charts drawn after {ready_ms} ms")
    assert ready_ms < 10_000
