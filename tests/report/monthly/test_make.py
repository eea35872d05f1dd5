"""The monthly report from the archive of whole runs: what counts, what is written, and when."""

import csv
import gzip
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from click.testing import CliRunner

from etl.cli import main
from etl.errors import EtlError, StoreError
from etl.extract.sources import SAMPLES
from etl.history import history
from etl.history.run import Options
from etl.load import snapshots
from etl.load.month import Month
from etl.report.monthly import make
from etl.report.monthly.make import MonthlyReport
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.builders import country, day, stats_json
from tests.support.processes import command
from tests.support.runs import contents, document, growing, records, run
from tests.support.s3_server import use

JANUARY, FEBRUARY = Month(2021, 1), Month(2021, 2)
IF_DUE = Options(if_due=True)
DAY = timedelta(days=1)
FILES = ("final_report.html", "final_report.csv", "final_chart.html")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def publish(
    store: Store, folder: Path, when: str, body: bytes, facts: str = "", name: str = "coviddata"
) -> str:
    """A run by hand; its id."""
    source = folder / "stats.json"
    source.write_bytes(body)
    made = run(store, source, now=at(when), COUNTRIES_URL=facts, SOURCE=name)
    assert made.outcome == "published"
    assert made.record is not None
    return made.record.run_id


def january(store: Store, folder: Path) -> None:
    """Three snapshots, the second of which restates Spain; facts beside them."""
    facts = str(SAMPLES / "InfoPaisosExtra.csv")
    cases = {"spain": [100 * n for n in range(1, 21)], "france": [10] * 20, "atlantis": [1] * 20}
    publish(store, folder, "2021-01-21T07:00", document(cases), facts)
    cases["spain"][9] += 7
    cases["spain"].append(2100)
    publish(store, folder, "2021-01-22T07:00", document(cases), facts)
    cases["spain"].append(2300)
    publish(store, folder, "2021-01-23T07:00", document(cases), facts)


def made(store: Store, month: Month = JANUARY) -> MonthlyReport:
    return make.make_report(store, history.read(store)[0], month, max_bytes=10**7)


def table(store: Store, month: Month = JANUARY) -> dict[str, dict[str, str]]:
    """final_report.csv as a stranger reads it."""
    stored = store.read(f"reports/{month}/final_report.csv")
    assert stored is not None
    rows = csv.DictReader(io.StringIO(stored.body.decode()))
    return {row["country_key"]: row for row in rows}


def page(store: Store, name: str = "final_report.html", month: Month = JANUARY) -> str:
    stored = store.read(f"reports/{month}/{name}")
    assert stored is not None
    return stored.body.decode()


# ---- what comes out


