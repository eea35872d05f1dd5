"""What the page is made of and what it says."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dev.bench import extend
from etl.extract.sources import SAMPLES
from etl.history.history import History
from etl.history.record import Failure, Record
from etl.report.numbers import human
from etl.report.page import words
from etl.store import Upload
from etl.store.memory import MemoryStore
from tests.support.builders import country, day, stats_json
from tests.support.page_reader import Element
from tests.support.pages import DAY, LATER, page_of, publish
from tests.support.runs import (
    NOW,
    contents,
    growing,
    published_store,
    run,
)

SCRIPT_NAME = "<script>alert(1)</script>"


def test_the_page_names_every_other_file_with_its_size_rows_and_digest(
    sample: MemoryStore,
) -> None:
    manifest = json.loads(contents(sample)["manifest.json"])
    shown = {
        row.one("a").attributes["href"]: row
        for row in page_of(sample).one("section", id="files").all("tr")
        if row.all("a")
    }
    listed = {
        f["name"]: f for f in manifest["files"] if not f["name"].startswith(("assets/", "schemas/"))
    }
    # of runs both: it has a section of its own; chart.html is a part of the page
    del listed["index.html"], listed["changes.json"], listed["chart.html"]
    assert shown.keys() == listed.keys()
    for name, file in listed.items():
        texts = [cell.text for cell in shown[name].children]
        assert texts[:3] == [name, f"{file['rows']:,}", human(file["bytes"])]
        assert texts[-1] == file["sha256"]
    assert all(words.MEANING.get(name) or name.startswith("countries/") for name in listed)


def test_every_link_of_the_page_leads_to_a_file_or_a_place_in_it(sample: MemoryStore) -> None:
    objects, read = contents(sample), page_of(sample)
    places = {e.attributes["id"] for e in every(read) if "id" in e.attributes}
    keys = {row.attributes["data-key"] for row in read.all("tr") if "data-key" in row.attributes}
    for link in read.all("a"):
        target = link.attributes["href"]
        if target.startswith("https://"):
            assert link in read.one("footer", id="sources").all("a")
            continue
        if target.startswith("#chart="):
            assert target.removeprefix("#chart=") in keys
        else:
            assert target in objects or target.removeprefix("#") in places


def every(element: Element) -> list[Element]:
    return [e for child in element.children for e in (child, *every(child))]


def test_headings_are_in_order_and_tables_and_controls_have_names(sample: MemoryStore) -> None:
    read = page_of(sample)
    levels = [int(e.tag[1]) for e in every(read) if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(found.one("caption").text for found in read.all("table"))
    named = [e for label in read.all("label") for e in every(label)]
    controls = [e for e in every(read) if e.tag in ("select", "input")]
    assert controls
    assert all(control in named for control in controls)


def test_a_page_of_200_countries_and_400_days_stays_below_a_megabyte_and_a_half(
    tmp_path: Path,
) -> None:
    source = tmp_path / "stats.json"
    extend.main([str(SAMPLES / "stats.json.gz"), str(source), "--days", "400", "--copies", "6"])
    store = MemoryStore()
    assert run(store, source, now=LATER).outcome == "published"
    objects = contents(store)
    assert json.loads(objects["manifest.json"])["source"]["rows"] > 66_000
    sizes = [len(b) for name, b in objects.items() if name.startswith(("assets/", "index.html"))]
    assert len(sizes) == 6  # with the script of chart.html, which the page does not load
    assert sum(sizes) < 1_500_000


def test_the_page_says_what_was_corrected_left_out_and_unknown(sample: MemoryStore) -> None:
    checks = json.loads(contents(sample)["manifest.json"])["checks"]
    section = page_of(sample).one("section", id="corrections")
    counts = [row.children[1].text for row in section.one("tbody").all("tr")]
    assert counts == [
        *(str(checks["corrections"][name]) for name, _, _ in words.CORRECTIONS),
        str(len(checks["stale_series"])),
        str(len(checks["unmatched"]["source_names"])),
    ]
    assert checks["corrections"].keys() == {name for name, _, _ in words.CORRECTIONS}
    assert "2021-01-01" in section.text
    assert "Congo, Cruise Ship, Hong Kong, Others, Palestine" in section.text


def test_a_sample_is_called_one_and_an_old_table_stale(tmp_path: Path, sample: MemoryStore) -> None:
    notices = [p.text for p in page_of(sample).all("p", class_="notice")]
    assert notices[0] == "Made-up sample data: every figure is invented."
    fresh = page_of(publish(tmp_path / "stats.json", growing(20)))
    [notice] = fresh.all("p", class_="notice")
    assert "hidden" in notice.attributes
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    run(store, source, now=NOW + 30 * DAY)
    [notice] = page_of(store).all("p", class_="notice")
    assert "hidden" not in notice.attributes
    assert notice.text == "The source has gone stale: these figures are 34 days old."


def test_the_strip_shows_every_slot_with_its_outcome_and_the_public_reason(
    tmp_path: Path,
) -> None:
    def record(days_ago: int, outcome: Any, failure: Failure | None = None) -> Record:
        when = NOW - days_ago * DAY
        return Record(
            run_id=f"{when:%Y-%m-%d}",
            slot=when.date(),
            started_at=when,
            outcome=outcome,
            source="coviddata",
            failure=failure,
        )

    past = History(
        [
            record(4, "published"),
            record(3, "failed", Failure("SourceUnavailable", "https://user:secret@host/: 503")),
            record(1, "unchanged"),
        ]
    )
    store = MemoryStore()
    store.write(Upload("history.json", msgspec.json.encode(past)))
    (tmp_path / "stats.json").write_bytes(growing(20))
    run(store, tmp_path / "stats.json")
    read = page_of(store)
    assert [(s.attributes["class"], s.text) for s in read.one("ol", id="strip").all("li")] == [
        ("published", "2021-01-21: published"),
        ("failed", "2021-01-22: failed, the source could not be reached"),
        ("missed", "2021-01-23: missed"),
        ("unchanged", "2021-01-24: unchanged"),
        ("published", "2021-01-25: published"),
    ]
    assert [s.text for s in read.one("details", id="without").all("li")] == [
        "2021-01-22: failed, the source could not be reached",
        "2021-01-23: missed",
    ]
    assert "secret" not in read.text


@pytest.mark.parametrize("name", [SCRIPT_NAME, "</title><img src=x>", "&amp; & \"'"])
def test_a_name_stays_text_wherever_it_stands(tmp_path: Path, name: str) -> None:
    elements = [
        country("odd", name, days={"2021-01-01": day(cumulative_cases=5)}),
        country("spain", days={"2021-01-20": day(cumulative_cases=7)}),
    ]
    store = publish(tmp_path / "stats.json", stats_json(elements))
    read = page_of(store)
    assert len(read.all("script")) == 5
    assert read.all("img") == []
    named = [row for row in read.one("table", id="table").all("tr") if "data-key" in row.attributes]
    assert {row.attributes["data-key"] for row in named} == {"odd", "spain"}
    assert f"{name.strip()} ended 2021-01-01" in [row.one("th").text for row in named]
    json.loads(read.one("script", type="application/ld+json").text)
