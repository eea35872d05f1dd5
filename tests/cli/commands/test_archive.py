"""import-archive, backfill, vintages: as a person meets them."""

import sys
from pathlib import Path

import pytest

from tests.support.archives import DAY, restating
from tests.support.desk import Desk
from tests.support.runs import NOW, assert_settled, contents

distributed = pytest.importorskip(
    "distributed", reason="SKIPPED: pip install -r requirements/scale.txt"
)


def test_without_dask_it_says_what_to_install(bench: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.publish_daily(NOW, 1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    for arguments in (("backfill", "--workers", "2"), ("vintages", "--workers", "2")):
        said = bench(*arguments)
        assert said.status == 2
        assert "-r requirements/scale.txt" in said.err
    assert bench("backfill").status == 0
    assert "1 snapshot, 1 of them new" in bench("vintages").out


def test_what_can_not_be_meant_is_refused_with_its_reason(bench: Desk) -> None:
    for arguments, why in (
        (("--dask", "10.0.0.5:8786"), "expected an address such as tcp://10.0.0.5:8786"),
        (("--dask", "tcp://127.0.0.1:9", "--workers", "2"), "leave out --workers"),
        (("--workers", "0"), "0 is not in the range"),
        (("--from", "2021-02-01", "--to", "2021-01-01"), "--from is later than --to"),
        (("--from", "yesterday"), "expected a date such as 2020-09-01"),
    ):
        said = bench("backfill", *arguments)
        assert said.status == 2
        assert why in said.err


def test_an_archive_goes_in_and_out_at_the_command_line(bench: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    folder.mkdir()
    for n, body in enumerate(restating(3)):
        (folder / f"{NOW + n * DAY:%Y-%m-%d}.json").write_bytes(body)
    (folder / "2021-01-28.json").write_bytes(b"[{}]")
    (folder / "stats.json.gz").write_bytes(b"\x1f\x8b")
    said = bench("import-archive", str(folder))
    assert said.status == 1
    assert "5 versions of coviddata: 4 new, 0 already there or the same as the previous" in said.out
    assert "since its name has no date: 1" in said.out
    assert "    stats.json.gz: a gzip that ends too early" in said.out
    said = bench("backfill", "--publish")
    assert said.status == 1
    assert "4 snapshots: 3 made" in said.out
    assert "2021-01-28  2021-01-28T060000Z-" in said.out
    assert "SourceChanged: country 1: expected field 'country', got none" in said.out
    assert "nothing was published: the newest snapshot, of 2021-01-28, failed" in said.err
    said = bench("backfill", "--publish", "--to", "2021-01-27", "--json")
    assert said.status == 0
    answer = said.json()
    assert [day["outcome"] for day in answer["days"]] == ["there"] * 3
    manifest = assert_settled(contents(bench.store))
    assert manifest["run_id"] == answer["published"]
    assert bench("diff", "2021-01-26", "2021-01-27").status == 0
    assert "2021-01-26" in bench("vintage", "ESP", "2021-01-10").out
    assert bench("report", "2021-01").status == 0
    assert "cells were restated" in bench("vintages").out
    assert bench("rm", "catalogue.json", "--yes").status == 1


def test_an_import_is_tried_and_undone_at_the_command_line(bench: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "2021-01-27.json").write_bytes(restating(1)[0])
    said = bench("import-archive", str(folder), "--dry-run")
    assert said.status == 0
    assert "1 new" in said.out
    assert "(a dry run: nothing was written)" in said.out
    assert "    2021-01-27  2021-01-27.json of 2021-01-27 06:00 UTC: new\n" in said.out
    assert "backfill" not in said.out
    assert not [key for key in contents(bench.store) if key.startswith("raw/")]
    assert bench("import-archive", str(folder)).status == 0
    said = bench("import-archive", "--forget", "2021-01-27", "--json")
    assert (said.status, said.json()["forgotten"][:18]) == (0, "2021-01-27T060000Z")
    said = bench("import-archive", "--forget", "2021-01-27")
    assert said.status == 1
    assert "names no imported snapshot; existing ones: none" in said.err
    for wrong in ((), (str(folder), "--forget", "x"), ("--forget", "x", "--dry-run")):
        assert bench("import-archive", *wrong).status == 2


def test_an_import_names_the_slot_that_each_file_falls_into(bench: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    folder.mkdir()
    [first, second, third] = restating(3)
    for name, body in (
        ("2021-01-22T0700", first),
        ("2021-01-23T0400", second),  # before that day's slot begins
        ("2021-01-23T0900", third),
        ("2021-01-24T0900", third),
    ):
        (folder / f"{name}.json").write_bytes(body)
    said = bench("import-archive", str(folder))
    [name] = {one["run_id"] for one in bench("import-archive", str(folder), "--json").json()[2:]}
    assert (
        "  in 3 slots; 1 of them has several, and its last one counts:\n"
        "    2021-01-22  2021-01-22T0700.json of 2021-01-22 07:00 UTC: new\n"
        "    2021-01-22  2021-01-23T0400.json of 2021-01-23 04:00 UTC: new\n"
        "    2021-01-23  2021-01-23T0900.json of 2021-01-23 09:00 UTC: new\n"
        f"    2021-01-24  2021-01-24T0900.json of 2021-01-24 09:00 UTC: the same as {name}\n"
    ) in said.out
    slots = [one["slot"] for one in bench("import-archive", str(folder), "--json").json()]
    assert slots == ["2021-01-22", "2021-01-22", "2021-01-23", "2021-01-24"]
