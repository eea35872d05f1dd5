"""Damage documents at random and see whether every reader keeps its promise.

    python -m dev.fuzz.run --seconds 60             all readers; a broken promise names its seed
    python -m dev.fuzz.run --only who --seed 1234   one input again, with the traceback

Prints a row per reader: inputs, how many were read and not refused, broken promises, and the
slowest stretched input, in seconds of CPU time per MB.
"""

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from dev.fuzz.mutate import stretched
from dev.fuzz.targets import TARGETS
from etl import log

STRETCHED_EVERY = 500  # inputs
STRETCHED_BYTES = 1 << 18
SLOWEST_S_PER_MB = 40.0  # a linear reader takes 1 to 5; a quadratic one, hundreds
MOST_SHOWN = 5


@dataclass
class Tally:
    """What came of one reader's inputs; `broken` has a line per broken promise."""

    name: str
    inputs: int
    read: int
    slowest_s_per_mb: float
    broken: list[str]


def document(name: str, seed: int) -> bytes:
    """Return the damaged document with that seed; every STRETCHED_EVERY-th is a long one."""
    target, random = TARGETS[name], Random(seed)  # noqa: S311  no secret
    if seed % STRETCHED_EVERY == 0:
        return target.prepare(stretched(random, target.corpus, STRETCHED_BYTES))
    return target.prepare(target.mutate(random, target.corpus))


def fuzz(name: str, seeds: Iterator[int], seconds: float, folder: Path) -> Tally:
    """Read damaged documents for so many seconds of this process's CPU time and its children's."""
    tally = Tally(name, 0, 0, 0.0, [])
    began_s = cpu_s()
    while cpu_s() - began_s < seconds:
        seed = next(seeds)
        data = document(name, seed)
        start_s = cpu_s()
        try:
            tally.read += TARGETS[name].read(data, folder)
        except BaseException as exc:
            if isinstance(exc, KeyboardInterrupt):
                raise
            tally.broken.append(f"{name}, seed {seed}: {type(exc).__name__}: {exc!s:.200}")
        tally.inputs += 1
        if seed % STRETCHED_EVERY == 0:
            slow = (cpu_s() - start_s) / (STRETCHED_BYTES / 1e6)
            tally.slowest_s_per_mb = max(tally.slowest_s_per_mb, slow)
            if slow > SLOWEST_S_PER_MB:
                tally.broken.append(f"{name}, seed {seed}: {slow:.0f} s of CPU time per MB")
    return tally


def cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def processors() -> int:
    """Return how many processors this process may use; macOS knows no limit."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_a_process(task: tuple[str, int, float]) -> Tally:
    name, first, seconds = task
    log.set_up("CRITICAL")  # readers warn of what they leave out
    with TemporaryDirectory(prefix="fuzz-") as folder:
        return fuzz(name, iter(range(first, sys.maxsize)), seconds, Path(folder))


def _once(name: str, seed: int) -> int:
    with TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            read = TARGETS[name].read(document(name, seed), Path(folder))
        except Exception:
            traceback.print_exc()
            return 1
    print("read" if read else "refused")
    return 0


def main() -> int:
    """Return the exit status: 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of CPU time, in all")
    parser.add_argument("--only", action="append", choices=TARGETS, help="this reader")
    parser.add_argument("--seed", type=int, help="this input only")
    chosen = parser.parse_args()
    names = chosen.only or list(TARGETS)
    if chosen.seed is not None:
        return max(_once(name, chosen.seed) for name in names)
    first = time.time_ns() // 1_000_000 * STRETCHED_EVERY
    tasks = [(name, first, chosen.seconds / len(names)) for name in names]
    print(f"{'reader':20}{'inputs':>12}{'read':>12}{'broken':>8}{'s per MB':>10}")
    tallies = []
    with multiprocessing.get_context("spawn").Pool(processors()) as pool:
        for tally in pool.imap(_in_a_process, tasks):
            tallies.append(tally)
            counts = f"{tally.inputs:12,}{tally.read:12,}{len(tally.broken):8}"
            print(f"{tally.name:20}{counts}{tally.slowest_s_per_mb:10.2f}", flush=True)
    broken = [line for tally in tallies for line in tally.broken]
    print(f"{sum(tally.inputs for tally in tallies):,} inputs, {len(broken)} broken promises")
    for line in broken[:MOST_SHOWN]:
        print(ascii(line), file=sys.stderr)
    return min(len(broken), 1)


if __name__ == "__main__":
    sys.exit(main())
