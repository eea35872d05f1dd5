"""Run the program as users do: as a separate process, in an empty folder."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from etl import PROJECT

APP = PROJECT / "app.py"


def environment(**settings: str) -> dict[str, str]:
    """Return an environment without this machine's settings and credentials, with made-up data.

    Warnings are errors. The slot began six hours ago, so that no new one begins during a test.
    """
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "error",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SOURCE": "sample",
        "OUTPUT_DIR": "out",
        "RUN_AT": f"{datetime.now(UTC) - timedelta(hours=6):%H:%M}",
        **settings,
    }


def modules_after(program: str) -> set[str]:
    """Return the names of the modules that Python holds once it has run `program`, and no more."""
    start = "import sys; sys.path.insert(0, sys.argv[1]);"
    child = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"{start}{program};print(*sys.modules, file=sys.stderr)",
            PROJECT,
        ],
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(child.stderr.split())


def command(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `python app.py ARGUMENTS` to its end."""
    return subprocess.run(
        [sys.executable, str(APP), *arguments],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def on_a_terminal(*arguments: str, cwd: Path, **settings: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; return its exit status and what it shows, uncoloured."""
    status, text = in_colour(*arguments, cwd=cwd, **settings)
    return status, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def in_colour(*arguments: str, cwd: Path, **settings: str) -> tuple[int, str]:
    """Like `on_a_terminal`, with the terminal's control sequences."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # Linux raises it at the end of the file
            while piece := os.read(ours, 4096):
                shown.append(piece)

    reader = Thread(target=read)
    reader.start()
    try:
        status = subprocess.run(
            [sys.executable, str(APP), *arguments],
            cwd=cwd,
            env=environment(**{"TERM": "xterm", "COLUMNS": "120", **settings}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            timeout=60,
            check=False,
        ).returncode
    finally:
        os.close(theirs)
        reader.join(30)
        os.close(ours)
    return status, b"".join(shown).decode()


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too, and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
