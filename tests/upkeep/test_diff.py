"""What changed: in changes.json, on the page, and at the command line; every figure's vintages."""

import gzip
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.extract import levels
from etl.extract.fetch import fetch
from etl.extract.sources import SAMPLES
from etl.extract.sources.coviddata import read_countries
from etl.extract.sources.table import CUMULATIVE
from etl.history.record import Document, InputsSeen, Record, Standstill, standstill
from etl.history.run import Options
from etl.load.changes_file import NO_CONTENT
from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.desk import Desk
from tests.support.page_reader import read_page
from tests.support.runs import (
    COUNTRIES,
    NOW,
    assert_settled,
    contents,
    document,
    growing,
    published_store,
    run,
)

DAY = timedelta(days=1)
NAME = "<b>Côte</b>"


def changes(store: Store, key: str = "changes.json") -> dict[str, Any]:
    stored = store.read(key)
    assert stored is not None
    found: dict[str, Any] = json.loads(stored.body)
    return found


def restated(days_more: int = 1) -> bytes:
    """`growing(20)` a day later, Spain's 5 January restated, the ship gone, Malta new."""
    series = {key: [100 * (n + 1) for n in range(20 + days_more)] for key in COUNTRIES[:2]}
    series["spain"][4] = 750
    return document({**series, "malta": [1, 2]})


@pytest.fixture
def changed(tmp_path: Path) -> tuple[MemoryStore, Path]:
    store, source = published_store(tmp_path)
    source.write_bytes(restated())
    assert run(store, source, options=Options(force=True)).outcome == "published"
    return store, source


def test_changes_json_tells_rows_dates_cells_and_countries(
    changed: tuple[MemoryStore, Path],
) -> None:
    store, _ = changed
    manifest = assert_settled(contents(store))
    assert changes(store) == {
        "source": "coviddata: COVID-19 statistics by country",
        "attribution": "coviddata.github.io, from the Johns Hopkins University CSSE repository",
        "licence": "none stated by the source",
        "compared_with": manifest["previous"]["run_id"],
        "last_date_before": "2021-01-20",
        "last_date": "2021-01-21",
        "rows_added": 4,
        "rows_removed": 20,
        "cells_compared": 120,
        "cells_restated": 3,
        "restated_share": 0.025,
        "measures": {
            "cumulative_cases": {"compared": 40, "restated": 1, "net": 0},
            "cumulative_deaths": {"compared": 40, "restated": 1, "net": 0},
            "cumulative_recoveries": {"compared": 40, "restated": 1, "net": 0},
        },
        "biggest": [
            {
                "key": "spain",
                "name": "Spain",
                "date": "2021-01-05",
                "measure": f"cumulative_{measure}",
                "before": before,
                "after": after,
            }
            for measure, before, after in (
                ("cases", 500, 750),
                ("recoveries", 250, 375),
                ("deaths", 10, 15),
            )
        ],
        "appeared": [{"key": "malta", "name": "Malta"}],
        "gone": [{"key": "diamond-princess", "name": "Diamond Princess"}],
    }


