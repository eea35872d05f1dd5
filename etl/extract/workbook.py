"""Read the first sheet of a workbook in a process of its own, with limits on time and memory.

The library that reads workbooks allocates every cell up to the farthest one and as much as a file
claims to need, and aborts the process if that fails. Only the child process ends then, which runs
sheet.py.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from etl.errors import one_line

READER = Path(__file__).with_name("sheet.py")
LIMIT_S = 60.0

Rows = Sequence[Sequence[object]]


def read_workbook(path: Path) -> Rows:
    """Return the rows of an .xlsx file's first sheet: text, numbers, booleans, "" for no value.

    A date or time is a mapping of its type to its text. Raises ValueError, which says why the file
    can't be read, and OSError if no process can be started.
    """
    # -P: the reader's folder has modules with names of the standard library's
    command = [sys.executable, "-P", str(READER), str(path)]
    try:
        child = subprocess.run(  # noqa: S603  our own program
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired as exc:
        raise ValueError(f"it takes more than {LIMIT_S:g} s to read") from exc
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        why = one_line(child.stderr.strip()[:500].partition(b"\n")[0], 120)
        raise ValueError(f"reading it ended with {_ending(child.returncode)}: {why}") from None
    if "error" in answer:
        raise ValueError(one_line(answer["error"]))
    rows: Rows = answer["rows"]
    return rows


def _ending(status: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"exit status {status}"
