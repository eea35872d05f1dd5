"""A command for each of several SOURCES: a process each, so that one's failure is its own."""

import sys
from collections.abc import Iterable, Sequence
from subprocess import Popen

from etl.worker.children import PROGRAM


def for_each(names: Iterable[str], arguments: Sequence[str]) -> int:
    """Run the command once for each source, one after the other; the worst exit status."""
    worst = 0
    for name in names:
        print(f"{name}:", file=sys.stderr, flush=True)
        command = [sys.executable, str(PROGRAM), "--source", name, *arguments]
        with Popen(command) as child:  # noqa: S603  our own program
            try:
                status = child.wait()
            except BaseException:  # we are stopped: so is it
                child.terminate()
                raise
        worst = max(worst, status if status >= 0 else 128 - status)
    return worst
