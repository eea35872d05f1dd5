"""feed.xml: what a feed reader makes of it, and when it is written."""

import json
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from config import read_settings
from etl.cli.demo import served
from etl.history import append
from etl.history.feed import ENTRIES, atom
from etl.history.history import History
from etl.history.record import Failure, Record
from etl.history.run import Options
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.runs import (
    NOW,
    contents,
    die_behind_commit,
    growing,
    published_store,
    records,
    run,
)

TABLE = read_settings({}).table
DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


def published(n: int, **over: Any) -> Record:
    """The run of the n-th day."""
    moment = datetime(2021, 1, 1, 6, tzinfo=UTC) + n * DAY
    run_id = f"{moment:%Y-%m-%dT%H%M%SZ}-{n:04x}"
    fields: dict[str, Any] = {
        "slot": moment.date(),
        "started_at": moment,
        "outcome": "published",
        "source": "coviddata",
        "published_run": run_id,
        "rows": 1000 + 10 * n,
        "series": 3,
        "source_last": moment.date() - DAY,
    }
    return Record(run_id=run_id, **{**fields, **over})


def feed_of(*told: Record) -> bytes:
    feed = atom(History(list(told)))
    assert feed is not None
    return feed


def parsed(feed: bytes | str) -> Any:
    read = feedparser.parse(feed)
    assert (read.bozo, read.version) == (False, "atom10"), read.get("bozo_exception")
    return read


def test_each_published_run_has_an_entry_newest_first_and_at_most_thirty() -> None:
    failed = published(1, outcome="failed", failure=Failure("StoreError", "secret place"))
    told = [published(0), failed, published(2, outcome="unchanged")]
    read = parsed(feed_of(*told, published(3)))
    for entry, of_run in zip(read.entries, (published(3), published(0)), strict=True):
        links = {link.rel: link.href for link in entry.links}
        folder = f"runs/{of_run.run_id}"
        assert links["alternate"] == entry.link == f"{folder}/index.html"
        assert links["related"] == f"{folder}/manifest.json"
    many = parsed(feed_of(*map(published, range(ENTRIES + 5))))
    assert [e.updated for e in many.entries] == sorted(e.updated for e in many.entries)[::-1]
    assert len(many.entries) == ENTRIES == 30
    assert many.feed.updated == many.entries[0].updated == "2021-02-04T06:00:00Z"