def test_a_report_is_a_table_a_page_and_charts_beside_an_index(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    told = made(store)
    assert (told.snapshots, told.series, told.until) == (3, 3, date(2021, 1, 22))
    names = {key for key in contents(store) if key.startswith("reports/")}
    [script] = {name for name in names if name.startswith("reports/assets/bokeh-")}
    assert names == {*(f"reports/2021-01/{f}" for f in FILES), script, "reports/index.html"}
    spain = table(store)["spain"]
    assert (spain["new_cases"], spain["last_date"]) == ("2300", "2021-01-22")
    assert spain["population"] != ""
    assert float(spain["cases_per_100k"]) == pytest.approx(
        2300 / int(spain["population"]) * 100_000, abs=1e-4
    )
    assert (spain["cells_restated"], spain["cases_restated"]) == ("1", "0")
    assert table(store)["atlantis"]["cases_per_100k"] == ""
    assert "Counted: from 1 to 22 January 2021" in page(store)
    assert "The month is not complete" in page(store)
    assert f'src="../{script.removeprefix("reports/")}"' in page(store, "final_chart.html")


def test_the_index_names_every_report_with_its_date_and_size(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    publish(store, tmp_path, "2021-02-02T07:00", growing(32))
    store.write(Upload("reports/notes/final_report.csv", b"somebody's own"))
    made(store, JANUARY)
    made(store, FEBRUARY)
    listed = re.findall(
        r'<a href="([^"]+)">([^<]+)</a></th>\s*<td><time datetime="([^"]+)">[^<]+</time></td>\s*'
        r"<td>([0-9,]+) bytes",
        (tmp_path / "out" / "reports" / "index.html").read_text(),
    )
    assert [href.partition("/")[0] for href, *_ in listed] == ["2021-02"] * 3 + ["2021-01"] * 3
    assert listed[0][1] == "February 2021: report"
    for href, _, modified, size in listed:
        file = (tmp_path / "out" / "reports" / href).stat()
        assert int(size.replace(",", "")) == file.st_size
        assert modified == f"{datetime.fromtimestamp(int(file.st_mtime), UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_the_same_archive_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    january(store, tmp_path)
    made(store)
    before = contents(store)
    made(store)
    assert contents(store) == before
    for name in FILES:
        store.delete(f"reports/2021-01/{name}")
    ran = command("report", "2021-01", cwd=tmp_path, PYTHONHASHSEED="1")
    assert ran.returncode == 0, ran.stderr
    after = contents(store)
    assert {key for key in after if after[key] != before.get(key)} <= {"reports/index.html"}
    assert after.keys() == before.keys()


def test_a_report_on_s3_is_the_one_on_disk_and_made_again_it_writes_nothing(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, s3_url)
    bucket = f"reports-{uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    on_s3, on_disk = S3Store.connect(bucket, "covid"), DirectoryStore(tmp_path / "out")
    for store in (on_s3, on_disk):
        january(store, tmp_path)
        made(store)
    names = {name: (page(on_s3, name), page(on_disk, name)) for name in FILES}
    ids = re.compile(r"2021-01-\d\dT\d{6}Z-[0-9a-f]{4}")  # no two runs have the same
    assert {n: ids.sub("RUN", a) for n, (a, _) in names.items()} == {
        n: ids.sub("RUN", b) for n, (_, b) in names.items()
    }
    sent: list[str] = []
    on_s3.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    made(on_s3)
    assert "PUT" not in sent


# ---- which snapshots count


def test_refused_inputs_and_unchanged_days_are_no_snapshots(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    (tmp_path / "stats.json").write_bytes(growing(5))  # far fewer rows
    with pytest.raises(EtlError):
        run(store, tmp_path / "stats.json", now=at("2021-01-22T07:00"))
    (tmp_path / "stats.json").write_bytes(growing(20))
    assert run(store, tmp_path / "stats.json", now=at("2021-01-23T07:00")).outcome == "unchanged"
    assert len({key.split("/")[1] for key in contents(store) if key.startswith("raw/")}) == 2
    assert made(store).snapshots == 1


def test_a_snapshot_counts_to_the_month_of_its_slot(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-31T07:00", growing(29))
    late = publish(store, tmp_path, "2021-02-01T05:00", growing(30))  # before RUN_AT: yesterday's
    publish(store, tmp_path, "2021-02-01T07:00", growing(31))
    past = history.read(store)[0]
    assert snapshots.months(past) == [JANUARY, FEBRUARY]
    assert [s.run_id for s in snapshots.snapshots(store, past, [], JANUARY)][-1] == late
    assert made(store).until == date(2021, 1, 30)


def test_snapshots_of_another_source_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    publish(store, tmp_path, "2021-01-22T07:00", growing(21), name="sample")
    told = made(store)
    assert told.snapshots == 1
    assert told.notes[:2] == [
        "MonthlyReport-up sample data: every figure is invented.",
        "Snapshots of another source, left out: 1.",
    ]
    for name in ("final_report.html", "final_chart.html"):
        assert told.notes[0] in page(store, name)


def damage(store: Store, run_id: str, body: bytes | None) -> None:
    key = f"raw/{run_id}/stats.json.gz"
    store.delete(key) if body is None else store.write(Upload(key, body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gzip.compress(growing(19)), "its SHA-256 is another"),
        (b"\x1f\x8b torn", ""),
        (gzip.compress(growing(20))[:-9], "ends too early"),
    ],
    ids=["other figures", "no gzip", "cut"],
)
def test_a_damaged_snapshot_is_left_out_and_named(tmp_path: Path, body: bytes, why: str) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-20T07:00", growing(19))
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), body)
    told = made(store)
    assert (told.snapshots, told.until) == (1, date(2021, 1, 19))
    [note] = [note for note in told.notes if "2021-01-21" in note]
    assert note.startswith("Left out: the snapshot of 2021-01-21 can't be read")
    assert why in note


def test_where_no_snapshot_can_be_read_there_is_no_report(tmp_path: Path) -> None:
    store = MemoryStore()
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), b"[]")
    with pytest.raises(EtlError, match=r"no snapshot of 2021-01 can be read: .*SHA-256"):
        made(store)
    assert not any(key.startswith("reports/") for key in contents(store))


def test_a_snapshot_that_was_deleted_does_not_count(tmp_path: Path) -> None:
    store = MemoryStore()
    damage(store, publish(store, tmp_path, "2021-01-21T07:00", growing(20)), None)
    publish(store, tmp_path, "2021-01-22T07:00", growing(21))
    assert made(store).snapshots == 1


