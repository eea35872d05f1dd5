"""Measure a command as a whole process: wall seconds, CPU seconds, peak memory; medians.

    python dev/bench/measure.py --rounds 5 --fresh out-bench -- python app.py run

`--fresh` names a folder that is deleted before each round.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What one process needed from start to end, its children included."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: Sequence[str]) -> Measured:
    """Run a command and measure it. Raises CalledProcessError if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  the caller's own
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Measured(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def peak_kb(pid: int) -> int | None:
    """Return a process' peak resident memory so far in kB (Linux's /proc); None if it ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) if found else None


def median(rounds: Sequence[Measured]) -> Measured:
    return Measured(
        statistics.median(r.wall_s for r in rounds),
        statistics.median(r.cpu_s for r in rounds),
        statistics.median(r.peak_mb for r in rounds),
    )


def main() -> None:
    assert __doc__ is not None  # noqa: S101  it is there
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fresh", type=Path, help="a folder to delete before each round")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        parser.error("name a command after --")
    rounds = []
    for _ in range(given.rounds):
        if given.fresh:
            shutil.rmtree(given.fresh, ignore_errors=True)
        rounds.append(measure(command))
        print(rounds[-1], file=sys.stderr)
    found = median(rounds)
    print(
        f"median of {len(rounds)}: wall {found.wall_s:.2f} s, CPU {found.cpu_s:.2f} s, "
        f"peak {found.peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
