"""Objects with names that the worker never gives, beside its own: they stop nothing."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.runs import NOW

NO_DATE = "2021-99-99T999999Z-0000"
COMMANDS = (
    *(("prune", "--yes"), ("backfill",), ("monthly-tasks",), ("report", "2021-01"), ("ls",)),
    *(("run",), ("vintages",), ("diff", "previous"), ("ls", "--json"), ("doctor", "--heal")),
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COUNTRIES_URL", "")
    monkeypatch.setenv("OUTPUTS", "none")
    monkeypatch.setenv("SOURCE_URL", "stats.json")
    return []


def keys_beside(run_id: str) -> list[str]:
    return [
        *(f"raw/{run_id}/odd\nname.gz", f"raw/{run_id}/\x1b[31m", f"raw/{run_id}/a\\b.json"),
        *(f"raw/{NO_DATE}/stats.json.gz", f"runs/{NO_DATE}/manifest.json", f"runs/{run_id}/\x7f"),
        *("_shared/2021-99-99T999999Z-x/index.html", "reports/\x01/x", "vintages/snapshot=x\\/y"),
        *("raw/mine.txt", "runs/mine.txt", "inbox/pending/\x02.json", "countries/\u202e.json"),
    ]


def assert_nothing_stops(desk: Desk) -> None:
    for command in COMMANDS:
        said = desk(*command)
        assert said.status == 0, (command, said)
        assert "Traceback" not in said.err
        assert "crashed" not in said.err
        named = [line for line in said.err.splitlines() if line.startswith("folder.odd_names")]
        assert len({line.split("first=")[1] for line in named}) == len(named), (command, named)
        if command[0] in ("prune", "backfill"):
            assert any(NO_DATE in line or "odd" in line for line in named), (command, said)


def test_odd_files_and_links_in_a_directory_stop_nothing_and_are_named(
    local_desk: Desk, runs: list[str]
) -> None:
    runs += local_desk.publish_daily(NOW - timedelta(days=1), 2)
    for key in keys_beside(runs[0]):
        Path("out", key).parent.mkdir(parents=True, exist_ok=True)
        Path("out", key).write_bytes(b"odd")
    loops = (f"runs/{NO_DATE.replace('99', '01')}", f"raw/{runs[0]}/loop", "countries/loop", "loop")
    for name in loops:
        Path("out", name).parent.mkdir(exist_ok=True)
        Path("out", name).symlink_to(Path(name).name)
    back = Path("out/runs/2021-01-02T030405Z-abcd")
    back.symlink_to("..")
    os.mkfifo(f"out/raw/{runs[0]}/fifo.gz")
    os.mkfifo("out/fifo.json")
    Path(os.fsdecode(b"out/raw/caf\xe9.json")).write_bytes(b"odd")
    assert_nothing_stops(local_desk)
    listed = [entry["key"] for entry in local_desk("ls", "--json").json()]
    assert f"raw/{runs[0]}/odd\nname.gz" in listed
    assert "raw/caf\udce9.json" in listed
    assert not [key for key in listed if "fifo" in key or "loop" in key]
    assert Path("out/latest.csv").exists()


def test_odd_keys_in_a_bucket_stop_nothing_and_are_named(moto_desk: Desk, runs: list[str]) -> None:
    runs += moto_desk.publish_daily(NOW - timedelta(days=1), 2)
    store = moto_desk.store
    assert isinstance(store, S3Store)
    empty = (f"raw/{runs[0]}//stats.json", "raw//x", "runs//manifest.json", "../x", "reports/./x")
    for key in (*(key for key in keys_beside(runs[0]) if "\n" not in key), *empty):
        store.client.put_object(Bucket=store.bucket, Key=f"{store.folder}/{key}", Body=b"odd")
    assert_nothing_stops(moto_desk)
    manifest = store.read("manifest.json")
    assert manifest
    assert json.loads(manifest.body)["run_id"] >= runs[1]
