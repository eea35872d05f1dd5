"""Whole runs: what comes out of good input, and that bad input moves nothing."""

import gzip
import io
import json
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.errors import DataRejected, EtlError, SourceChanged, SourceUnavailable
from etl.extract import http
from etl.history.run import Options
from etl.store.memory import MemoryStore
from tests.support.bad_documents import DOCUMENTS
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    document,
    growing,
    published_store,
    records,
    run,
)
from tests.support.s3_server import Answer, answering

DRY = Options(dry_run=True)
FORCE = Options(force=True)
IF_DUE = Options(if_due=True)
FACTS_HEADER = (
    "COUNTRY,Continent,Country_Clasification,Government_Type,Corruption_preception,"
    "Development_Status,Land_Conditions,GDP_per_unit_of_energy_use_constant,Population_total,"
    "Urban_population_PC_of_total_population"
)


def facts(**population: int) -> bytes:
    lines = [
        f"{name.replace('_', ' ')},Europe,NC,Parlamentary republic,NI,Developed economies,"
        f"Sea Access,NA,{people},80.1"
        for name, people in population.items()
    ]
    return "\n".join([FACTS_HEADER, *lines]).encode()


def without_clock(objects: dict[str, bytes]) -> dict[str, bytes]:
    """All but what a failed run may change: the history, the status, inputs kept aside."""
    return {
        key: body
        for key, body in objects.items()
        if key not in ("history.json", "status.json") and not key.startswith("raw/")
    }


# --- what comes out ---------------------------------------------------------------------------


