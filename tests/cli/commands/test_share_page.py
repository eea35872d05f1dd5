"""`share --page`: the page of a private folder, with all that it links to."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

from etl.load.share import expired
from tests.support.desk import Desk
from tests.support.runs import contents
from tests.support.sharing import publish_page
from tests.support.web import fetch


def test_the_page_of_a_private_folder_is_read_with_all_it_links_to(s3_desk: Desk) -> None:
    run_id = s3_desk.publish(20)
    store = s3_desk.store
    publish_page(store)
    before = contents(store)
    said = s3_desk("share", "--page", "--expires", "7d")
    assert said.status == 0
    page = fetch(said.out.strip())
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    links = [unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', page.text)]
    css, script, latest, manifest, status, gone, elsewhere = links
    assert (gone, elsewhere) == ("gone.csv", "https://elsewhere.org/")
    assert fetch(css).text == "p{}"
    assert fetch(script).text == "let a"
    assert fetch(script).headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert fetch(latest).content == before["latest.csv"]
    assert fetch(manifest).content == before["manifest.json"]
    assert fetch(status).content == before["status.json"]
    assert f"/runs/{run_id}/latest.csv?" in latest
    assert {parse_qs(urlsplit(link).query)["X-Amz-Expires"][0] for link in links[:5]} == {"604800"}
    assert contents(store).keys() - before.keys() == {
        key
        for key in contents(store)
        if re.fullmatch(r"_shared/[0-9TZ-]+-[0-9a-f]{16}/index\.html", key)
    }


def test_a_shared_page_stays_what_it_was_when_another_run_is_published(s3_desk: Desk) -> None:
    first = s3_desk.publish(20)
    publish_page(s3_desk.store)
    url = s3_desk("share", "--page").out.strip()
    before = contents(s3_desk.store)
    s3_desk.publish(22)
    assert "assets/page-01.js" not in contents(s3_desk.store)
    page = fetch(url)
    assert first in page.text
    links = [
        unescape(link) for link in re.findall(r'(?:href|src)="(http[^"]*X-Amz[^"]*)"', page.text)
    ]
    assert [fetch(link).status_code for link in links] == [200] * 5
    assert fetch(links[2]).content == before["latest.csv"]


def test_where_there_is_no_page_that_is_said(moto_desk: Desk) -> None:
    said = moto_desk("share", "--page")
    assert said.status == 1
    assert "has no page to share; python app.py run --force publishes one" in said.err


def test_a_copy_says_in_its_key_when_its_links_expire() -> None:
    key = "_shared/2021-01-30T070000Z-0123456789abcdef/index.html"
    moment = datetime(2021, 1, 30, 7, tzinfo=UTC)
    assert not expired(key, moment)
    assert expired(key, moment + timedelta(seconds=1))
    for other in ("_shared/notes.txt", "index.html", "x_shared/2021-01-30T070000Z-0/index.html"):
        assert not expired(other, moment + timedelta(days=1))