def test_facts_that_are_damaged_give_way_to_earlier_ones_and_then_to_none(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    facts = sorted(key for key in contents(store) if "InfoPaisos" in key)
    store.write(Upload(facts[-1], b"COUNTRY"))
    assert not any("no population" in note for note in made(store).notes)
    for key in facts:
        store.delete(key)
    assert any("no population, no incidence" in note for note in made(store).notes)
    assert table(store)["spain"]["cases_per_100k"] == ""


def test_a_source_that_ended_long_ago_is_said_plainly(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2026-11-21T07:00", growing(20))
    november = Month(2026, 11)
    told = made(store, november)
    assert told.until is None
    assert "has no day of November 2026: its data end on 2021-01-20" in told.notes[0]
    assert table(store, november)["spain"]["new_cases"] == ""
    for name in ("final_report.html", "final_chart.html"):
        assert "has no day of November 2026" in page(store, name, november)


# ---- names from a source


def test_hostile_names_stay_text_in_the_page_the_charts_and_a_spreadsheet(tmp_path: Path) -> None:
    names = [
        "<script>alert(1)</script>",
        "=cmd()|'/c calc'!A1",
        "</script><b>",
        "$$x$$",
        "中国 ü",
    ]
    days = {str(date(2021, 1, 1) + n * DAY): day(cumulative_cases=9 + n) for n in range(9)}
    store = MemoryStore()
    elements = [country(f"c{n}", name, days) for n, name in enumerate(names)]
    twins = [country("x1", "Congo", days), country("x2", "Congo", days)]
    publish(store, tmp_path, "2021-01-10T07:00", stats_json(elements + twins))
    made(store)
    for name in ("final_report.html", "final_chart.html"):
        shown = page(store, name)
        assert "alert(1)" in shown
        assert "<script>alert" not in shown
        assert "</script><b>" not in shown
    assert table(store)["c1"]["country"] == "'" + names[1]


class Definitions:
    """Walks a Bokeh document in its order, as Bokeh does."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def walk(self, node: Any) -> None:
        if isinstance(node, dict):
            if set(node) == {"id"}:
                assert node["id"] in self.known
            elif "id" in node:
                self.known.add(node["id"])
            for value in node.values():
                self.walk(value)
        elif isinstance(node, list):
            for item in node:
                self.walk(item)


def test_the_charts_are_whole_documents_in_an_order_that_bokeh_can_read(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    made(store)
    [embedded] = re.findall(
        r'<script type="application/json" id="documents">(.*)</script>',
        page(store, "final_chart.html"),
    )
    documents = json.loads(embedded, parse_constant=pytest.fail)  # no NaN: browsers refuse it
    assert list(documents) == ["daily-cases", "daily-deaths", "ranking"]
    for name, chart in documents.items():
        reading = Definitions()
        reading.walk(chart["doc"]["roots"])
        assert chart["root_id"] in reading.known
        assert f'id="{name}"' in page(store, "final_chart.html")
        assert "Spain" in embedded


def test_the_pages_ask_nothing_of_another_host(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    made(store)
    stored = store.read("reports/index.html")
    assert stored is not None
    for shown in (page(store), page(store, "final_chart.html"), stored.body.decode()):
        links = re.findall(r'(?:src|href)="([^"]*)"', shown)
        assert len(links) >= 3
        assert not [link for link in links if "//" in link]
        assert '<html lang="en">' in shown
        assert shown.count("<h1>") == 1


# ---- the command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `out` has snapshots of two months."""
    folder = tmp_path_factory.mktemp("reports")
    store = DirectoryStore(folder / "out")
    publish(store, folder, "2021-01-21T07:00", growing(20))
    publish(store, folder, "2021-02-02T07:00", growing(32))
    return folder


def test_the_command_makes_a_months_report_or_all(folder: Path) -> None:
    one = command("report", "2021-01", cwd=folder)
    assert (one.returncode, one.stderr) == (0, "")
    first, second = one.stdout.splitlines()[:2]
    assert first == "out/reports/2021-01/final_report.html"
    assert second.startswith("  snapshots: 1, countries: 3, counted up to 2021-01-20")
    every = command("report", "--all", "--json", cwd=folder)
    assert [report["month"] for report in json.loads(every.stdout)] == ["2021-01", "2021-02"]
    assert json.loads(every.stdout)[1]["until"] == "2021-02-01"


def test_a_month_without_snapshots_is_an_error_that_names_those_with(folder: Path) -> None:
    ran = command("report", "2020-12", cwd=folder)
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert "there are no snapshots of 2020-12; there are of: 2021-01, 2021-02" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2021-1"], "expected a month such as 2021-01, got '2021-1'"),
        ([], "name a month, such as 2021-01, or say --all"),
        (["2021-01", "--all"], "name a month, such as 2021-01, or say --all"),
    ],
)
def test_wrong_usage_says_what_is_right(arguments: list[str], told: str) -> None:
    ran = CliRunner().invoke(main.cli, ["report", *arguments])
    assert ran.exit_code == 2
    assert told in ran.output