def test_a_run_publishes_every_file_of_the_design(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    manifest = assert_settled(contents(store))
    assets = [file["name"] for file in manifest["files"] if file["name"].startswith("assets/")]
    kinds = ["changes", "countries", "latest", "manifest", "series", "stats", "status"]
    kinds += ["vintages", "world"]
    schemas = [f"schemas/{kind}.json" for kind in kinds]
    assert {file["name"]: file["rows"] for file in manifest["files"]} == {
        "countries.json": 3,
        "countries/ESP.json": 20,
        "countries/USA.json": 20,
        "countries/diamond-princess.json": 20,
        "changes.json": 0,
        "croissant.json": 21,
        "datapackage.json": 21,
        "latest.csv": 3,
        "latest.json": 3,
        "latest.xlsx": 3,
        "stats.json": 60,
        "timeseries.csv.gz": 60,
        "timeseries.parquet": 60,
        "world.json": 20,
        "chart.html": 3,
        "index.html": 3,
        **dict.fromkeys(assets, 0),
        **dict.fromkeys(schemas, 1),
    }
    assert assets
    assert manifest["checks"]["unmatched"]["source_names"] == ["Diamond Princess"]
    assert manifest["source"]["attribution"]


def test_the_same_input_again_writes_nothing_but_history_and_status(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)
    assert run(store, source).outcome == "unchanged"
    after = contents(store)
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {"history.json", "status.json"}
    assert [r["outcome"] for r in records(store)] == ["published", "unchanged"]


def test_the_same_figures_in_other_bytes_are_unchanged_too(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    before = contents(store)
    source.write_bytes(json.dumps(json.loads(source.read_bytes()), indent=1).encode())
    assert run(store, source).outcome == "unchanged"
    assert without_clock(contents(store)) == without_clock(before)


def test_a_304_ends_the_run_and_is_asked_for_only_while_nothing_else_changed(
    tmp_path: Path,
) -> None:
    asked: list[str | None] = []

    def reply(answer: Answer) -> None:
        asked.append(answer.headers.get("If-None-Match"))
        if answer.headers.get("If-None-Match") == '"v1"':
            answer.reply(304)
        else:
            answer.reply(200, growing(20).decode(), ETag='"v1"')

    store = MemoryStore()
    with answering(reply) as url:
        assert run(store, f"{url}/stats.json").outcome == "published"
        assert run(store, f"{url}/stats.json").outcome == "unchanged"
        assert run(store, f"{url}/stats.json").outcome == "unchanged"
        assert run(store, f"{url}/stats.json", KEEP="new").outcome == "published"
        assert run(store, f"{url}/stats.json", KEEP="new").outcome == "unchanged"
    assert asked == [None, '"v1"', '"v1"', None, '"v1"']


def test_new_facts_publish_anew_though_the_statistics_are_the_same(tmp_path: Path) -> None:
    store = MemoryStore()
    source, path = tmp_path / "stats.json", tmp_path / "facts.csv"
    source.write_bytes(growing(20))
    path.write_bytes(facts(Spain=46_000_000))
    run(store, source, COUNTRIES_URL=str(path))
    path.write_bytes(facts(Spain=47_000_000))
    assert run(store, source, COUNTRIES_URL=str(path)).outcome == "published"
    spain = json.loads(contents(store)["countries/ESP.json"])
    assert spain["population"] == 47_000_000
    assert spain["government_type"] == "Parliamentary republic"


def test_filters_narrow_every_file_but_refuse_nothing(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    result = run(store, source, COUNTRIES="esp,Atlantis", SINCE="2021-01-11", KEEP="cumulative")
    assert result.record is not None
    assert result.record.warnings == ["COUNTRIES: nothing matches 'Atlantis'"]
    assert result.record.rows == 10
    objects = contents(store)
    assert_settled(objects)
    spain = json.loads(objects["countries/ESP.json"])
    assert spain["date"][0] == "2021-01-11"
    assert "new_cases" not in spain
    # and back again: what was filtered away is no reason to refuse, or to warn
    back = run(store, source, now=NOW + timedelta(days=1))
    assert back.record is not None
    assert (back.outcome, back.record.warnings) == ("published", [])


def test_a_dry_run_and_a_run_that_is_not_due_write_nothing(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    run(store, source)
    before = contents(store)
    source.write_bytes(growing(21))
    assert run(store, source, options=IF_DUE).outcome == "not_due"
    assert run(store, source, options=DRY).outcome == "would_publish"
    source.write_bytes(b"[]")
    with pytest.raises(DataRejected):
        run(store, source, options=DRY)
    assert contents(store) == before


def test_a_slot_is_due_until_it_has_a_success(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    good = source.read_bytes()
    source.write_bytes(b"<html>")
    with pytest.raises(SourceChanged):
        run(store, source, options=IF_DUE)
    source.write_bytes(good)
    assert run(store, source, options=IF_DUE).outcome == "unchanged"
    assert run(store, source, options=IF_DUE).outcome == "not_due"


def test_a_success_of_another_source_does_not_make_the_slot(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    assert run(store, source, options=IF_DUE, SOURCE="sample").outcome == "published"
    assert run(store, source, options=IF_DUE, SOURCE="sample").outcome == "not_due"
    assert run(store, source, options=IF_DUE).outcome == "published"
    assert run(store, source, options=IF_DUE).outcome == "not_due"


def test_restated_figures_are_warned_of(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(20, step=101))
    result = run(store, source)
    assert result.record is not None
    [warning] = result.record.warnings
    assert warning.startswith("the source restated 1")


def test_forcing_publishes_a_refused_version_and_records_that(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(19))
    with pytest.raises(DataRejected, match="the last date is 2021-01-19, earlier"):
        run(store, source)
    result = run(store, source, options=FORCE)
    manifest = assert_settled(contents(store))
    assert result.record is not None
    assert manifest["checks"]["forced"] == result.record.forced != []
    assert records(store)[-1]["forced"] == result.record.forced


# --- country facts ----------------------------------------------------------------------------


def test_facts_that_cant_be_fetched_come_from_the_archive_with_a_warning(tmp_path: Path) -> None:
    store = MemoryStore()
    source, path = tmp_path / "stats.json", tmp_path / "facts.csv"
    source.write_bytes(growing(20))
    path.write_bytes(facts(Spain=46_000_000))
    run(store, source, COUNTRIES_URL=str(path))
    path.unlink()
    source.write_bytes(growing(21))
    result = run(store, source, COUNTRIES_URL=str(path))
    assert result.record is not None
    [warning] = result.record.warnings
    assert warning.startswith("country facts from the archive (raw/")
    spain = json.loads(contents(store)["countries/ESP.json"])
    assert (spain["population"], len(spain["date"])) == (46_000_000, 21)


def test_without_any_facts_the_run_goes_on_without_the_merge_and_says_so(tmp_path: Path) -> None:
    store = MemoryStore()
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    result = run(store, source, COUNTRIES_URL=str(tmp_path / "nowhere.xlsx"))
    assert result.record is not None
    [warning] = result.record.warnings
    assert warning.startswith("published without country facts: ")
    assert json.loads(contents(store)["countries/ESP.json"])["population"] is None


NO_FACTS = [
    b"\n\n<!DOCTYPE html><html>no</html>",
    b"PK\x03\x04 not a zip",
    b"",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
    b"\x1f\x8b no gzip",
    facts(Spain=46_000_000)[:-30],
]


@pytest.mark.parametrize("body", NO_FACTS)
def test_facts_that_are_no_facts_come_from_the_archive_and_are_kept(
    tmp_path: Path, body: bytes
) -> None:
    store = MemoryStore()
    source, path = tmp_path / "stats.json", tmp_path / "facts.csv"
    source.write_bytes(growing(20))
    path.write_bytes(facts(Spain=46_000_000))
    run(store, source, COUNTRIES_URL=str(path))
    path.write_bytes(body)
    for days in (21, 22):  # the second time the facts of the first day are still there
        source.write_bytes(growing(days))
        result = run(store, source, COUNTRIES_URL=str(path))
        assert result.record is not None
        [warning] = result.record.warnings
        assert warning.startswith("country facts from the archive (raw/")
        assert str(path) in warning
        published = contents(store)
        assert json.loads(published["countries/ESP.json"])["population"] == 46_000_000
        if "kept as " in warning:  # a broken gzip is never on disk as a whole
            key = warning.partition("kept as ")[2].rstrip(")")
            kept = published[key]
            assert body == (gzip.decompress(kept) if key.endswith(".gz") else kept)
        else:
            assert "gzip" in warning


def test_without_archived_facts_unreadable_ones_leave_the_merge_out(tmp_path: Path) -> None:
    store, source, path = MemoryStore(), tmp_path / "stats.json", tmp_path / "facts.xlsx"
    source.write_bytes(growing(20))
    path.write_bytes(NO_FACTS[0])
    result = run(store, source, COUNTRIES_URL=str(path))
    assert result.record is not None
    [warning] = result.record.warnings
    assert warning.startswith(f"published without country facts: {path}: country facts: an HTML")
    assert json.loads(contents(store)["countries/ESP.json"])["population"] is None
    assert assert_settled(contents(store))["checks"]["warnings"] == [warning]


# --- bad input --------------------------------------------------------------------------------


def cut(answer: Answer) -> None:
    answer.send_response(200)
    answer.send_header("Content-Length", "100000")
    answer.end_headers()
    answer.wfile.write(b"[" + b" " * 500)
    answer.close_connection = True


def html(answer: Answer) -> None:
    answer.reply(200, "<!DOCTYPE html><html><body>moved</body></html>")


WIRE: dict[str, tuple[Callable[[Answer], None], type[EtlError], str]] = {
    "404": (lambda a: a.reply(404), SourceUnavailable, "HTTP status 404"),
    "500": (lambda a: a.reply(500), SourceUnavailable, "HTTP status 500, after 5 tries"),
    "cut in the middle": (cut, SourceUnavailable, "the transfer was interrupted"),
    "html": (html, SourceChanged, "it begins '<!DOCTYPE html>"),
    "empty body": (lambda a: a.reply(200), SourceChanged, "stats.json is empty"),
}


@pytest.mark.parametrize("name", WIRE)
def test_a_bad_answer_is_one_clear_line_and_moves_nothing(tmp_path: Path, name: str) -> None:
    reply, error, message = WIRE[name]
    store, _ = published_store(tmp_path)
    before = contents(store)
    with answering(reply) as url, pytest.raises(error, match=message) as caught:
        run(store, f"{url}/stats.json")
    assert "\n" not in str(caught.value)
    assert without_clock(contents(store)) == without_clock(before)
    last = records(store)[-1]
    assert (last["outcome"], last["failure"]["kind"]) == ("failed", error.__name__)
    assert last["failure"]["message"] == str(caught.value)


def test_a_source_that_does_not_answer_in_time_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.05)
    over = threading.Event()
    store, _ = published_store(tmp_path)
    before = contents(store)

    def wait(answer: Answer) -> None:
        over.wait(10)

    with answering(wait) as url:
        with pytest.raises(SourceUnavailable, match="no answer in time"):
            run(store, f"{url}/stats.json")
        over.set()
    assert without_clock(contents(store)) == without_clock(before)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_document_is_one_clear_line_and_moves_nothing(tmp_path: Path, name: str) -> None:
    body, error, message = DOCUMENTS[name]
    store, source = published_store(tmp_path)
    before = contents(store)
    source.write_bytes(body)
    with pytest.raises(error, match=message) as caught:
        run(store, source, MAX_SOURCE_MB="10")
    assert "\n" not in str(caught.value)
    after = contents(store)
    assert without_clock(after) == without_clock(before)
    last = records(store)[-1]
    assert (last["outcome"], last["failure"]["kind"]) == ("failed", error.__name__)
    if name != "gzip bomb":
        [kept] = last["kept"]
        assert gzip.decompress(after[kept["key"]]) == body


def test_more_cases_than_people_are_refused_by_name(tmp_path: Path) -> None:
    store = MemoryStore()
    source, path = tmp_path / "stats.json", tmp_path / "facts.csv"
    source.write_bytes(growing(20))
    path.write_bytes(facts(Spain=1999, United_States=2000))
    with pytest.raises(DataRejected, match=r"more cumulative cases than people: spain \(2000 of 1"):
        run(store, source, COUNTRIES_URL=str(path))
    assert "manifest.json" not in contents(store)


def test_the_same_bad_input_is_kept_aside_once_and_counted(tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(b"<html>")
    for minute in range(5):
        with pytest.raises(SourceChanged):
            run(store, source, now=NOW + timedelta(minutes=minute))
    last = records(store)[-1]
    assert (len(records(store)), last["attempts"]) == (2, 5)
    assert last["first_failed_at"] == "2021-01-25T07:00:00Z"
    assert sum(key.startswith("raw/") for key in contents(store)) == 2


def test_hostile_names_are_data(tmp_path: Path) -> None:
    text = document({"spain": [1, 2], "italy": [1, 2]}).decode()
    text = text.replace('"Spain"', '"<script>alert(1)</script>"').replace('"Italy"', '"=cmd()"')
    source = tmp_path / "stats.json"
    source.write_text(text)
    store = MemoryStore()
    run(store, source)
    objects = contents(store)
    manifest = assert_settled(objects)
    assert manifest["checks"]["unmatched"]["source_names"] == [
        "<script>alert(1)</script>",
        "=cmd()",
    ]
    assert b'"\'=cmd()"' in objects["latest.csv"]
    latest = json.loads(objects["latest.json"])
    assert [row["country"] for row in latest["countries"]] == [
        "=cmd()",
        "<script>alert(1)</script>",
    ]


def test_a_defect_of_ours_is_on_record_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl.transform import read

    def defect(rows: Any) -> Any:
        raise ZeroDivisionError("oops")

    store, source = published_store(tmp_path)
    source.write_bytes(growing(21))
    monkeypatch.setattr(read, "repair", defect)
    with pytest.raises(ZeroDivisionError):
        run(store, source)
    assert records(store)[-1]["failure"] == {"kind": "ZeroDivisionError", "message": "oops"}


# --- real inputs, where they are --------------------------------------------------------------


def test_real_input_gives_the_figures_that_are_known(tmp_path: Path, real_data: Path) -> None:
    import pandas as pd

    store = MemoryStore()
    newer, older = (real_data / f"countries-2020-09-0{day}.json.gz" for day in (7, 6))
    known = str(real_data / "InfoPaisosExtra.xlsx")
    run(store, newer, COUNTRIES_URL=known)
    objects = contents(store)
    manifest = assert_settled(objects)
    assert manifest["source"]["last_date"] == "2020-09-06"
    table = pd.read_parquet(io.BytesIO(objects["timeseries.parquet"]))
    assert len(table) == 35_232
    uk = table[(table["country_key"] == "united-kingdom") & (table["date"] == date(2020, 7, 2))]
    assert uk["new_cases"].tolist() == [-29_724]
    latest = pd.DataFrame(json.loads(objects["latest.json"])["countries"])
    assert (len(latest), int((~latest["stale"]).sum())) == (213, 188)
    cases = latest.set_index("country_key")["cumulative_cases"]
    assert cases["united-states"] == 6_276_365
    bare = latest[~latest["stale"] & latest["continent"].isna()]["country"]
    assert sorted(bare) == [
        "Diamond Princess",
        "MS Zaandam",
        "Taiwan",
        "Vatican City",
        "Western Sahara",
    ]
    totals = json.loads(objects["world.json"])["totals"]
    assert (totals["cumulative_cases"], totals["cumulative_deaths"]) == (27_103_845, 883_339)

    with pytest.raises(DataRejected, match="2020-09-05, earlier than the published 2020-09-06"):
        run(store, older, COUNTRIES_URL=known)
    assert without_clock(contents(store)) == without_clock(objects)