def test_the_feed_has_all_that_the_format_asks_for() -> None:
    feed = ET.fromstring(feed_of(*map(published, range(3))))  # noqa: S314  our own
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert [a.findtext(f"{ATOM}name") for a in feed.findall(f"{ATOM}author")] == ["Cloud ETL"]
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [found] = element.findall(f"{ATOM}{name}")
            assert found.text
        assert [link.get("rel") for link in element.findall(f"{ATOM}link")].count("alternate") == 1
    ids = [element.text for element in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == 4
    assert all(text and text.startswith("urn:uuid:") for text in ids)


def test_an_id_stays_what_it_was_when_more_is_published() -> None:
    before = parsed(feed_of(*map(published, range(3))))
    after = parsed(feed_of(*map(published, range(ENTRIES + 1))))
    assert before.feed.id == after.feed.id
    ids = {entry.link: entry.id for entry in after.entries}
    assert {entry.link: entry.id for entry in before.entries[:2]}.items() <= ids.items()


def test_a_run_without_a_page_is_shown_by_its_table() -> None:
    of_run = published(1, page=False)
    newest, before = parsed(feed_of(published(0), of_run)).entries
    assert newest.link == f"runs/{of_run.run_id}/latest.csv"
    assert before.link.endswith("/index.html")


def test_each_entry_leads_to_what_its_run_has_whatever_outputs_is_later(tmp_path: Path) -> None:
    store, source = MemoryStore(), tmp_path / "stats.json"
    for n, outputs in enumerate(("feed", "feed,page", "feed")):
        source.write_bytes(growing(20 + n))
        run(store, source, now=NOW + n * DAY, OUTPUTS=outputs)
    objects = contents(store)
    links = [entry.link for entry in parsed(objects["feed.xml"]).entries]
    assert [link.split("/")[-1] for link in links] == ["latest.csv", "index.html", "latest.csv"]
    assert set(links) <= objects.keys()


def test_links_are_full_addresses_below_public_url(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    store = MemoryStore()
    run(store, tmp_path / "stats.json", PUBLIC_URL="https://example.org/covid/")
    feed = contents(store)["feed.xml"]
    links = [link.get("href", "") for link in ET.fromstring(feed).iter(f"{ATOM}link")]  # noqa: S314
    keys = [link.removeprefix("https://example.org/covid/") for link in links]
    assert keys[:2] == ["feed.xml", "index.html"]
    assert len(keys) == 4
    assert set(keys) <= contents(store).keys()


def test_an_entry_says_what_changed() -> None:
    newer = published(1, series=2, restated=7, warnings=["stale", "gone"], forced=["fewer"])
    [entry, first] = parsed(feed_of(published(0), newer)).entries
    assert entry.title == "2 countries up to 2021-01-01"
    assert "1,010 rows (+10), 2 countries (-1)" in entry.summary
    assert "last date is 2021-01-01 (before: 2020-12-31)" in entry.summary
    assert "cells that the source restated: 7" in entry.summary
    assert "Warnings: 3" in entry.summary
    assert "stale" not in entry.summary
    assert "1,000 rows, 3 countries." in first.summary
    assert "restated" not in first.summary


def test_another_sources_run_is_not_compared_with() -> None:
    entry = parsed(feed_of(published(0, source="sample"), published(1))).entries[0]
    assert "1,010 rows, 3 countries." in entry.summary


def test_made_up_data_is_called_so_in_its_title() -> None:
    [entry] = parsed(feed_of(published(0, source="sample"))).entries
    assert entry.title.startswith("Made-up sample data: every figure is invented.")


def test_what_a_record_says_stays_text() -> None:
    name = "<b>&\"'</b>\u2028]]>"
    [entry] = parsed(feed_of(published(0, source=name, source_last=None, rows=None))).entries
    read = ET.fromstring(feed_of(published(0, source=name)))  # noqa: S314  our own
    assert (read.findtext(f"{ATOM}entry/{ATOM}summary") or "").startswith(name)
    assert entry.title == "3 countries up to None"


def test_nothing_published_is_no_feed() -> None:
    assert atom(History([])) is None
    assert atom(History([published(0, outcome="failed")])) is None


def test_a_reader_on_the_web_finds_what_the_entries_link_to(tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    run(DirectoryStore(tmp_path / "out"), source)
    with served(tmp_path / "out") as address:
        read = parsed(f"{address}/feed.xml")
        [entry] = read.entries
        page, key = (link.href.removeprefix(f"{address}/") for link in entry.links)
    assert (tmp_path / "out" / page).is_file()
    manifest = json.loads((tmp_path / "out" / key).read_bytes())
    assert date.fromisoformat(manifest["source"]["last_date"]) == date(2021, 1, 20)


# ---- when it is written


def test_it_changes_with_each_published_run_and_with_no_other(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    first = contents(store)["feed.xml"]
    assert run(store, source).outcome == "unchanged"
    assert contents(store)["feed.xml"] == first
    source.write_bytes(growing(21))
    assert run(store, source, now=NOW + DAY).outcome == "published"
    entries = parsed(contents(store)["feed.xml"]).entries
    runs = [r["run_id"] for r in records(store) if r["outcome"] == "published"]
    assert [e.link.split("/")[1] for e in entries] == runs[::-1]
    assert "Published cells that the source restated: 0" in entries[0].summary


def test_a_run_that_died_behind_its_commit_is_in_it_once_it_is_healed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    die_behind_commit(store, source, monkeypatch)
    assert len(parsed(contents(store)["feed.xml"]).entries) == 1
    assert run(store, source, now=NOW + DAY).outcome == "unchanged"
    assert len(parsed(contents(store)["feed.xml"]).entries) == 2


@pytest.mark.parametrize("torn", [None, b"<feed"])
def test_a_run_that_broke_off_before_writing_it_is_mended_at_the_next_start(
    tmp_path: Path, torn: bytes | None
) -> None:
    store, source = published_store(tmp_path)
    whole = contents(store)
    store.delete("feed.xml")
    if torn is not None:
        store.write(Upload("feed.xml", torn))
    again = run(store, source, now=NOW - DAY, options=Options(if_due=True))
    assert again.outcome == "not_due"
    assert contents(store) == whole


def test_telling_a_failure_leaves_it_alone(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    store.delete("feed.xml")
    append.record(store, published(9, outcome="failed", failure=Failure("Lost", "killed")), TABLE)
    assert "feed.xml" not in contents(store)
