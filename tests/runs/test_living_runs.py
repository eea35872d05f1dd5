"""Whole runs of who, owid and jhu, over HTTP on loopback."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config import read_settings
from etl.errors import ConfigError, DataRejected, SourceChanged, SourceUnavailable
from etl.extract.sources import SAMPLES, SOURCES
from etl.history.run import Result
from etl.store.memory import MemoryStore
from tests.support.runs import assert_settled, contents, records, run
from tests.support.web_server import Reply, Request, WebServer, web_server

NOW = datetime(2024, 3, 11, tzinfo=UTC)
FACTS = str(SAMPLES / "InfoPaisosExtra.xlsx")
FILES = SOURCES["jhu"].files


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def sample(name: str) -> bytes:
    path = SAMPLES / name
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def published(name: str, url: str | Path, **variables: Any) -> dict[str, bytes]:
    store = MemoryStore()
    result = run(store, url, now=NOW, SOURCE=name, COUNTRIES_URL=FACTS, **variables)
    assert result.outcome == "published"
    objects = contents(store)
    assert_settled(objects)
    return objects


def serve(web: WebServer, versions: dict[str, int]) -> str:
    """JHU's folder; a file whose version the client knows is answered by 304."""

    def on(name: str) -> None:
        etag = f'"{versions[name]}"'
        body = sample(f"jhu/{name}").replace(b"-20.25", b"-20.%d" % versions[name])

        def answer(request: Request) -> Reply:
            known = request.headers.get("If-None-Match") == etag
            return Reply(status=304) if known else Reply(body, headers={"ETag": etag})

        web.on(f"/jhu/{name}", answer)

    for name in FILES:
        on(name)
    return f"{web.url}/jhu/"


def run_jhu(store: MemoryStore, url: str) -> Result:
    return run(store, url, now=NOW, SOURCE="jhu", COUNTRIES_URL=FACTS)


# ---- what is published


@pytest.mark.parametrize(
    ("name", "where", "lacks"),
    [("who", "who.csv.gz", True), ("owid", "owid.csv.gz", True), ("jhu", "jhu", False)],
)
def test_licence_attribution_and_absent_measures_are_told(
    name: str, where: str, lacks: bool
) -> None:
    objects = published(name, SAMPLES / where)
    source = json.loads(objects["manifest.json"])["source"]
    assert source["licence"] == "CC BY 4.0"
    assert source["attribution"] == SOURCES[name].attribution
    assert source.get("lacks") == (["recoveries"] if lacks else None)
    latest = json.loads(objects["latest.json"])
    assert (latest["licence"], latest["attribution"]) == ("CC BY 4.0", source["attribution"])
    world = json.loads(objects["world.json"])["series"]
    assert all(count is None for count in world["cumulative_recoveries"]) is lacks
    for one in latest["countries"]:
        assert one["cumulative_recoveries"] is None
        assert one["active"] is None
        assert one["cumulative_cases"] > 0


def test_the_same_countries_have_the_same_keys_files_and_facts_from_every_source() -> None:
    for name, where in (("who", "who.csv.gz"), ("owid", "owid.csv.gz"), ("jhu", "jhu")):
        countries = json.loads(published(name, SAMPLES / where)["countries.json"])["countries"]
        found = {one["country_key"]: one for one in countries}
        spain = found["spain"]
        assert (spain["iso2"], spain["iso3"], spain["file"]) == ("ES", "ESP", "countries/ESP.json")
        assert spain["continent"] == "Europe"
        assert found["namibia"]["iso2"] == "NA"


def test_the_filters_know_a_table_that_lacks_a_measure() -> None:
    objects = published("who", SAMPLES / "who.csv.gz", KEEP="new", COUNTRIES="ESP,na")
    header = objects["latest.csv"].decode().partition("\n")[0]
    assert "new_recoveries" in header
    assert "cumulative" not in header
    namibia, spain = json.loads(objects["stats.json"])
    assert (namibia["country"]["key"], spain["country"]["key"]) == ("namibia", "spain")
    day = namibia["dates"]["2024-01-02"]
    assert list(day) == ["new"]
    assert day["new"]["recoveries"] is None
    assert isinstance(day["new"]["cases"], int)


def test_a_second_day_is_compared_with_the_first(tmp_path: Path) -> None:
    store, path = MemoryStore(), tmp_path / "who.csv"
    content = sample("who.csv.gz")
    path.write_bytes(content)
    run(store, path, now=NOW, SOURCE="who", COUNTRIES_URL=FACTS)
    path.write_bytes(content.replace(b"Namibia", b"Republic of Namibia"))
    assert run(store, path, now=NOW, SOURCE="who", COUNTRIES_URL=FACTS).outcome == "published"
    assert not [w for w in records(store)[-1].get("warnings", []) if "gone" in w or "restated" in w]
    path.write_bytes(b"".join(content.splitlines(keepends=True)[:300]))
    with pytest.raises(DataRejected, match="only 5 countries; 9 were published last time"):
        run(store, path, now=NOW, SOURCE="who", COUNTRIES_URL=FACTS)


