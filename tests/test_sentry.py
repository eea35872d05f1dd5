"""Errors to Sentry: what goes over the wire, and what must not."""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl import PROJECT, sentry
from tests.support.processes import command
from tests.support.s3_server import Answer, answering

CANARY = "CANARY-s3cret"


class Inbox:
    """Sentry's server, and the events that came."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw = b""
        self.dsn = ""

    def reply(self, answer: Answer) -> None:
        body = answer.rfile.read(int(answer.headers["Content-Length"]))
        del answer.headers["Content-Length"]  # it is read
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.raw += body
        documents = [json.loads(line) for line in body.splitlines()]
        self.events += [document for document in documents if "logentry" in document]
        answer.reply(200, "{}")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    pytest.importorskip("sentry_sdk", reason="SKIPPED: pip install -r requirements-sentry.txt")
    found = Inbox()
    with answering(found.reply) as url:
        found.dsn = url.replace("//", f"//{CANARY}@") + "/1"
        yield found


def test_an_error_goes_there_with_its_fields_and_no_secret(inbox: Inbox, tmp_path: Path) -> None:
    ended = command(
        "run", cwd=tmp_path, SOURCE_URL="http://me:CANARY-1@127.0.0.1:9/x?token=CANARY-2",
        SENTRY_DSN=inbox.dsn, HEROKU_RELEASE_VERSION="v42", MAX_SOURCE_MB="1",
        AWS_SECRET_ACCESS_KEY="CANARY-3", PING_URL="http://127.0.0.1:9/CANARY-4",
    )  # fmt: skip
    assert ended.returncode == 1
    (event,) = inbox.events
    assert event["logentry"]["message"] == "run.failed"
    assert event["release"] == "v42"
    fields = event["extra"]["fields"]
    assert fields["kind"] == "'SourceUnavailable'" or fields["kind"] == "SourceUnavailable"
    for secret in ("CANARY-1", "CANARY-2", "CANARY-3", "CANARY-4"):
        assert secret.encode() not in inbox.raw
        assert secret not in ended.stderr
    assert CANARY not in ended.stderr
    assert str(tmp_path).encode() not in inbox.raw
    assert "argv" not in str(event)


def test_a_crash_goes_there_with_its_traceback_and_without_local_variables(
    inbox: Inbox, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import etl.inputs\n"
        "def broken(*_, **__):\n"
        f"    held = {CANARY + '-held'!r}\n"
        "    raise ZeroDivisionError('never thought of')\n"
        "etl.extract.inputs.fetch_statistics = broken\n"
    )
    path = f"{tmp_path}:{PROJECT}"
    ended = command("run", cwd=tmp_path, SENTRY_DSN=inbox.dsn, PYTHONPATH=path)
    assert "run.crashed" in ended.stderr
    (event,) = inbox.events
    (exception,) = event["exception"]["values"]
    assert (exception["type"], exception["value"]) == ("ZeroDivisionError", "never thought of")
    assert exception["stacktrace"]["frames"][-1]["function"] == "broken"
    assert f"{CANARY}-held".encode() not in inbox.raw


def test_a_run_that_succeeds_sends_nothing(inbox: Inbox, tmp_path: Path) -> None:
    assert command("run", cwd=tmp_path, SENTRY_DSN=inbox.dsn).returncode == 0
    assert inbox.raw == b""


def test_a_server_that_is_gone_costs_no_run(tmp_path: Path) -> None:
    pytest.importorskip("sentry_sdk", reason="SKIPPED: pip install -r requirements-sentry.txt")
    ended = command("run", cwd=tmp_path, SENTRY_DSN=f"http://{CANARY}@127.0.0.1:9/1")
    assert ended.returncode == 0
    assert CANARY not in ended.stderr


def test_an_address_that_is_none_of_sentrys_is_said_and_not_shown(tmp_path: Path) -> None:
    pytest.importorskip("sentry_sdk", reason="SKIPPED: pip install -r requirements-sentry.txt")
    ended = command("history", cwd=tmp_path, SENTRY_DSN=f"https://example.org/{CANARY}")
    assert ended.returncode == 0
    assert "sentry.not_set_up" in ended.stderr
    assert CANARY not in ended.stderr + ended.stdout


def test_without_the_package_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    sentry.set_up("https://key@example.org/1", "")
    (record,) = caplog.records
    assert record.getMessage() == "sentry.not_set_up"
    assert "pip install -r requirements-sentry.txt" in str(vars(record)["fields"])


def test_without_an_address_nothing_is_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    sentry.set_up("", "")
