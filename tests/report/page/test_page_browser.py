"""The page in a browser: opened from a folder and from an S3 server, in any state."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from dev.bench import extend
from dev.bench.browser import Browser
from etl.extract.sources import SAMPLES
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.drawn import colours, column
from tests.support.language_server import language_server, with_credentials
from tests.support.pages import LATER, publish_sample
from tests.support.runs import NOW, growing, run
from tests.support.s3_server import Answer, answering, use

BUCKET, FOLDER = f"pages-{uuid4().hex}", "covid"


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


def assert_works(browser: Browser, base: str) -> None:
    """Charts drawn, nothing amiss in the console, nothing from anywhere else."""
    assert browser.errors() == []
    asked = browser.asked_for()
    assert any(url.startswith(f"{base}/assets/uplot-") for url in asked)
    assert [url for url in asked if not url.startswith((base, "data:", "blob:", "about:"))] == []
    assert max(colours(browser, "#chart")) > 10
    assert browser.run("return document.querySelectorAll('#map path').length") > 170
    assert browser.texts(".waiting") == []


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
    assert_works(browser, url)
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
    # the worker made a report since, which this version can't know
    for name in ("index.html", "2020-12/final_report.html", "2021-01/final_report.html"):
        store.write(
            Upload(
                f"reports/{name}",
                b'<a href="2020-12/final_report.html"><a href="2021-01/final_report.html">',
            )
        )
    assert run(store, source, now=NOW + timedelta(days=30)).outcome == "unchanged"
    assert "2021-01" not in browser.one("#elsewhere + ul").text
    browser.open(f"{url}/index.html")
    browser.wait("return document.querySelector('#checked').textContent.startsWith('2021-02-24')")
    assert "these figures are 35 days old" in browser.one("#stale").text
    browser.wait("return document.querySelector('#reports').checkVisibility()")
    assert browser.texts("#reports a") == ["2021-01", "2020-12", "all of them"]
    assert browser.errors() == []


def test_a_page_in_a_folder_counts_the_days_by_the_readers_clock(
    browser: Browser, address: str
) -> None:
    browser.open(address)
    notice = browser.one("#stale").text
    days = browser.run("return Math.floor((Date.now() - Date.parse('2021-02-24')) / 864e5)")
    assert notice == f"The source has gone stale: these figures are {days:,} days old."


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
    assert re.match(
        r"ca: NEW CASES A DAY, AVERAGE OF 7 DAYS\. "
        r"ca: ca: WORLD: 275,009 ON 24 de febr\.? .*2021, AT MOST ",
        told,
    )
    browser.one("#filter").send_keys("esp")
    assert column(browser, 1) == ["Spain"]
    assert browser.one("#shown").text == "ca: 1 OF 35 COUNTRIES"
    browser.choose("#measure", "0")
    assert browser.texts("#bars-measure") == ["ca: TOTAL CONFIRMED CASES"]


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
    chart = (
        "The chart is drawn by JavaScript. Without it, the figures are in the table and the files."
    )
    assert chart in text  # on one line
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


def test_a_page_without_the_maps_shapes_draws_its_chart(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    ignored = shutil.ignore_patterns("shapes-*")
    shutil.copytree(folder / "assets", tmp_path / "assets", ignore=ignored)
    (tmp_path / "index.html").write_bytes((folder / "index.html").read_bytes())
    browser.open((tmp_path / "index.html").as_uri())
    assert browser.one("#lines").text.startswith("World")
    assert len(browser.texts("#map .waiting")) == len(browser.texts(".waiting")) == 1


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
