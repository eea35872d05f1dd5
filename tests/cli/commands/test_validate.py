"""`validate`: would a run accept this file?"""

import json
from pathlib import Path

import pytest

from etl.extract.sources import SAMPLES
from tests.support.commands import NEXT_DAY, from_json
from tests.support.processes import command, snapshot
from tests.support.runs import document, growing

ELSEWHERE = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "eu-west-1"}
ELSEWHERE |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "S3_BUCKET": "news"}


def test_a_valid_file_is_compared_with_the_published_version_and_nothing_is_written(
    published: Path, tmp_path: Path
) -> None:
    (tmp_path / "scratch").mkdir()
    before = snapshot(tmp_path)
    ended = command("validate", NEXT_DAY, cwd=tmp_path, TMPDIR=str(tmp_path / "scratch"))
    run_id = json.loads((published / "manifest.json").read_bytes())["run_id"]
    first, *lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert first == f"{NEXT_DAY}: valid as sample"
    assert "  holds      11,423 rows, 35 countries, 2020-01-22 to 2021-02-25" in lines
    assert "  corrected  daily counts below zero: 8" in lines
    same = "rows added 0, removed 0, cells restated 0 (0.00%)"
    assert f"  published  run {run_id}: {same}" in lines
    assert snapshot(tmp_path) == before


def test_a_file_that_a_run_would_refuse_is_refused_for_the_same_reason(
    published: Path, tmp_path: Path
) -> None:
    samples = str(SAMPLES / "stats.json.gz")
    ended = command("validate", samples, cwd=tmp_path)
    refused = command("run", "--dry-run", cwd=tmp_path)
    first, reason, way_out = ended.stdout.splitlines()
    assert (ended.returncode, refused.returncode) == (1, 1)
    assert first == f"{samples}: not valid as sample, 1 fault"
    assert reason.strip() in refused.stderr
    assert "earlier than the published 2021-02-25" in reason
    assert "run --force" in way_out


def test_every_fault_has_a_line_of_its_own_up_to_a_thousand(tmp_path: Path) -> None:
    content = growing(40, ("spain", "france"))
    (tmp_path / "stats.json").write_bytes(content.replace(b'"deaths":2,', b'"deaths":"2",'))
    many = document({f"nowhere-{n}": list(range(-30, 0)) for n in range(40)})
    (tmp_path / "many.json").write_bytes(many)
    few = command("validate", "stats.json", "--json", cwd=tmp_path)
    found = from_json(few.stdout)
    assert few.returncode == 1
    assert (found["valid"], found["kind"]) == (False, "SourceChanged")
    assert len(found["faults"]) == 82
    assert found["faults"][0].startswith("spain, 2021-01-01")
    shown = command("validate", "many.json", cwd=tmp_path).stdout.splitlines()
    assert len(shown) == 1 + 1_000 + 1


@pytest.mark.parametrize("elsewhere", [ELSEWHERE, {"S3_BUCKET": "news"}])
def test_without_the_folder_the_file_is_checked_by_itself(
    tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    ended = command("validate", NEXT_DAY, "--json", cwd=tmp_path, **elsewhere)
    found = from_json(ended.stdout)
    assert ended.returncode == 0
    assert (found["valid"], found["rows"], found["changes"]) == (True, 11_423, None)
    assert found["warnings"][-1].startswith("not compared with s3://news/covid: ")


@pytest.mark.parametrize(
    ("arguments", "source", "problem"),
    [
        (("nothing.json",), "sample", "Path 'nothing.json' does not exist"),
        ((".",), "sample", "SOURCE=sample needs a file"),
        (("stats.json",), "jhu", "SOURCE=jhu needs a folder with time_series_covid19_confirmed"),
        ((), "sample", "Missing argument 'FILE'"),
    ],
)
def test_a_wrong_argument_is_named(
    tmp_path: Path, arguments: tuple[str, ...], source: str, problem: str
) -> None:
    (tmp_path / "stats.json").write_bytes(b"[]")
    ended = command("validate", *arguments, cwd=tmp_path, SOURCE=source)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert problem in ended.stderr


def test_tables_and_a_step_of_ones_own_are_tried_too(tmp_path: Path) -> None:
    (tmp_path / "step.py").write_text("def transform(table):\n    raise ValueError('no beds')\n")
    missing = command("validate", NEXT_DAY, cwd=tmp_path, TABLES="beds.csv")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "beds.csv" in missing.stderr
    failed = command("validate", NEXT_DAY, cwd=tmp_path, TRANSFORM="step.py")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Error: step.py, line 2, column 5: ValueError: no beds\n"
    assert {path.name for path in tmp_path.iterdir()} == {"step.py"}


def test_the_files_of_a_source_that_has_several_are_checked_together(tmp_path: Path) -> None:
    for measure in ("confirmed", "deaths", "recovered"):
        header = "Province/State,Country/Region,Lat,Long,1/22/20,1/23/20"
        (tmp_path / f"time_series_covid19_{measure}_global.csv").write_text(
            f"{header}\n,Spain,1,1,1,2\n,France,1,1,1,{'x' if measure == 'deaths' else 2}\n"
        )
    ended = command("validate", ".", cwd=tmp_path, SOURCE="jhu", COUNTRIES_URL="")
    assert ended.returncode == 1
    first, fault = ended.stdout.splitlines()
    assert first == ".: not valid as jhu, 1 fault"
    place, _, problem = fault.partition(": ")
    assert place == "  ./time_series_covid19_deaths_global.csv, line 3, France"
    assert problem == "expected a whole number, got 'x'"
