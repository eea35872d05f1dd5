"""Every command on a folder whose files somebody edited: one clear line, or the work is done."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest

from etl.errors import upsetting
from etl.store import json_state
from tests.support.desk import Desk, Said
from tests.support.runs import NOW, growing

FULL = os.environ.get("FAULTS") == "full"

COMMANDS = (
    *(("status",), ("history",), ("history", "--changes"), ("doctor",), ("doctor", "--heal")),
    *(
        ("report", "2021-01"),
        ("run",),
        ("run", "--if-due"),
        ("run", "--dry-run"),
        ("monthly-tasks",),
    ),
    ("record-failure", "--slot=2021-01-25", "--started=2021-01-25T06:00:00Z", "--error=lost"),
    *(("tell-pending",), ("ls",), ("head", "latest.csv"), ("get", "latest.csv", "-"), ("open",)),
    *(("put", "mine.txt"), ("rm", "mine.txt", "--yes"), ("share", "latest.csv")),
    *(("diff", "previous"), ("vintage", "spain", "2021-01-03"), ("restore", "previous")),
    *(("prune", "--yes"), ("backfill",), ("vintages",)),
    ("rebuild", "{snapshot}"),
)

Damage = Callable[[Any], Any]


def everywhere(content: Any, names: tuple[str, ...], value: object) -> Any:
    """Return the content with the value under each of these names, however deep."""
    if isinstance(content, dict):
        return {
            name: value if name in names else everywhere(one, names, value)
            for name, one in content.items()
        }
    if isinstance(content, list):
        return [everywhere(one, names, value) for one in content]
    return content


KEYS = ("key", "run_id", "published_run", "snapshot", "name")
TIMES = ("started_at", "made_at", "imported_at")
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda body: body[: len(body) // 2],
    "empty": lambda body: b"",
    "no text": lambda body: b"\xff\xfe" + body,
    "nested": lambda body: b"[" * 100_000,
    "a list": lambda body: b"[]",
    "wrong types": lambda body: edited(body, (*KEYS, *TIMES), 7),
    "out of the folder": lambda body: edited(body, KEYS, "../../../escaped"),
    "absolute": lambda body: edited(body, KEYS, "/escaped"),
    "control characters": lambda body: edited(body, KEYS, "runs/\x1b[31m\n/x"),
    "a long key": lambda body: edited(body, KEYS, "x" * 300_000),
    "no zone": lambda body: edited(body, TIMES, "2021-01-24T06:00:00"),
    "year 1": lambda body: edited(body, (*TIMES, "slot"), "0001-01-01T00:00:00Z"),
    "too large": lambda body: body + b" " * 200_000,
}


def edited(body: bytes, names: tuple[str, ...], value: object) -> bytes:
    return json.dumps(everywhere(json.loads(body), names, value)).encode()


@pytest.fixture
def desk(bench: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return the desk of a folder with two runs and an import; `sound` is a copy of it."""
    monkeypatch.setattr(json_state, "MOST_BYTES", 200_000)
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    monkeypatch.setenv("RUN_AT", "00:00")
    monkeypatch.setenv("OUTPUTS", "countries,world")
    bench.publish_daily(NOW - timedelta(days=1), 2)
    monkeypatch.setenv("SOURCE_URL", "stats.json")
    Path("mine.txt").write_text("mine")
    Path("versions").mkdir()
    Path("versions/2021-01-20.json").write_bytes(growing(15))
    assert bench("import-archive", "versions").status == 0
    shutil.copytree("out", "sound")
    return bench


EDITED = {
    **{name: name for name in ("manifest.json", "history.json", "catalogue.json")},
    "every run's manifest": "runs/*/manifest.json",
}


def cases() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield each command with each edited file: every damage of it, or the next one in turn.

    FAULTS=full makes all of them; otherwise every third of the pairs is made.
    """
    pairs = list(product(COMMANDS, EDITED))
    if FULL:
        yield from ((*pair, name) for pair in pairs for name in DAMAGES)
    else:
        yield from ((*pair, name) for pair, name in zip(pairs[::3], cycle(DAMAGES), strict=False))


def test_every_command_says_in_one_line_that_a_file_was_edited(desk: Desk) -> None:
    (snapshot_id,) = (path.name for path in Path("sound/raw").glob("2021-01-20*"))
    refused = total = 0
    for command, which, name in cases():
        shutil.rmtree("out")
        shutil.copytree("sound", "out")
        for path in Path("out").glob(EDITED[which]):
            path.write_bytes(DAMAGES[name](path.read_bytes()))
        said = desk(*(word.format(snapshot=snapshot_id) for word in command))
        check(said, f"{' '.join(command)}, {which}, {name}: {said}"[:3000])
        total, refused = total + 1, refused + said.status
    assert refused > total / 4
    assert not Path("escaped").exists()
    assert not Path("/escaped").exists()


def check(said: Said, case: str) -> None:
    """Assert that no line is long, upsetting or of a defect, and that an error is said once."""
    assert said.status in (0, 1), case
    assert not re.search(r"Traceback|crashed|Error: [A-Z]\w+Error", said.err), case
    lines = said.err.splitlines()
    assert all(len(line) < 1000 and not upsetting(line) for line in lines), case
    errors = [line for line in lines if line.startswith(("Error: ", "run.failed"))]
    assert len(errors) <= 1, case
    on_stdout = case.startswith(("doctor", "backfill", "status", "monthly-tasks"))
    assert not said.status or errors or on_stdout, case
