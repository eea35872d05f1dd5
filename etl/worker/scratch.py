"""Temporary folders, whose names say which process they belong to."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir

_OURS = re.compile(r"cloud-etl-(\d+)-\w+")


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a temporary folder, and remove it afterwards. Raises OSError."""
    prefix = f"cloud-etl-{os.getpid()}-"
    with TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def clear_abandoned() -> list[str]:
    """Remove the temporary folders of processes that are gone; return their names.

    For the start of the worker, which has none of its own yet. So a folder with its own process
    number was left by a process of an earlier container.
    """
    removed = []
    with suppress(OSError):
        for path in Path(gettempdir()).glob("cloud-etl-*"):
            found = _OURS.fullmatch(path.name)
            if found and not _is_alive(int(found[1])):
                rmtree(path, ignore_errors=True)
                removed.append(path.name)
    return removed


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's, or no process number
        return True
    return True
