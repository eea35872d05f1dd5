"""TRANSFORM in whole runs: what it changes, what is published, and what an error leaves."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from etl.errors import DataRejected, StepFailed
from etl.history.run import Options
from etl.store.directory import DirectoryStore
from tests.support.desk import Desk
from tests.support.processes import command
from tests.support.runs import NOW, assert_settled, contents, growing, records, run

DAY = timedelta(days=1)


class Case:
    """A folder, a source and a step that can be rewritten."""

    def __init__(self, tmp_path: Path) -> None:
        self.path, self.source = tmp_path / "my_step.py", tmp_path / "stats.json"
        self.out = tmp_path / "out"
        self.store = DirectoryStore(self.out)
        self.source.write_bytes(growing(20))
        self._runs = 0

    def go(self, body: str = "", options: Options | None = None, **variables: Any) -> str:
        if body:
            lines = "\n".join(f"    {line}" for line in body.split("\n"))
            self.path.write_text(f"def transform(table):\n{lines}\n")
        self._runs += 1
        variables = {"OUTPUTS": "none", "TRANSFORM": str(self.path)} | variables
        now = NOW + self._runs * DAY
        return run(self.store, self.source, now=now, options=options, **variables).outcome

    def manifest(self) -> dict[str, Any]:
        return assert_settled(contents(self.store))

    def table(self) -> pd.DataFrame:
        return pd.read_parquet(self.out / "timeseries.parquet")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_an_edited_step_makes_a_new_version_though_the_source_is_the_same(case: Case) -> None:
    assert case.go("return table.assign(x=1)") == "published"
    assert case.go() == "unchanged"
    assert case.go("return table.assign(x=2)") == "published"
    assert set(case.table()["x"]) == {2}
    assert case.go("return table.assign(x=1 + 1)") == "unchanged"  # its figures are the same


def test_what_it_drops_is_gone_from_the_files_and_noted(case: Case) -> None:
    case.go(
        'return table[table["country_key"] != "spain"].drop(columns=["continent", "stale"])',
        OUTPUTS="countries,csv,world,stats",
    )
    manifest = case.manifest()
    assert manifest["own"]["step"] | {"sha256": ""} == {
        "name": "my_step.py",
        "sha256": "",
        "rows_dropped": 20,
        "columns_dropped": ["stale", "continent"],
        "columns_added": [],
    }
    assert not (case.out / "countries/ESP.json").exists()
    for name in ("latest.json", "countries.json", "countries/USA.json"):
        text = (case.out / name).read_text()
        assert "continent" not in text
        assert "spain" not in text
    assert "stale" not in case.table()
    package = json.loads((case.out / "datapackage.json").read_bytes())
    fields = [one["schema"]["fields"] for one in package["resources"] if "schema" in one]
    assert not any(one["name"] in ("continent", "stale") for listed in fields for one in listed)
    world = json.loads((case.out / "world.json").read_bytes())
    assert world["totals"]["cumulative_cases"] == 3 * 2000  # before the step


def test_rows_that_it_drops_are_still_compared_with_the_day_before(case: Case) -> None:
    only = 'return table[table["country_key"] == "spain"].drop(columns="new_cases")'
    case.go(only)
    case.source.write_bytes(growing(21))
    assert case.go() == "published"
    changes = json.loads((case.out / "changes.json").read_bytes())
    assert (changes["rows_added"], changes["cells_restated"], changes["appeared"]) == (3, 0, [])
    case.source.write_bytes(growing(21, step=90))
    assert case.go() == "published"
    changes = json.loads((case.out / "changes.json").read_bytes())
    assert {cell["key"] for cell in changes["biggest"]} > {"spain"}


def test_keep_and_since_come_after_it(case: Case) -> None:
    case.go(
        'return table.assign(total=table["cumulative_cases"] * 1)', KEEP="new", SINCE="2021-01-15"
    )
    table = case.table()
    assert "cumulative_cases" not in table
    assert table["total"].tolist() == [n * 100 for n in range(15, 21)] * 3


def test_an_error_is_on_record_and_publishes_nothing(case: Case) -> None:
    case.go("return table")
    before = case.manifest()["run_id"]
    with pytest.raises(StepFailed):
        case.go('return table["casos"]')
    assert case.manifest()["run_id"] == before
    assert records(case.store)[-1]["failure"] == {
        "kind": "StepFailed",
        "message": f"{case.path}, line 2, column 12: KeyError: there is no 'casos'",
    }


def test_dropping_every_row_is_refused(case: Case) -> None:
    with pytest.raises(DataRejected, match=r"my_step\.py dropped every row"):
        case.go("return table.head(0)")


def test_a_dry_run_shows_rows_and_warns_of_chance(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("stats.json").write_bytes(growing(20))
    Path("my_step.py").write_text(
        "import random\ndef transform(table):\n    return table.assign(luck=random.random())\n"
    )
    for name, value in (("SOURCE_URL", "stats.json"), ("TRANSFORM", "my_step.py")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COUNTRIES_URL", "")
    said = local_desk("run", "--dry-run")
    assert said.status == 0
    assert "two runs on the same rows gave other results" in said.err
    assert "country_key" in said.err
    assert said.err.count("diamond-princess") == 5
    assert not contents(local_desk.store)


def test_a_step_that_never_returns_ends_with_the_time_limit(case: Case, tmp_path: Path) -> None:
    case.path.write_text("def transform(table):\n    while True:\n        pass\n")
    done = command(
        "run",
        cwd=tmp_path,
        COUNTRIES_URL="",
        TRANSFORM=str(case.path),
        RUN_TIMEOUT_MINUTES="0.05",
        PYTHONWARNINGS="ignore",  # on a busy machine the limit may cut an import
    )
    assert done.returncode == 1
    assert "still running after 0.05 minutes (RUN_TIMEOUT_MINUTES)" in done.stderr
    assert "Traceback" not in done.stderr
    assert records(case.store)[-1]["failure"]["kind"] == "RunTimeout"