def test_the_first_run_and_the_first_of_another_source_have_nothing_to_compare_with(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    assert (changes(store)["compared_with"], changes(store)["last_date"]) == (None, "2021-01-20")
    other = run(store, source, SOURCE="sample")
    assert other.outcome == "published"
    assert changes(store)["compared_with"] is None
    page = contents(store)["index.html"].decode()
    told = read_page(page).one("section", id="changes").text
    assert "There was no version of this source to compare with." in told


def test_a_day_on_which_changes_json_alone_would_differ_is_unchanged(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    assert run(store, source).outcome == "published"
    assert changes(store)["rows_added"] == 3
    before = contents(store)
    source.write_bytes(growing(21) + b"\n")  # other bytes, so that the table is made and compared
    assert run(store, source, now=NOW + DAY).outcome == "unchanged"
    after = contents(store)
    told = {"history.json", "status.json"}
    assert {k: v for k, v in after.items() if k not in told} == {
        k: v for k, v in before.items() if k not in told
    }
    [file] = [f for f in json.loads(after["manifest.json"])["files"] if f["name"] == "changes.json"]
    assert file["lasting_sha256"] == NO_CONTENT != file["sha256"]


def test_a_table_that_cant_be_read_is_nothing_to_compare_with(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    run_id = json.loads(contents(store)["manifest.json"])["run_id"]
    store.delete(f"runs/{run_id}/timeseries.parquet")
    source.write_bytes(growing(21))
    assert run(store, source).outcome == "published"
    assert changes(store)["compared_with"] is None


def test_the_page_says_what_changed_and_runs_nothing_of_it(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    text = restated().replace(b'"Malta"', json.dumps(NAME).encode())
    source.write_bytes(text)
    run(store, source, options=Options(force=True))
    page = contents(store)["index.html"].decode()
    assert NAME not in page
    section = read_page(page).one("section", id="changes")
    assert "Rows added: 4; removed: 20" in section.text
    assert "moved from 20 January 2021 to 21 January 2021" in section.text
    assert "3 / 120 (2.50%)" in section.text
    assert f"New countries: {NAME}." in section.text
    assert "No longer there: Diamond Princess." in section.text
    rows_shown = [[cell.text for cell in row.children] for row in section.all("tr")]
    assert rows_shown[1] == ["Spain", "2021-01-05", "cumulative cases", "500", "750"]
    assert len(rows_shown) == 4


def test_the_real_days_of_september_2020_differ_by_a_day_and_by_no_restated_cell(
    real_data: Path, tmp_path: Path
) -> None:
    store = DirectoryStore(tmp_path / "out")
    for day in (6, 7):
        run(store, real_data / f"countries-2020-09-0{day}.json.gz", now=NOW + day * DAY)
    found = changes(store)
    assert (found["last_date_before"], found["last_date"]) == ("2020-09-05", "2020-09-06")
    assert (found["rows_added"], found["rows_removed"]) == (188, 0)
    assert (found["appeared"], found["gone"], found["biggest"]) == ([], [], [])
    # and so says a plain look at the source's own two files
    tables = []
    for day in (6, 7):
        packed = real_data / f"countries-2020-09-0{day}.json.gz"
        fetch(str(packed), tmp_path / "stats.json", max_bytes=10**8)
        table = read_countries(tmp_path / "stats.json").rows
        tables.append(table.astype({"country_key": "str"}).set_index(["country_key", "date"]))
    both = tables[0].add_suffix("_was").join(tables[1].add_suffix("_is"), how="inner")
    differing = sum(int((both[f"{m}_was"] != both[f"{m}_is"]).sum()) for m in CUMULATIVE)
    assert found["cells_compared"] == 3 * len(both)
    assert found["cells_restated"] == differing


# ---- at the command line


def publish(desk: Desk, content: bytes, days_later: int = 0) -> str:
    source = Path("stats.json")
    source.write_bytes(content)
    result = run(desk.store, source, now=NOW + days_later * DAY, options=Options(force=True))
    assert result.record is not None
    return result.record.run_id


def test_diff_says_of_any_two_runs_what_changes_json_said_of_two_in_a_row(desk: Desk) -> None:
    first = publish(desk, growing(20))
    second = publish(desk, restated(), 1)
    third = publish(desk, restated(3), 2)
    of_second = changes(desk.store, f"runs/{second}/changes.json")
    said = desk("diff", first, second, "--json").json()
    assert said == {"run_id": second} | {k: v for k, v in of_second.items() if k in said}
    assert len(said) == 13
    assert desk("diff", "2021-01-25", "2021-01-26", "--json").json() == said
    over_two = desk("diff", first, "--json").json()
    assert (over_two["run_id"], over_two["rows_added"]) == (third, 8)
    assert over_two["biggest"] == said["biggest"]
    back = desk("diff", second, first, "--json").json()
    assert (back["rows_added"], back["rows_removed"]) == (20, 4)
    assert back["gone"] == said["appeared"]
    assert desk("diff", "previous", "--json").json()["compared_with"] == second
    shown = desk("diff", first, second)
    assert shown.status == 0
    assert "rows added 4, removed 20" in shown.out
    assert "cells restated 3 of 120 (2.50%)" in shown.out
    assert "gone: Diamond Princess" in shown.out
    assert "+250" in shown.out


def test_diff_of_runs_with_other_filters_compares_what_both_have(local_desk: Desk) -> None:
    source = Path("stats.json")
    source.write_bytes(growing(20))
    run(local_desk.store, source, KEEP="cumulative")
    run(local_desk.store, source, now=NOW + DAY, KEEP="new", COUNTRIES="ESP")
    said = local_desk("diff", "previous", "--json").json()
    assert (said["cells_compared"], said["rows_removed"]) == (0, 40)


def test_diff_names_the_runs_that_are_there(local_desk: Desk) -> None:
    nothing = local_desk("diff", "previous")
    assert (nothing.status, nothing.out) == (1, "")
    assert "nothing is published yet" in nothing.err
    run_id = publish(local_desk, growing(20))
    for wanted in ("previous", "2020-01-01", "nonsense"):
        said = local_desk("diff", wanted)
        assert said.status == 1
        assert f"these are there: {run_id} (of 2021-01-25)" in said.err


def test_a_damaged_table_is_said(local_desk: Desk) -> None:
    first, second = publish(local_desk, growing(20)), publish(local_desk, growing(21), 1)
    Path(f"out/runs/{first}/timeseries.parquet").write_bytes(b"PAR1")
    said = local_desk("diff", first, second)
    assert said.status == 1
    assert f"runs {first} and {second} can't be compared" in said.err


def test_history_tells_the_changes_of_each_published_run(desk: Desk) -> None:
    first, second = publish(desk, growing(20)), publish(desk, restated(), 1)
    told = desk("history", "--changes", "--json").json()
    assert [line["run_id"] for line in told] == [first, second]
    assert [line["changes"]["compared_with"] for line in told] == [None, first]
    assert told[1]["changes"]["cells_restated"] == 3
    shown = desk("history", "--changes").out
    assert "nothing to compare with" in shown
    assert "2021-01-20 -> 2021-01-21" in shown
    desk.store.delete(f"runs/{first}/changes.json")
    assert "no longer there" in desk("history", "--changes").out
    assert desk("history", "--changes", "--last", "1", "--json").json() == told[1:]


# ---- vintages


def test_vintage_shows_a_figure_as_each_run_reported_it(local_desk: Desk) -> None:
    ids = [
        publish(local_desk, growing(4)),
        publish(local_desk, growing(20), 1),
        publish(local_desk, restated(), 2),
    ]
    said = local_desk("vintage", "ESP", "2021-01-05", "--json").json()
    assert [(line["run_id"], line["value"]) for line in said] == list(
        zip(ids, (None, 500, 750), strict=True)
    )
    assert {line["kept_in"] for line in said} == {"runs"}
    for name in ("spain", "Spain", "es"):
        assert local_desk("vintage", name, "2021-01-05", "--json").json() == said
    new = local_desk("vintage", "ESP", "2021-01-05", "--measure", "new_cases", "--json").json()
    assert [line["value"] for line in new] == [None, 100, 350]
    shown = local_desk("vintage", "ESP", "2021-01-05").out
    assert "Spain, 2021-01-05: cumulative_cases" in shown
    assert "+250" in shown


def test_of_a_run_that_was_cleared_away_the_archived_input_is_read(local_desk: Desk) -> None:
    ids = [publish(local_desk, growing(20)), publish(local_desk, restated(), 1)]
    asked = [("ESP", "2021-01-05", m) for m in ("cumulative_cases", "new_cases", "new_deaths")]
    before = [local_desk("vintage", k, d, "--measure", m, "--json").json() for k, d, m in asked]
    store = local_desk.store
    for entry in list(store.list(f"runs/{ids[0]}/")):
        if not entry.key.endswith("manifest.json"):
            store.delete(entry.key)
    after = [local_desk("vintage", k, d, "--measure", m, "--json").json() for k, d, m in asked]
    for was, found in zip(before, after, strict=True):
        assert [line["kept_in"] for line in found] == ["raw", "runs"]
        assert [{**line, "kept_in": "runs"} for line in found] == was
    store.delete(f"raw/{ids[0]}/stats.json.gz")
    [left] = local_desk("vintage", "ESP", "2021-01-05", "--json").json()
    assert left["run_id"] == ids[1]


def test_a_country_that_no_run_knows_is_said(local_desk: Desk) -> None:
    publish(local_desk, growing(20))
    said = local_desk("vintage", "Atlantis", "2021-01-05")
    assert (said.status, said.out) == (1, "")
    assert "no run knows 'Atlantis'" in said.err
    assert local_desk("vintage", "ESP", "yesterday").status == 2
    assert local_desk("vintage", "ESP", "2021-01-05", "--measure", "stale").status == 2


# ---- of regions and places


def restated_sample(level: str) -> tuple[dict[str, Any], str, int]:
    """A level's sample with the last total of cases of the first series raised by 7.

    Its series' entity, the day, and the figure before.
    """
    source = json.loads(gzip.decompress((SAMPLES / f"{level}.json.gz").read_bytes()))
    days = source[0]["dates"]
    last = max(days)
    counts = days[last]["cumulative"]
    before = counts["cases"]
    counts["cases"] += 7
    Path("restated.json").write_text(json.dumps(source))
    return source[0][levels.one(level)], last, before


@pytest.mark.parametrize("level", ["regions", "places"])
def test_what_changed_of_regions_and_places_is_told_by_their_names(
    level: str, local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEVEL", level)
    entity, last, before = restated_sample(level)
    key, full_name = entity["key"], entity["full_name"]
    for n, source in enumerate((SAMPLES / f"{level}.json.gz", Path("restated.json"))):
        made = run(
            local_desk.store, source, LEVEL=level, now=NOW + n * DAY, options=Options(force=True)
        )
        assert made.outcome == "published"
    cell = {
        "key": key,
        "name": full_name,
        "date": last,
        "measure": "cumulative_cases",
        "before": before,
        "after": before + 7,
    }
    assert changes(local_desk.store)["biggest"] == [cell]
    assert local_desk("diff", "previous", "--json").json()["biggest"] == [cell]
    assert full_name in local_desk("diff", "previous").out
    page = contents(local_desk.store)["index.html"].decode()
    section = read_page(page).one("section", id="changes")
    assert full_name in section.text
    for name in (key, full_name):
        told = local_desk("vintage", name, last, "--json").json()
        assert [line["value"] for line in told] == [before, before + 7]
        assert {line["name"] for line in told} == {full_name}
    shutil.rmtree(f"out/runs/{told[0]['run_id']}")
    archived = local_desk("vintage", key, last, "--json").json()
    assert archived == [{**told[0], "kept_in": "raw"}, told[1]]


def test_a_name_that_several_places_have_is_asked_for_by_its_key(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEVEL", "places")
    source = json.loads(gzip.decompress((SAMPLES / "places.json.gz").read_bytes()))
    for one in source[:2]:
        one["place"]["name"] = "Springfield"
    Path("places.json").write_text(json.dumps(source))
    run(local_desk.store, Path("places.json"), LEVEL="places")
    said = local_desk("vintage", "springfield", "2020-07-01")
    assert (said.status, said.out) == (1, "")
    keys = ", ".join(one["place"]["key"] for one in source[:2])
    assert f"'springfield' may be one of 2; say which by its key: {keys}" in said.err


def test_runs_of_different_levels_cant_be_compared(local_desk: Desk) -> None:
    ids = []
    for n, level in enumerate(("regions", "places")):
        made = run(local_desk.store, SAMPLES / f"{level}.json.gz", LEVEL=level, now=NOW + n * DAY)
        assert made.record
        ids.append(made.record.run_id)
    said = local_desk("diff", *ids)
    assert said.status == 1
    assert "one is of regions, the other of places" in said.err


# ---- standing still


def looked(n: int, last: str, sha256: str, **over: Any) -> Record:
    slot = date(2021, 1, 1) + n * DAY
    about: dict[str, Any] = {
        "run_id": f"run-{n}",
        "slot": slot,
        "started_at": NOW + n * DAY,
        "outcome": "published",
        "source": "coviddata",
        "source_last": date.fromisoformat(last),
        "seen": InputsSeen("f", [Document(sha256)]),
        **over,
    }
    return Record(**about)


def test_how_long_a_source_has_stood_still_is_told_by_its_date_and_by_its_bytes() -> None:
    records = [
        looked(0, "2020-12-31", "a"),
        looked(1, "2021-01-01", "b"),
        looked(2, "2021-01-01", "c"),
        looked(3, "2021-01-01", "c", outcome="unchanged"),
        looked(4, "2020-12-31", "-", outcome="restored", seen=None),
        looked(5, "2021-01-01", "c", outcome="unchanged"),
        looked(6, "2021-01-01", "-", outcome="failed", seen=None, source_last=None),
    ]
    day = date.fromisoformat
    assert standstill([]) is None
    assert standstill(records[6:]) is None
    assert standstill(records[:1]) == Standstill(*[day("2020-12-31")], *[day("2021-01-01")] * 2)
    found = standstill(records)
    assert found == Standstill(day("2021-01-01"), day("2021-01-02"), day("2021-01-03"))


def test_another_source_in_between_begins_anew() -> None:
    records = [
        looked(0, "2021-01-01", "a"),
        looked(1, "2021-01-01", "a", source="sample"),
        looked(2, "2021-01-01", "a"),
    ]
    found = standstill(records)
    assert found is not None
    assert (found.last_date_since, found.bytes_since) == (date(2021, 1, 3), date(2021, 1, 3))


def test_status_history_and_page_say_how_long_the_source_has_stood_still(
    local_desk: Desk,
) -> None:
    publish(local_desk, growing(20))
    source = Path("stats.json")
    source.write_bytes(growing(20) + b"\n")
    for n in (1, 2):
        result = run(local_desk.store, source, now=NOW + n * DAY)
        assert result.outcome == "unchanged"
    assert result.still == Standstill(date(2021, 1, 20), date(2021, 1, 25), date(2021, 1, 26))
    status = json.loads(contents(local_desk.store)["status.json"])
    assert (status["last_date_since"], status["bytes_since"]) == ("2021-01-25", "2021-01-26")
    shown = " ".join(local_desk("history", "--last", "1").out.split())
    assert "2021-01-20, is the same since the run of 2021-01-25, its bytes since that" in shown
    page = read_page(contents(local_desk.store)["index.html"].decode())
    assert page.one("time", id="last-date-since").text == "2021-01-25"