# ---- three documents


def test_a_source_of_three_documents_is_fetched_from_a_folder(web: WebServer) -> None:
    versions = dict.fromkeys(FILES, 1)
    store = MemoryStore()
    assert run_jhu(store, serve(web, versions)).outcome == "published"
    manifest = assert_settled(contents(store))
    inputs = [entry for entry in manifest["inputs"] if entry["name"] == "statistics"]
    assert [entry["url"].rpartition("/")[2] for entry in inputs] == list(FILES)
    assert [entry["etag"] for entry in inputs] == ['"1"'] * 3


def test_nothing_is_new_when_each_of_the_three_says_so(web: WebServer) -> None:
    versions = dict.fromkeys(FILES, 1)
    store, url = MemoryStore(), serve(web, versions)
    run_jhu(store, url)
    web.requests.clear()
    assert run_jhu(store, url).outcome == "unchanged"
    assert [request.headers["If-None-Match"] for request in web.requests] == ['"1"'] * 3


@pytest.mark.parametrize("new", FILES)
def test_beside_one_that_is_new_the_others_are_fetched_whole(web: WebServer, new: str) -> None:
    versions = dict.fromkeys(FILES, 1)
    store = MemoryStore()
    run_jhu(store, serve(web, versions))
    web.requests.clear()
    # its bytes are new and its figures are not: the files that would be published are the same
    assert run_jhu(store, serve(web, {**versions, new: 2})).outcome == "unchanged"
    assert len(web.requests) == 3 + 2
    web.requests.clear()
    assert run_jhu(store, serve(web, {**versions, new: 2})).outcome == "unchanged"
    assert len(web.requests) == 3
    known = {
        request.path.rpartition("/")[2]: request.headers["If-None-Match"]
        for request in web.requests
    }
    assert known == {**dict.fromkeys(FILES, '"1"'), new: '"2"'}


def test_one_of_the_three_that_is_missing_fails_the_run(web: WebServer) -> None:
    url = serve(web, dict.fromkeys(FILES, 1))
    web.on(f"/jhu/{FILES[2]}", Reply(status=404))
    with pytest.raises(SourceUnavailable, match=r"recovered_global\.csv: HTTP status 404"):
        run_jhu(MemoryStore(), url)


def test_a_folder_s_query_goes_with_each_of_its_files() -> None:
    documents = SOURCES["jhu"].documents("https://example.org/mirror?token=t")
    assert documents[FILES[0]] == f"https://example.org/mirror/{FILES[0]}?token=t"
    assert SOURCES["who"].documents("a/who.csv") == {SOURCES["who"].files[0]: "a/who.csv"}


# ---- what is refused


def test_html_with_status_200_leaves_the_published_version(web: WebServer) -> None:
    url = web.on("/who.csv", Reply(sample("who.csv.gz")), Reply(b"<!doctype html><p>Moved</p>\n"))
    store = MemoryStore()
    run(store, url, now=NOW, SOURCE="who", COUNTRIES_URL=FACTS)
    before = contents(store)
    with pytest.raises(
        SourceChanged, match=r"not a CSV of this source: .* it begins '<!doctype html><p>Moved"
    ):
        run(store, url, now=NOW, SOURCE="who", COUNTRIES_URL=FACTS)
    after = contents(store)
    told = {"history.json", "status.json"}
    assert all(after[key] == body for key, body in before.items() if key not in told)
    facts, statistics = (kept["key"] for kept in records(store)[-1]["kept"])
    assert facts.endswith(".xlsx")
    assert gzip.decompress(after[statistics]).startswith(b"<!doctype")


def test_a_source_that_lies_in_the_future_is_refused() -> None:
    with pytest.raises(DataRejected, match="the last date is 2024-03-10, in the future"):
        run(
            MemoryStore(),
            SAMPLES / "owid.csv.gz",
            now=datetime(2024, 3, 1, tzinfo=UTC),
            SOURCE="owid",
        )


@pytest.mark.parametrize("source", ["who", "owid", "jhu", "sample"])
def test_a_level_that_a_source_does_not_have_is_a_wrong_setting(source: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({"SOURCE": source, "LEVEL": "places", "RUN_AT": "x"})
    assert caught.value.faults == [
        "RUN_AT: expected HH:MM, got 'x'",
        f"LEVEL: {source} has only countries, got 'places'",
    ]
    settings = read_settings({"LEVEL": "places"})
    countries = replace(settings.source, level="countries", data_set="coviddata")
    assert replace(settings, source=countries) == read_settings({})
    assert settings.source.data_set == "coviddata-places"
