"""changes.json and `diff`: how two runs differ, for programs and at the command line."""

import json
from pathlib import Path

import pytest

from etl.extract.fetch import Limits, fetch
from etl.extract.sources.coviddata import read_countries
from etl.extract.sources.table import CUMULATIVE
from etl.history.run import Options
from etl.load.changes_file import NO_CONTENT
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.desk import Desk
from tests.support.differing import DAY, changes, publish, restated
from tests.support.page_reader import read_page
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    growing,
    published_store,
    run,
)

NAME = "<b>Côte</b>"


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
        "format": 1,
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


def test_a_table_that_is_gone_is_nothing_to_compare_with_once_it_is_forced(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    run_id = json.loads(contents(store)["manifest.json"])["run_id"]
    store.delete(f"runs/{run_id}/timeseries.parquet")
    source.write_bytes(growing(21))
    assert run(store, source, options=Options(force=True)).outcome == "published"
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
        fetch(str(packed), tmp_path / "stats.json", Limits(10**8))
        table = read_countries(tmp_path / "stats.json").rows
        tables.append(table.astype({"country_key": "str"}).set_index(["country_key", "date"]))
    both = tables[0].add_suffix("_was").join(tables[1].add_suffix("_is"), how="inner")
    differing = sum(int((both[f"{m}_was"] != both[f"{m}_is"]).sum()) for m in CUMULATIVE)
    assert found["cells_compared"] == 3 * len(both)
    assert found["cells_restated"] == differing


# ---- at the command line


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


def test_diff_on_a_narrow_terminal_cuts_no_date_and_no_figure(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.cli.console.WIDTH", 66)
    for days, document in enumerate((growing(20), restated())):
        publish(local_desk, document, days)
    shown = local_desk("diff", "previous").out
    assert "2021-01-05  cumulative_deaths" in shown
    assert "\u2026" not in shown


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
        assert f"existing runs: {run_id} (of 2021-01-25)" in said.err


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
    assert "2021-01-21" in shown
    assert "3 (" in shown
    desk.store.delete(f"runs/{first}/changes.json")
    assert "no longer kept" in desk("history", "--changes").out
    assert desk("history", "--changes", "--last", "1", "--json").json() == told[1:]