def test_an_empty_folder_has_no_reports_to_make(tmp_path: Path) -> None:
    ran = command("report", "--all", cwd=tmp_path)
    assert ran.returncode == 1
    assert "out has no snapshots yet; make the first: python app.py run" in ran.stderr
    assert list(tmp_path.iterdir()) == []


# ---- by itself


def due(store: Store, folder: Path, when: str, body: bytes) -> dict[str, Any]:
    """A run of the worker's own, and its record."""
    source = folder / "stats.json"
    source.write_bytes(body)
    run(store, source, now=at(when), options=IF_DUE)
    return records(store)[-1]


def test_the_first_run_of_a_month_makes_the_report_of_the_one_before(tmp_path: Path) -> None:
    store = MemoryStore()
    assert "report" not in due(store, tmp_path, "2021-01-31T07:00", growing(30))
    assert not any(key.startswith("reports/") for key in contents(store))
    first = due(store, tmp_path, "2021-02-01T07:00", growing(30))
    assert (first["outcome"], first["report"]) == ("unchanged", "2021-01")
    assert table(store)["spain"]["new_cases"] == "3000"
    before = contents(store)
    assert "report" not in due(store, tmp_path, "2021-02-02T07:00", growing(30))
    after = contents(store)
    assert {key for key in after if after[key] != before.get(key)} == {
        "history.json",
        "status.json",
    }


def test_a_month_without_a_publication_has_no_report_made_for_it(tmp_path: Path) -> None:
    store = MemoryStore()
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    due(store, tmp_path, "2021-02-01T07:00", growing(30))
    assert "report" not in due(store, tmp_path, "2021-03-01T07:00", growing(30))
    assert not any(key.startswith("reports/2021-02") for key in contents(store))


class NoShelf(MemoryStore):
    """Refuses what goes to reports/, for as long as `full`."""

    full: Exception | None = StoreError("no room for a report")

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        if self.full and upload.key.startswith("reports/"):
            raise self.full
        return super().write(upload, if_match=if_match, if_none_match=if_none_match)


@pytest.mark.parametrize("why", [StoreError("no room"), ZeroDivisionError("no room")])
def test_a_report_that_fails_leaves_the_run_a_success_and_is_tried_again(
    tmp_path: Path, why: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = NoShelf()
    store.full = why
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    failed = due(store, tmp_path, "2021-02-01T07:00", growing(31))
    assert failed["outcome"] == "published"
    assert failed["warnings"][-1] == "the report of 2021-01 could not be made: no room"
    assert "report" not in failed
    assert b"Warnings: 1." in contents(store)["feed.xml"]
    store.full = None
    again = due(store, tmp_path, "2021-02-02T07:00", growing(31))
    assert (again["outcome"], again["report"]) == ("unchanged", "2021-01")
    assert [r["outcome"] for r in records(store)] == ["published", "published", "unchanged"]


def test_a_run_by_hand_or_a_dry_run_makes_no_report(tmp_path: Path) -> None:
    store = MemoryStore()
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    run(store, tmp_path / "stats.json", now=at("2021-02-01T07:00"))
    run(
        store, tmp_path / "stats.json", now=at("2021-02-02T07:00"),
        options=Options(if_due=True, dry_run=True),
    )  # fmt: skip
    assert not any(key.startswith("reports/") for key in contents(store))


def test_an_unchanged_day_behind_the_report_costs_no_more_requests(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, s3_url)
    bucket = f"reports-{uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    store = S3Store.connect(bucket, "covid")
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    due(store, tmp_path, "2021-02-01T07:00", growing(30))
    sent: list[str] = []
    store.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    due(store, tmp_path, "2021-02-02T07:00", growing(30))
    assert (sent.count("PUT"), len(sent)) == (2, 6)  # the last one is this test's own look


# ---- real figures


def test_real_input_gives_the_differences_that_its_counts_give(
    real_data: Path, tmp_path: Path
) -> None:
    store = MemoryStore()
    body = b""
    for n in (6, 7):
        body = gzip.decompress((real_data / f"countries-2020-09-0{n}.json.gz").read_bytes())
        publish(store, tmp_path, f"2020-09-0{n + 1}T07:00", body)
    september = Month(2020, 9)
    assert made(store, september).until == date(2020, 9, 6)
    rows = table(store, september)
    counted = 0
    for element in json.loads(body):
        days, row = element["dates"], rows[element["country"]["key"]]
        for measure in ("cases", "deaths"):
            ends = [days.get(d, {}).get("cumulative") for d in ("2020-08-31", "2020-09-06")]
            if all(ends):
                counted += 1
                assert int(row[f"new_{measure}"]) == ends[1][measure] - ends[0][measure]
    assert counted > 300
