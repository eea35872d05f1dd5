import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from etl.cli import main
from etl.store import FOR_EVER, Upload
from etl.store.directory import DirectoryStore
from tests.support.processes import command
from tests.support.reports import publish
from tests.support.runs import growing


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
    assert "there are no snapshots of 2020-12; these months have some: 2021-01, 2021-02" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2021-1"], "expected a month such as 2021-01, got '2021-1'"),
        ([], "name a month, such as 2021-01, or use --all"),
        (["2021-01", "--all"], "name a month, such as 2021-01, or use --all"),
    ],
)
def test_wrong_usage_says_what_is_right(arguments: list[str], told: str) -> None:
    ran = CliRunner().invoke(main.cli, ["report", *arguments])
    assert ran.exit_code == 2
    assert told in ran.output


def test_an_empty_folder_has_no_reports_to_make(tmp_path: Path) -> None:
    ran = command("report", "--all", cwd=tmp_path)
    assert ran.returncode == 1
    assert "out has no snapshots on record; make the first: python app.py run (or " in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_makes_every_report_it_can_and_lists_the_failures(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    publish(store, tmp_path, "2021-01-21T07:00", growing(20))
    publish(store, tmp_path, "2021-02-02T07:00", growing(32))
    for entry in list(store.list("raw/2021-01-21")):
        store.write(Upload(entry.key, b"no gzip", FOR_EVER))
    ran = command("report", "--all", cwd=tmp_path)
    assert ran.returncode == 1
    assert "out/reports/2021-02/final_report.html" in ran.stdout
    assert "2021-01: no report: " in ran.stdout
    [failed] = [
        one
        for one in json.loads(command("report", "--all", "--json", cwd=tmp_path).stdout)
        if "failure" in one
    ]
    assert failed["month"] == "2021-01"
    assert command("report", "2021-01", cwd=tmp_path).returncode == 1
