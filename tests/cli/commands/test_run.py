"""`run` and `history`: what they print, write and leave alone."""

import json
from pathlib import Path

import pytest

from tests.support.commands import NEXT_DAY, from_json, last_record
from tests.support.processes import command, on_a_terminal, snapshot


def test_run_as_json_prints_its_record_and_nothing_else_on_standard_output(
    published: Path, tmp_path: Path
) -> None:
    ended = command("run", "--json", cwd=tmp_path, SOURCE_URL=NEXT_DAY)
    assert ended.returncode == 0
    record = from_json(ended.stdout)
    assert record["outcome"] == "unchanged"
    assert record == last_record(published)
    assert ended.stderr == ""


def test_run_if_due_does_nothing_where_the_slot_has_its_run(
    published: Path, tmp_path: Path
) -> None:
    before = snapshot(tmp_path)
    as_text = command("run", "--if-due", cwd=tmp_path)
    as_json = command("run", "--if-due", "--json", cwd=tmp_path)
    assert (as_text.returncode, as_text.stderr) == (0, "run.not_due\n")
    assert (as_json.returncode, from_json(as_json.stdout)) == (0, {"outcome": "not_due"})
    assert snapshot(tmp_path) == before


def test_a_dry_run_says_what_it_would_publish_and_writes_nothing_at_all(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    ended = command("run", "--dry-run", "--json", cwd=tmp_path, TMPDIR=str(tmp_path / "scratch"))
    assert ended.returncode == 0
    record = from_json(ended.stdout)
    assert record["outcome"] == "would_publish"
    assert record["rows"] > 10_000
    assert [path.name for path in tmp_path.rglob("*")] == ["scratch"]


def test_a_dry_run_that_would_be_refused_says_so_and_writes_nothing_at_all(
    published: Path, tmp_path: Path
) -> None:
    before = snapshot(tmp_path)
    ended = command("run", "--dry-run", cwd=tmp_path)
    assert ended.returncode == 1
    assert "DataRejected" in ended.stderr
    assert snapshot(tmp_path) == before


def test_a_refused_version_changes_no_published_byte_and_force_publishes_it_and_says_so(
    published: Path, tmp_path: Path
) -> None:
    before = snapshot(published)
    refused = command("run", cwd=tmp_path)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "earlier than the published" in line
    after = snapshot(published)
    written = {name for name in after if before.get(name) != after[name]}
    assert {name.split("/")[0] for name in written} == {"history.json", "status.json", "raw"}
    assert last_record(published)["failure"]["kind"] == "DataRejected"

    forced = command("run", "--force", cwd=tmp_path)
    assert forced.returncode == 0
    assert "run.forced" in forced.stderr
    (reason,) = last_record(published)["forced"]
    assert "earlier than the published" in reason
    manifest = from_json((published / "manifest.json").read_bytes())
    assert manifest["checks"]["forced"] == [reason]
    assert (
        manifest["source"]["last_date"] < from_json(before["manifest.json"])["source"]["last_date"]
    )


def test_the_history_is_a_table_or_json(published: Path, tmp_path: Path) -> None:
    command("run", cwd=tmp_path, SOURCE_URL="[bold]nothing.json")
    table = command("history", cwd=tmp_path)
    assert table.returncode == 0
    for word in ("published", "failed", "11,423", "SourceUnavailable: [bold]nothing.json"):
        assert word in table.stdout
    assert table.stdout.index("published") < table.stdout.index("failed")
    last = command("history", "--json", "--last", "1", cwd=tmp_path)
    assert json.loads(last.stdout) == [last_record(published)]
    assert table.stderr == last.stderr == ""


@pytest.mark.parametrize("options", [(), ("--changes",)])
def test_the_history_fits_80_columns_and_names_runs_as_restore_does(
    published: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert command("run", cwd=tmp_path).returncode == 1
    status, shown = on_a_terminal("history", *options, cwd=tmp_path, COLUMNS="80")
    lines = shown.splitlines()
    assert status == 0
    assert max(map(len, lines)) <= 80
    assert any(last_record(published)["run_id"] in line for line in lines) != bool(options)
    if not options:
        [at] = [line.index("notes") for line in lines if "notes" in line]
        notes = " ".join(line[at:].strip() for line in lines)
        assert "DataRejected: the last date is 2021-02-24, earlier than the published" in notes
        assert "the input is kept in raw/" in notes


def test_an_empty_history_is_said(tmp_path: Path) -> None:
    assert "nothing is published yet" in command("history", "--changes", cwd=tmp_path).stdout
    assert "no runs" in command("history", cwd=tmp_path).stdout
    assert json.loads(command("history", "--json", cwd=tmp_path).stdout) == []
    assert snapshot(tmp_path) == {}
