"""The page beside the data: when it is new, and what happens where it fails."""

import errno
import json
from pathlib import Path

import pytest

from etl.errors import MachineError
from etl.history import manifest as manifests
from etl.report.page import rendering, words
from etl.store import Upload
from etl.store.layout import of_page
from etl.store.memory import MemoryStore
from etl.upkeep.prune import make_plan
from tests.support.pages import DAY, page_of, publish
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    growing,
    published_store,
    records,
    run,
)


def test_a_day_without_news_rewrites_no_page_though_it_would_tell_of_another_day(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)
    source.write_bytes(growing(20) + b"\n")  # not what was seen before, yet nothing new
    assert run(store, source, now=NOW + 60 * DAY).outcome == "unchanged"
    after = contents(store)
    assert after.keys() == before.keys()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"history.json", "status.json"}


def test_the_page_links_to_the_monthly_reports_there_are_latest_first(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    reports = page_of(store).one("li", id="reports")
    assert "hidden" in reports.attributes
    assert reports.all("a") == []
    for month in ("2020-12", "2021-01"):
        store.write(Upload(f"reports/{month}/final_report.html", b""))
    store.write(Upload("reports/index.html", b""))
    source.write_bytes(growing(20) + b"\n")
    assert run(store, source, now=NOW + DAY).outcome == "unchanged"  # no reason for a version
    source.write_bytes(growing(21))
    run(store, source, now=NOW + 2 * DAY)
    reports = page_of(store).one("li", id="reports")
    assert "hidden" not in reports.attributes
    assert [link.attributes["href"] for link in reports.all("a")] == [
        "reports/2021-01/final_report.html",
        "reports/2020-12/final_report.html",
        "reports/index.html",
    ]


def test_a_page_that_says_something_else_is_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(20) + b"\n")
    monkeypatch.setitem(words.MEANING, "latest.csv", "something else")
    assert run(store, source, now=NOW).outcome == "published"
    assert "something else" in page_of(store).text


def test_the_same_data_makes_the_same_page_but_for_what_tells_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    stores = MemoryStore(), MemoryStore()
    for n, store in enumerate(stores):
        run(store, tmp_path / "stats.json", now=NOW + n * DAY)
    one, other = (json.loads(contents(store)["manifest.json"])["files"] for store in stores)
    differing = [a["name"] for a, b in zip(one, other, strict=True) if a["sha256"] != b["sha256"]]
    assert differing == ["index.html"]
    assert one[-1]["name"] == "index.html"
    assert one[-1]["lasting_sha256"] == other[-1]["lasting_sha256"] != one[-1]["sha256"]


def test_a_manifest_from_before_there_were_pages_is_read_and_followed(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    content = json.loads(contents(store)["manifest.json"])
    content["files"] = [f for f in content["files"] if not of_page(f["name"])]
    body = json.dumps(content).encode()
    for key in ("manifest.json", f"runs/{content['run_id']}/manifest.json"):
        store.write(Upload(key, body))
    assert run(store, source).outcome == "published"
    assert_settled(contents(store))
    assert page_of(store)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The page's template is gone."""
    monkeypatch.setattr(rendering, "TEMPLATES", Path("nowhere"))
    return monkeypatch


def test_a_page_that_fails_is_told_and_never_stops_the_data(
    tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    store = publish(tmp_path / "stats.json", growing(20))
    objects = contents(store)
    manifest = assert_settled(objects)
    assert not any(name.startswith(("index.html", "assets/")) for name in objects)
    assert "latest.csv" in objects
    told = "the page could not be made (TemplateNotFound)"
    assert told in manifest["checks"]["warnings"]
    assert told in records(store)[-1]["warnings"]
    broken.undo()
    assert run(store, tmp_path / "stats.json", now=NOW + DAY).outcome == "published"
    assert_settled(contents(store))
    assert page_of(store)


def test_where_the_data_is_the_same_a_page_that_fails_leaves_the_one_there_is(
    tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    broken.undo()
    store, source = published_store(tmp_path)
    source.write_bytes(growing(20) + b"\n")
    broken.setattr(rendering, "TEMPLATES", Path("nowhere"))
    assert run(store, source).outcome == "unchanged"
    assert page_of(store)
    assert records(store)[-1]["warnings"] == ["the page could not be made (TemplateNotFound)"]


def test_a_page_that_fails_leaves_the_one_before_until_it_can_be_made(
    tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    broken.undo()
    store, source = published_store(tmp_path)
    old, before = contents(store)["index.html"], assert_settled(contents(store))["run_id"]
    broken.setattr(rendering, "TEMPLATES", Path("nowhere"))
    for days in (21, 22):
        source.write_bytes(growing(days))
        assert run(store, source, now=NOW + days * DAY).outcome == "published"
        manifest = assert_settled(contents(store))
        assert contents(store)["index.html"] == old
        (page,) = [file for file in manifest["files"] if file["name"] == "index.html"]
        assert page["key"] == f"runs/{before}/index.html"
    published, now = manifests.read(store), NOW + 1000 * DAY
    assert published
    cleared = make_plan(store, 1, now).cleared("runs")  # the run that has the page stays
    assert before not in cleared
    broken.undo()
    assert run(store, source, now=NOW + 23 * DAY).outcome == "published"
    assert_settled(contents(store))
    assert contents(store)["index.html"] != old


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError()])
def test_a_machine_without_room_for_the_page_fails_the_run_and_leaves_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)
    source.write_bytes(growing(21))

    def full(*_: object) -> None:
        raise ValueError from error

    with monkeypatch.context() as patched:
        patched.setattr("etl.report.page.page.write_pages", full)
        with pytest.raises(MachineError):
            run(store, source)
    assert records(store)[-1]["failure"]["kind"] == "MachineError"
    assert contents(store)["manifest.json"] == before["manifest.json"]
    assert run(store, source).outcome == "published"
    assert contents(store)["index.html"] != before["index.html"]
