"""A run as it is shown on a terminal, and as a line in the log."""

import re
from io import StringIO
from pathlib import Path

import pytest

from config import read_settings
from etl import log
from etl.cli.terminal import Terminal
from tests.support.commands import NEXT_DAY, from_json
from tests.support.processes import command, on_a_terminal
from tests.support.runs import growing


def test_on_a_terminal_a_run_shows_its_steps_and_one_sentence(tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path)
    assert status == 0
    assert re.search(r"load [━╸╺]+ *[0-9]+ of [0-9]+", shown)
    assert "every figure is invented" in shown
    assert "warning the source is stale" in shown
    said = " ".join(shown.split())
    assert re.search(
        r"published 11,393 rows, 35 countries, data to [-0-9]{10}, [0-9.]+ MB in [0-9.]+ s; "
        "open out/index.html",
        said,
    )
    assert "run.published" not in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "unchanged 11,423 rows, 35 countries, data to 2021-02-25: nothing new in"),
        (("--if-due",), "not due: today's slot already has its run"),
        (("--dry-run", "--force"), "dry run: would publish 11,423 rows (+0), 35 countries"),
    ],
)
def test_on_a_terminal_each_outcome_has_its_sentence(
    published: Path, tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    status, shown = on_a_terminal("run", *arguments, cwd=tmp_path, SOURCE_URL=NEXT_DAY)
    assert status == 0
    assert expected in " ".join(shown.split())


class Tty(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_log_line_stands_on_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, as_before: None
) -> None:
    terminal = Tty()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Terminal(read_settings({})) as screen:
        screen.step("extract")
        log.warning("facts.unavailable", error="gone")
        log.info("facts.not_for_a_terminal")
    log.error("run.failed", error="gone")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert re.search(r"[\r\n]facts\.unavailable level=warning error=gone\n", shown)
    assert re.search(r"[\r\n]run\.failed level=error error=gone\n$", shown)
    assert "not_for" not in shown


@pytest.mark.parametrize(
    ("size", "shown"), [(29_000_000, "12.0 MB of 29.0 MB"), (None, "12.0 MB")], ids=str
)
def test_on_a_terminal_a_download_has_a_bar(
    monkeypatch: pytest.MonkeyPatch, as_before: None, size: int | None, shown: str
) -> None:
    terminal = Tty()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with Terminal(read_settings({})) as screen:
        screen.step("extract")
        screen.received(12_000_000, size)
    last = re.split(r"\r|\n", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()))
    assert any(re.search(rf"extract [━╸╺]+ *{shown} *$", line) for line in last)


def test_on_a_terminal_an_error_is_still_one_line(published: Path, tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path, SOURCE_URL="nothing.json")
    assert status == 1
    assert re.search(r"(^|\r)failed nothing\.json: No such file or directory\r\n", shown)
    assert "python app.py doctor tests the source" in shown
    assert "the previous version, run " in shown
    assert "run.failed" not in shown
    assert "Traceback" not in shown


def test_on_a_terminal_wrong_settings_are_errors_like_any_other(tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path, RUN_AT="25:00", KEEP="some")
    assert status == 2
    assert [line.partition(": ")[0] for line in shown.splitlines()] == ["Error", "Error"]


def test_on_a_terminal_a_refusal_names_the_kept_input_and_the_way_out(
    published: Path, tmp_path: Path
) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path)  # the samples end a day earlier
    said = " ".join(shown.split())
    assert status == 1
    assert "failed the last date is 2021-02-24, earlier than the published 2021-02-25" in said
    [kept] = re.findall(r"the input is kept: out/(raw/\S+/stats\.json\.gz)", said)
    assert (published / kept).exists()
    assert "publish it: python app.py run --force" in said


def test_on_a_terminal_another_document_says_where_the_form_is_described(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>Sorry")
    status, shown = on_a_terminal("run", cwd=tmp_path, SOURCE_URL="page.html")
    assert status == 1
    assert "failed page.html is an HTML page, not a JSON array" in shown
    assert "the input is kept: out/raw/" in shown
    assert "a new form needs code: docs/adding-a-source.md" in shown


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--if-due",)])
def test_a_failed_run_prints_its_record_as_json(
    published: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    # the slot has its run of `sample` already
    wanted = {"SOURCE": "coviddata", "SOURCE_URL": "nothing.json", "COUNTRIES_URL": ""}
    ended = command("run", "--json", *options, cwd=tmp_path, **wanted)
    record = from_json(ended.stdout)
    assert ended.returncode == 1
    assert record["outcome"] == "failed"
    assert record["failure"]["kind"] == "SourceUnavailable"
    assert ended.stderr.startswith("run.failed level=error kind=SourceUnavailable error=")


def test_a_run_that_can_not_read_its_folder_prints_json_too(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text("{")
    ended = command("run", "--json", cwd=tmp_path)
    assert ended.returncode == 1
    assert from_json(ended.stdout)["failure"]["kind"] == "StoreError"


def test_on_a_terminal_json_stays_json(published: Path, tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", "--json", cwd=tmp_path, SOURCE_URL=NEXT_DAY)
    assert status == 0
    assert from_json(shown)["outcome"] == "unchanged"


def test_a_log_line_lists_some_unmatched_names_and_counts_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(3, tuple(f"nowhere-{n}" for n in range(30))))
    ran = command(
        "run", cwd=tmp_path, SOURCE="coviddata", SOURCE_URL="stats.json", COUNTRIES_URL=""
    )
    assert ', Nowhere 26 and 10 more"' in ran.stderr
