"""The monthly report from the archive of whole runs."""

import gzip
import json
import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from etl.load.month import Month
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.packages import faults
from tests.support.processes import command
from tests.support.reports import january, made, page, publish, table
from tests.support.runs import contents, growing
from tests.support.s3_server import use

FILES = ("final_report.html", "final_report.csv", "final_chart.html")


def test_a_report_is_a_table_a_page_and_charts_beside_an_index(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    told = made(store)
    assert (told.snapshots, told.series, told.until) == (3, 3, date(2021, 1, 22))
    names = {key for key in contents(store) if key.startswith("reports/")}
    [script] = {name for name in names if name.startswith("reports/assets/bokeh-")}
    files = (*FILES, "snapshots.csv.gz")
    assert names == {*(f"reports/2021-01/{f}" for f in files), script, "reports/index.html"}
    spain = table(store)["spain"]
    assert (spain["new_cases"], spain["last_date"]) == ("2300", "2021-01-22")
    assert spain["population"] != ""
    assert float(spain["cases_per_100k"]) == pytest.approx(
        2300 / int(spain["population"]) * 100_000, abs=1e-4
    )
    assert (spain["cells_restated"], spain["cases_restated"]) == ("1", "0")
    assert table(store)["atlantis"]["cases_per_100k"] == ""
    assert "New cases and deaths from 1 to 22 January 2021, compared with" in page(store)
    assert "The month is not complete" in page(store)
    for name in ("final_report.html", "final_chart.html"):
        assert f'src="../{script.removeprefix("reports/")}"' in page(store, name)


def test_the_tables_of_the_report_are_described_for_programs(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    january(store, tmp_path)
    made(store)
    package = json.loads((store.root / "datapackage-archive.json").read_bytes())
    paths = {f"reports/2021-01/{name}" for name in ("final_report.csv", "snapshots.csv.gz")}
    assert {one["path"] for one in package["resources"]} == paths
    assert faults(store.root / "datapackage-archive.json") == []


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


def test_snapshots_of_another_source_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    publish(store, tmp_path, "2021-01-22T07:00", growing(21), name="sample")
    told = made(store)
    assert told.snapshots == 1
    assert told.notes[:2] == [
        "Made-up sample data: every figure is invented.",
        "Snapshots of another source, left out: 1.",
    ]
    for name in ("final_report.html", "final_chart.html"):
        assert told.notes[0] in page(store, name)


def test_a_source_that_ended_long_ago_is_said_plainly(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, tmp_path, "2026-11-21T07:00", growing(20))
    november = Month(2026, 11)
    told = made(store, november)
    assert told.until is None
    assert "has no day of November 2026: its data ends on 2021-01-20" in told.notes[0]
    assert table(store, november)["spain"]["new_cases"] == ""
    for name in ("final_report.html", "final_chart.html"):
        assert "has no day of November 2026" in page(store, name, november)


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
