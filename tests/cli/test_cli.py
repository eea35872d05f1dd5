"""The commands as a person and a program meet them: what they say, and how they end."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

import click
import pytest
from click.testing import CliRunner

from config import REGISTER, read_settings
from etl import log, pipeline
from etl.cli import main
from etl.cli.screen import Terminal
from etl.extract.sources import SAMPLES
from tests.support.processes import APP, command, environment, on_a_terminal, snapshot
from tests.support.runs import growing
from tests.support.s3_server import Answer, answering, s3_error

NEXT_DAY = str(SAMPLES / "stats-next-day.json.gz")  # today's samples are one day older: refused
CANARIES = {
    "AWS_ACCESS_KEY_ID": "CANARY1KEYID",
    "AWS_SECRET_ACCESS_KEY": "CANARY2SECRET",
    "AWS_SESSION_TOKEN": "CANARY3SESSION",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tomorrow's statistics published in it."""
    folder = tmp_path_factory.mktemp("made")
    assert command("run", cwd=folder, SOURCE_URL=NEXT_DAY).returncode == 0
    return folder / "out"


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


Fails = Callable[..., str]


@pytest.fixture
def run_fails(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    as_before: None,
    tmp_path: Path,
) -> Fails:
    """Run without a process of its own, which must fail; all that was told and written."""

    def run(**settings: str) -> str:
        monkeypatch.chdir(tmp_path)
        for setting in REGISTER:
            monkeypatch.delenv(setting.variable, raising=False)
        for name, value in environment(**settings).items():
            monkeypatch.setenv(name, value)
        assert main.main(["run"]) == 1
        told = "".join(capsys.readouterr())
        assert last_record(tmp_path / "out")["outcome"] == "failed"
        return told + b"".join(snapshot(tmp_path).values()).decode(errors="replace")

    return run


def from_json(text: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def last_record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = from_json((folder / "history.json").read_bytes())["records"][-1]
    return found


# ---- help


def test_the_help_lists_the_commands_and_says_what_happens_without_one() -> None:
    said = CliRunner().invoke(main.cli, ["--help"])
    assert said.exit_code == 0
    for word in ("is the worker", ".env.example", "The files:", "The versions:"):
        assert word in said.output
    for name, found in main.cli.commands.items():
        assert (f"\n  {name} " in said.output) != found.hidden, name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run", ["--if-due", "--force", "--dry-run", "--json", "python app.py run --dry-run"]),
        ("demo", ["made-up", "no account", "OUTPUT_DIR"]),
        ("history", ["--last", "--json", "newest last"]),
    ],
)
def test_the_help_of_a_command_teaches_its_options(name: str, words: list[str]) -> None:
    said = CliRunner().invoke(main.cli, [name, "-h"])
    assert said.exit_code == 0
    assert [word for word in words if word not in said.output] == []


def test_every_command_and_option_is_explained() -> None:
    for name, found in main.cli.commands.items():
        assert found.help, name
        for option in found.params:
            if isinstance(option, click.Option):
                assert found.hidden or option.help, f"{name} {option.name}"


# ---- exit statuses


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["nonsense"], ["run", "--nonsense"], ["run", "more"], ["history", "--last=0"]],
)
def test_wrong_usage_ends_with_status_2_and_names_what_is_wrong(
    arguments: list[str], capsys: pytest.CaptureFixture[str], as_before: None
) -> None:
    assert main.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error:" in err
    assert re.search(r"nonsense|more|--last", err.splitlines()[-1])
    assert "Traceback" not in err


def test_wrong_settings_end_with_status_2_and_are_all_named_a_line_each(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, RUN_AT="25:00", KEEP="some", STALE_AFTER_DAYS="-1")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 3
    assert all(line.startswith("settings.wrong level=error") for line in ended.stderr.splitlines())
    assert snapshot(tmp_path) == {}


