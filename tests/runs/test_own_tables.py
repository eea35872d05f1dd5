"""TABLES in whole runs: fetched on a condition, archived, published, and replaced if bad."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from etl.errors import SourceChanged, SourceUnavailable
from etl.history.run import Options, Result
from etl.load.own_tables import MAX_TABLE_BYTES
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.runs import NOW, assert_settled, contents, growing, records, run
from tests.support.web_server import Reply, Request, WebServer, web_server

DAY = timedelta(days=1)
FEW: dict[str, Any] = {"MAX_SOURCE_MB": "1", "OUTPUTS": "none"}
BEDS = "iso3,beds,note\nESP,3.5,=cmd()\nUSA,2.8,NA\nZZZ,1,x\n"
TRAPS = "".join(f"{code},1,\n" for code in ("FRA", "ITA", "PER", "CHL", "PRT"))
BEDS += TRAPS


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "stats.json"
    path.write_bytes(growing(20))
    return path


def versioned(text: str) -> Any:
    """Answer as a server that knows ETags."""
    etag = f'"{hash(text)}"'

    def answer(request: Request) -> Reply:
        known = request.headers.get("If-None-Match") == etag
        return Reply(status=304) if known else Reply(text.encode(), headers={"ETag": etag})

    return answer


def manifest(store: MemoryStore) -> dict[str, Any]:
    return assert_settled(contents(store))


def latest(store: MemoryStore) -> dict[str, dict[str, str]]:
    text = contents(store)["latest.csv"].decode()
    return {row["country_key"]: row for row in csv.DictReader(io.StringIO(text))}


def test_a_table_is_in_every_file_and_in_the_archive(source: Path, tmp_path: Path) -> None:
    (tmp_path / "beds.csv").write_text(BEDS)
    store = DirectoryStore(tmp_path / "out")
    run(store, source, TABLES=str(tmp_path / "beds.csv"))
    made = assert_settled(contents(store))
    assert made["own"]["tables"][0] | {"sha256": ""} == {
        "name": "beds",
        "rows": 8,
        "matched": 2,
        "unmatched": ["ZZZ"],
        "left_out": 6,
        "columns": ["beds", "note"],
        "sha256": "",
    }
    assert [one["name"] for one in made["inputs"]] == ["statistics", "table beds"]
    country = json.loads((tmp_path / "out/countries/ESP.json").read_bytes())
    listed = json.loads((tmp_path / "out/countries.json").read_bytes())["countries"]
    table = pd.read_parquet(tmp_path / "out/timeseries.parquet")
    assert (country["beds"], country["note"]) == (3.5, "=cmd()")
    assert [one["beds"] for one in listed] == [2.8, 3.5, None]
    assert set(table[table["country_key"] == "spain"]["beds"]) == {3.5}
    text = (tmp_path / "out/latest.csv").read_text()
    assert '"\'=cmd()"' in text  # no spreadsheet runs it
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    for name in ("latest.csv", "timeseries.csv.gz", "timeseries.parquet"):
        [fields] = [one["schema"]["fields"] for one in package["resources"] if one["path"] == name]
        meaning = "from the table beds; missing in 33.3% of the rows"
        assert {"name": "beds", "type": "number", "description": meaning} in fields
        if "parquet" in name:
            assert [one["name"] for one in fields] == list(table)
    stored = pyarrow.parquet.read_schema(tmp_path / "out/timeseries.parquet")
    assert stored.field("beds").metadata == {b"description": b"from the table beds"}


def test_a_table_by_day_is_a_series_in_the_files_of_countries(source: Path, tmp_path: Path) -> None:
    (tmp_path / "vax.csv").write_text(
        "iso,day,doses,kind,first,up\nESP,2021-01-02,5,a,2021-01-01,true\n"
        "ESP,2021-01-04,7,,,false\nESP,2020-01-04,7,,,\nUSA,2021-01-01,1,b,,\n"
    )
    store = MemoryStore()
    run(store, source, TABLES=str(tmp_path / "vax.csv"))
    country = json.loads(contents(store)["countries/ESP.json"])
    assert country["doses"][:5] == [None, 5, None, 7, None]
    assert country["kind"][:3] == [None, "a", None]
    assert country["first"][:3] == [None, "2021-01-01", None]
    assert country["up"][:5] == [None, True, None, False, None]
    assert manifest(store)["own"]["tables"][0]["left_out"] == 1


def test_only_a_changed_table_or_option_makes_a_new_version(source: Path, web: WebServer) -> None:
    store, url = MemoryStore(), web.on("/beds.csv", versioned(BEDS))
    outcomes = []

    def go(n: int, tables: str) -> Result:
        result = run(store, source, now=NOW + n * DAY, TABLES=tables, OUTPUTS="none")
        outcomes.append(result.outcome)
        return result

    go(0, url)
    go(1, url)
    assert web.requests[-1].headers["If-None-Match"]
    web.on("/beds.csv", versioned(BEDS.replace("3.5", "4")))
    go(2, url)
    assert latest(store)["spain"]["beds"] == "4"
    go(3, f"hospital={url}")
    go(4, f"beds={url}#country=iso3")
    assert outcomes == ["published", "unchanged", "published", "published", "published"]
    source.write_bytes(growing(21))
    go(5, f"beds={url}#country=iso3")  # the table is unchanged: its copy is read
    assert web.requests[-1].headers["If-None-Match"]
    assert latest(store)["spain"]["beds"] == "4"
    manifest(store)


def small(text: str) -> str:
    return "\n".join([*text.split("\n")[:3], "FRA,1,"])


BAD = {
    "gone": (Reply(status=404), "404"),
    "a web page": (Reply(b"<!doctype html><p>Sign in"), "an HTML page"),
    "shrunk": (Reply(small(BEDS).encode()), "only 3 rows, 8 last time"),
    "a column lost": (Reply(BEDS.replace("beds", "bed").encode()), "columns gone: beds"),
    "too large": (Reply(b"iso,x\n" + b"ESP,1\n" * 200_000), "larger than"),
}


@pytest.mark.parametrize("what", BAD)
def test_the_archived_copy_serves_for_a_bad_table(what: str, source: Path, web: WebServer) -> None:
    reply, why = BAD[what]
    store, url = MemoryStore(), web.on("/beds.csv", Reply(BEDS.encode()))
    run(store, source, TABLES=url, **FEW)
    web.on("/beds.csv", reply)
    assert run(store, source, now=NOW + DAY, TABLES=url, **FEW).outcome == "unchanged"
    source.write_bytes(growing(21))
    result = run(store, source, now=NOW + 2 * DAY, TABLES=url, **FEW)
    assert result.outcome == "published"
    for record in records(store)[1:]:
        [warning] = [line for line in record["warnings"] if line.startswith("table beds from")]
        assert why in warning
        if what in ("a web page", "shrunk", "a column lost"):
            kept = warning.partition("(kept as ")[2].partition(")")[0]
            assert store.head(kept)
    assert latest(store)["spain"]["beds"] == "3.5"
    manifest(store)


def test_what_is_too_large_for_any_table_is_said(source: Path, web: WebServer) -> None:
    bomb = gzip.compress(bytes(MAX_TABLE_BYTES + 1), 1)
    with pytest.raises(SourceChanged, match=r"larger than a table may be \(100 MB\)"):
        run(MemoryStore(), source, TABLES=web.on("/bomb.csv.gz", Reply(bomb)))


def test_force_accepts_a_table_that_shrank(source: Path, web: WebServer) -> None:
    store, url = MemoryStore(), web.on("/beds.csv", Reply(BEDS.encode()))
    run(store, source, TABLES=url)
    web.on("/beds.csv", Reply(small(BEDS).encode()))
    forced = Options(force=True, sleep=lambda seconds: None)
    run(store, source, now=NOW + DAY, TABLES=f"{url}#country=iso3", options=forced)
    assert manifest(store)["own"]["tables"][0]["rows"] == 3


@pytest.mark.parametrize("what", ["gone", "a web page", "too large"])
def test_without_a_copy_the_run_fails_and_what_was_published_stays(
    what: str, source: Path, web: WebServer
) -> None:
    store, url = MemoryStore(), web.on("/beds.csv", BAD[what][0])
    run(store, source, OUTPUTS="none")
    before = manifest(store)["run_id"]
    with pytest.raises((SourceChanged, SourceUnavailable), match=BAD[what][1]):
        run(store, source, now=NOW + DAY, TABLES=url, **FEW)
    failed = records(store)[-1]
    assert failed["outcome"] == "failed"
    assert len(failed.get("kept", [])) == (what == "a web page")
    assert manifest(store)["run_id"] == before


def test_a_copy_that_is_gone_is_fetched_again(source: Path, web: WebServer) -> None:
    store, url = MemoryStore(), web.on("/beds.csv", versioned(BEDS))
    run(store, source, TABLES=url)
    [key] = [one["key"] for one in manifest(store)["inputs"] if one["name"] == "table beds"]
    store.delete(key)
    source.write_bytes(growing(21))
    run(store, source, now=NOW + DAY, TABLES=url)
    assert latest(store)["spain"]["beds"] == "3.5"


def test_places_get_their_countrys_values(tmp_path: Path) -> None:
    from etl.extract.sources import SAMPLES

    (tmp_path / "beds.csv").write_text("country,beds\nUS,2.8\nSpain,3\n")
    store = MemoryStore()
    run(store, SAMPLES / "regions.json.gz", LEVEL="regions", TABLES=str(tmp_path / "beds.csv"))
    rows = json.loads(contents(store)["latest.json"])["regions"]
    assert {row["beds"] for row in rows if row["country"] == "United States"} == {2.8}


def test_without_tables_nothing_is_said_of_them(source: Path) -> None:
    store = MemoryStore()
    run(store, source)
    assert "own" not in manifest(store)
