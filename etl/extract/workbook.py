"""Read the first sheet of a workbook in a process of its own, with limits on time and memory.

The library that reads workbooks allocates every cell up to the farthest one and as much as a file
claims to need, and aborts the process if that fails. Only the child process ends then. It runs this
module: `python -m etl.extract.workbook PATH` prints {"rows": [...]} or {"error": "..."} as JSON.
"""

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from etl import PROJECT
from etl.errors import one_line

MAX_UNPACKED_BYTES = 1 << 26
MAX_CELLS = 1_000_000
MAX_MEMORY_BYTES = 1 << 28
CPU_LIMIT_S = 20
LIMIT_S = 60.0
# A cell beyond ZZ9999 with a value; a self-closing cell has only a style.
FAR_CELL = re.compile(rb"""<c\s[^<>]*?\br="([A-Z]{3,}[0-9]*|[A-Z]*[0-9]{5,})"[^<>]*(?<!/)>""")

Rows = Sequence[Sequence[object]]


def read_workbook(path: Path) -> Rows:
    """Return the rows of an .xlsx file's first sheet: text, numbers, booleans, "" for no value.

    A date or time is a mapping of its type to its text. Raises ValueError, which says why the file
    can't be read, and OSError if no process can be started.
    """
    command = [sys.executable, "-m", __name__, str(path.resolve())]
    try:
        child = subprocess.run(  # noqa: S603  our own program
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired as exc:
        raise ValueError(f"it takes more than {LIMIT_S:g} s to read") from exc
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        why = one_line(child.stderr.strip().partition(b"\n")[0], 120)
        raise ValueError(f"reading it ended with {_ending(child.returncode)}: {why}") from None
    if "error" in answer:
        raise ValueError(answer["error"])
    rows: Rows = answer["rows"]
    return rows


def sheet_rows(path: Path) -> Rows:
    """Read the first sheet in this process. Raises whatever zipfile and calamine raise."""
    import python_calamine

    _refuse_oversize(path)
    sheet = python_calamine.load_workbook(path).get_sheet_by_index(0)
    height, width = (last + 1 for last in sheet.end or (-1, -1))
    if height * width > MAX_CELLS:
        raise ValueError(f"a sheet of {height:,} rows and {width:,} columns")
    return sheet.to_python()


def _refuse_oversize(path: Path) -> None:
    """Raise ValueError if the parts unpack to too much, or a cell is too far out."""
    left = MAX_UNPACKED_BYTES
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not sheets:
            raise ValueError("no worksheet in it")
        for part in archive.infolist():
            part.file_size = MAX_UNPACKED_BYTES + 1  # what the archive says may be a lie
            with archive.open(part) as file:
                unpacked = file.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise ValueError(f"more than {MAX_UNPACKED_BYTES:,} bytes once unpacked")
            if part.filename in sheets and (far := FAR_CELL.search(unpacked)):
                raise ValueError(f"a cell as far out as {far[1].decode()}")


def _ending(status: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"exit status {status}"


def _limit_process() -> None:
    try:
        import resource
    except ImportError:  # Windows has no limits of this kind
        return
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, CPU_LIMIT_S),
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
    ):
        with suppress(ValueError, OSError):  # a limit that the system lacks, or a lower one is set
            resource.setrlimit(what, (most, most))


def _main(path: Path) -> None:
    _limit_process()
    try:
        answer: dict[str, object] = {"rows": sheet_rows(path)}
    except MemoryError:
        answer = {"error": f"it takes more than {MAX_MEMORY_BYTES:,} bytes of memory to read"}
    except Exception as exc:  # a broken archive fails in a dozen ways
        answer = {"error": one_line(str(exc), 200) or type(exc).__name__}
    except BaseException as exc:  # such as pyo3's PanicException
        answer = {"error": f"the library that reads it failed: {one_line(str(exc), 200)}"}
    json.dump(answer, sys.stdout, default=lambda value: {type(value).__name__: str(value)})


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