def test_an_error_is_one_clear_line_with_status_1_and_is_recorded(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, SOURCE_URL="nothing.json")
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("run.failed level=error kind=SourceUnavailable error=")
    assert "nothing.json" in line
    assert last_record(tmp_path / "out")["failure"]["kind"] == "SourceUnavailable"


def test_a_defect_of_ours_is_one_line_with_a_folded_traceback_and_status_1(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    as_before: None,
    tmp_path: Path,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "run", broken)
    assert main.main(["run"]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith('run.crashed level=error kind=ZeroDivisionError error="two\\nlines"')
    assert 'traceback="Traceback (most recent call last):\\n' in line


def test_what_was_never_thought_of_is_recorded_all_the_same(
    monkeypatch: pytest.MonkeyPatch, run_fails: Fails, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("never thought of")

    monkeypatch.setattr("etl.extract.inputs.fetch_statistics", broken)
    assert "run.crashed" in run_fails()
    assert last_record(tmp_path / "out")["failure"] == {
        "kind": "ZeroDivisionError",
        "message": "never thought of",
    }


def test_it_ends_quietly_where_nobody_reads_on(published: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(APP), "history", "--json"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_says_so_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    asked, over = Event(), Event()

    def reply(answer: Answer) -> None:
        asked.set()
        over.wait(30)

    (tmp_path / "scratch").mkdir()
    with (
        answering(reply) as address,
        subprocess.Popen(
            [sys.executable, str(APP), "run"],
            cwd=tmp_path,
            env=environment(SOURCE_URL=address, TMPDIR=str(tmp_path / "scratch")),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process,
    ):
        assert asked.wait(30)
        while process.poll() is None:  # as the platform and the worker may both do
            process.send_signal(number)
        _, err = process.communicate(timeout=30)
        over.set()
    assert process.returncode == 128 + number
    assert err == f"run.stopped level=warning signal={number.name}\n"
    assert snapshot(tmp_path) == {}


# ---- run


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


# ---- history


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


def test_an_empty_history_is_said(tmp_path: Path) -> None:
    assert "no runs" in command("history", cwd=tmp_path).stdout
    assert json.loads(command("history", "--json", cwd=tmp_path).stdout) == []
    assert snapshot(tmp_path) == {}


# ---- on a terminal


def test_on_a_terminal_a_run_shows_its_steps_and_a_table(tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path)
    assert status == 0
    assert re.search(r"(extract|transform|load) \.\.\.", shown)
    assert "published: a new version" in shown
    assert "every figure is invented" in shown
    assert "warning the source is stale" in shown
    assert re.search(r"^rows +11393", shown, re.MULTILINE)
    assert re.search(r"^where out", shown, re.MULTILINE)
    assert "run.published" not in shown


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
        screen.status.update(spinner="line")  # which draws it
        assert "extract" in terminal.getvalue()
        log.warning("facts.unavailable", error="gone")
        log.info("facts.not_for_a_terminal")
    log.error("run.failed", error="gone")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert re.search(r"[\r\n]facts\.unavailable level=warning error=gone\n", shown)
    assert re.search(r"[\r\n]run\.failed level=error error=gone\n$", shown)
    assert "not_for" not in shown


def test_on_a_terminal_an_error_is_still_one_line(published: Path, tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", cwd=tmp_path, SOURCE_URL="nothing.json")
    assert status == 1
    assert re.search(r"(^|\r)run\.failed level=error kind=SourceUnavailable", shown, re.MULTILINE)
    assert "Traceback" not in shown


def test_on_a_terminal_json_stays_json(published: Path, tmp_path: Path) -> None:
    status, shown = on_a_terminal("run", "--json", cwd=tmp_path, SOURCE_URL=NEXT_DAY)
    assert status == 0
    assert from_json(shown)["outcome"] == "unchanged"


# ---- secrets


def with_secrets(address: str) -> str:
    host = address.removeprefix("http://")
    return f"http://CANARY4USER:CANARY5PASSWORD@{host}/stats.json.gz?token=CANARY6TOKEN#CANARY7"


def assert_no_canary(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert "CANARY" not in ended.stdout
    assert "CANARY" not in ended.stderr
    for name, content in snapshot(folder).items():
        assert b"CANARY" not in content, name
        assert "CANARY" not in name


def sample(answer: Answer) -> None:
    """The samples, from whatever address."""
    content = (SAMPLES / "stats.json.gz").read_bytes()
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(content)))
    answer.end_headers()
    answer.wfile.write(content)


def test_no_secret_of_a_url_or_of_aws_is_told_by_a_run_that_succeeds(tmp_path: Path) -> None:
    with answering(sample) as address:
        ended = command(
            "run", "--json", cwd=tmp_path,
            SOURCE_URL=with_secrets(address), COUNTRIES_URL="", LOG_LEVEL="DEBUG", **CANARIES,
        )  # fmt: skip
    assert ended.returncode == 0
    assert_no_canary(ended, tmp_path)
    manifest = from_json((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["inputs"][0]["url"] == f"{address}/stats.json.gz"
    assert_no_canary(command("history", cwd=tmp_path, **CANARIES), tmp_path)


@pytest.mark.parametrize(
    "refuse",
    [
        lambda answer: answer.reply(404),
        lambda answer: answer.reply(401),
        lambda answer: answer.reply(503, Retry_After="3600"),
        lambda answer: answer.reply(200, "<html>"),
        lambda answer: answer.reply(200, "[1"),
        lambda answer: answer.reply(302, Location="http://CANARY8:CANARY9@127.0.0.1:99999/"),
        lambda answer: answer.reply(302, Location=answer.path),
    ],
    ids=["404", "401", "503", "HTML", "cut", "astray", "in circles"],
)
def test_no_secret_of_a_url_is_told_by_a_run_that_fails(
    refuse: Callable[[Answer], None], run_fails: Fails
) -> None:
    with answering(refuse) as address:
        told = run_fails(LOG_LEVEL="DEBUG", SOURCE_URL=with_secrets(address), **CANARIES)
    assert "run.failed" in told
    assert "CANARY" not in told


@pytest.mark.parametrize(
    "broken",
    [
        "http://user:CANARY@/x",
        "http://user:CANARY@127.0.0.1:99999/x",
        "http://user:CANARY@127.0.0.1:port/x?CANARY",
        "http://user:CANARY@[::bad/x",
        "http://user:CANARY@*.example/x",
        "ftp://user:CANARY@127.0.0.1/x",
    ],
)
def test_no_secret_of_a_url_that_cannot_be_used_is_told(broken: str, run_fails: Fails) -> None:
    assert "CANARY" not in run_fails(LOG_LEVEL="DEBUG", SOURCE_URL=broken, COUNTRIES_URL=broken)


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch"])
def test_no_secret_of_aws_is_told_where_the_bucket_refuses(code: str, tmp_path: Path) -> None:
    echo = (
        "<AWSAccessKeyId>CANARY1KEYID</AWSAccessKeyId><StringToSign>CANARY3SESSION</StringToSign>"
    )
    with answering(s3_error(403, code, echo)) as address:
        ended = command(
            "run", cwd=tmp_path,
            S3_BUCKET="bucket", LOG_LEVEL="DEBUG", AWS_DEFAULT_REGION="us-east-1",
            AWS_ENDPOINT_URL_S3=address.replace("//", "//CANARY4USER:CANARY5PASSWORD@"),
            **CANARIES,
        )  # fmt: skip
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "run.failed" in line
    assert "kind=StoreError" in line
    assert_no_canary(ended, tmp_path)


def test_a_log_line_lists_some_unmatched_names_and_counts_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(3, tuple(f"nowhere-{n}" for n in range(30))))
    ran = command(
        "run", cwd=tmp_path, SOURCE="coviddata", SOURCE_URL="stats.json", COUNTRIES_URL=""
    )
    assert ', Nowhere 26 and 10 more"' in ran.stderr
