"""The process that reads a workbook: `python sheet.py PATH` prints {"rows": ...} or {"error": ...}.

It is run as a file (see workbook), and imports nothing of this project, so that it starts sooner.
"""

import json
import os
import re
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress

MAX_UNPACKED_BYTES = 1 << 26
MAX_CELLS = 1_000_000
MAX_ANSWER_BYTES = 24 << 20  # a text that many cells share is in the file only once
MAX_MEMORY_BYTES = 1 << 28
CPU_LIMIT_S = 20
LONGEST_ERROR = 240
# A cell beyond ZZ9999 with a value; a self-closing cell has only a style.
FAR_CELL = re.compile(rb"""<c\s[^<>]*?\br="([A-Z]{3,}[0-9]*|[A-Z]*[0-9]{5,})"[^<>]*(?<!/)>""")
ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    separators=(",", ":"),
    default=lambda value: {type(value).__name__: str(value)},
)


def encoded_rows(path: str) -> bytes:
    """Return the first sheet's rows as JSON, UTF-8. Raises ValueError also if that is too long."""
    rows, left = [], MAX_ANSWER_BYTES
    for row in sheet_rows(path):
        encoded = ENCODER.encode(row).encode()
        left -= len(encoded)
        if left < 0:
            raise ValueError(f"cells that take more than {MAX_ANSWER_BYTES:,} bytes as text")
        rows.append(encoded)
    return b"[%b]" % b",".join(rows)


def sheet_rows(path: str) -> Sequence[Sequence[object]]:
    """Read the first sheet in this process. Raises whatever zipfile and calamine raise."""
    import python_calamine

    _refuse_oversize(path)
    sheet = python_calamine.load_workbook(path).get_sheet_by_index(0)
    height, width = (last + 1 for last in sheet.end or (-1, -1))
    if height * width > MAX_CELLS:
        raise ValueError(f"a sheet of {height:,} rows and {width:,} columns")
    return sheet.to_python()


def _refuse_oversize(path: str) -> None:
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
                raise ValueError(f"a cell as far out as {far[1][:20].decode()}")


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


def _main(path: str) -> None:
    _limit_process()
    error = ""
    try:
        answer = b'{"rows":%b}' % encoded_rows(path)
    except MemoryError:
        error = f"it takes more than {MAX_MEMORY_BYTES:,} bytes of memory to read"
    except Exception as exc:  # a broken archive fails in a dozen ways
        error = str(exc).strip() or type(exc).__name__
    except BaseException as exc:  # such as pyo3's PanicException
        error = f"the library that reads it failed: {exc}"
    if error:  # some quote the file at any length
        answer = json.dumps({"error": error[:LONGEST_ERROR]}).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    os._exit(0)  # to free everything first would take a tenth of the time


if __name__ == "__main__":
    _main(sys.argv[1])
