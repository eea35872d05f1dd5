"""Measure how backfill scales here: one archive, rebuilt by 1 and by 2 worker processes.

    python -m dev.bench.scaling --snapshots 365 \\
        --input dev/bench/data/4MB-countries-2020-09-07.json --facts samples/InfoPaisosExtra.xlsx

Makes an archive of `--snapshots` days from one document, each day a little different, in a local
folder (so that no server shares the cores with the workers), and measures whole processes: wall
time, CPU, and the peak memory of each. Prints the table of docs/scaling.md.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from isal import igzip

from dev.bench.measure import peak_kb

ROOT = Path(__file__).resolve().parents[2]
FIRST = datetime(2020, 9, 8, 6, tzinfo=UTC)
WATCHED_EVERY_S = 0.5


def make_archive(folder: Path, document: Path, snapshots: int) -> int:
    """Make raw/ of so many days, and return the bytes of one document.

    Every country's last total differs from day to day.
    """
    countries = msgspec.json.decode(document.read_bytes())
    size = 0
    for n in range(snapshots):
        for country in countries:
            last = country["dates"][max(country["dates"])]
            last["cumulative"]["cases"] += 1
        body = msgspec.json.encode(countries)
        size = max(size, len(body))
        name = f"{FIRST + timedelta(days=n):%Y-%m-%dT%H%M%SZ}-{n:04x}"
        path = folder / "raw" / name / "stats.json.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(igzip.compress(body, mtime=0))
    return size


def measure(folder: Path, facts: str, workers: int) -> dict[str, float]:
    """Measure one backfill of the whole archive, with no runs made before; memory in MB."""
    for made in (folder / "runs", folder / "raw" / "facts"):
        shutil.rmtree(made, ignore_errors=True)
    (folder / "catalogue.json").unlink(missing_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "OUTPUT_DIR": str(folder),
        "COUNTRIES_URL": facts,
        "SOURCE": "coviddata",
    }
    command = [sys.executable, str(ROOT / "app.py"), "backfill", "--json"]
    peaks: dict[int, float] = {}
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(  # noqa: S603  the project's own
        [*command, "--workers", str(workers)], env=environment, stdout=subprocess.PIPE
    ) as process:
        while process.poll() is None:
            found = {pid: peak_kb(pid) for pid in family(process.pid)}
            peaks |= {pid: peak / 1024 for pid, peak in found.items() if peak}
            try:
                out, _ = process.communicate(timeout=WATCHED_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
    wall_s = time.perf_counter() - began
    using = resource.getrusage(resource.RUSAGE_CHILDREN)
    days = json.loads(out)["days"]
    if any(day["outcome"] != "made" for day in days):
        raise SystemExit(f"not every day was made: {days[0]}")
    client = peaks.pop(process.pid)
    return {
        "wall": wall_s,
        "cpu": using.ru_utime + using.ru_stime - used.ru_utime - used.ru_stime,
        "day": statistics.median(day["seconds"] for day in days),
        "client": client,
        "worker": max(peaks.values()),
    }


def family(pid: int) -> set[int]:
    """Return a process and all its descendants."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def main() -> None:
    assert __doc__ is not None  # noqa: S101  it is there
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--snapshots", type=int, default=365)
    parser.add_argument("--input", type=Path, required=True, help="a document of coviddata's")
    parser.add_argument("--facts", default="", help="country facts to merge")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-scaling-") as folder:
        size = make_archive(Path(folder), given.input, given.snapshots)
        print(f"{given.snapshots} snapshots of {size / 1e6:.1f} MB", file=sys.stderr)
        print(
            "| workers | wall, s | speed-up | CPU of all, s | a day, s | peak of a worker, MB "
            "| of the client, MB |"
        )
        print("|---:|---:|---:|---:|---:|---:|---:|")
        first = None
        for workers in given.workers:
            found = measure(Path(folder), given.facts, workers)
            first = first or found["wall"]
            print(
                f"| {workers} | {found['wall']:.0f} | {first / found['wall']:.2f} "
                f"| {found['cpu']:.0f} | {found['day']:.2f} "
                f"| {found['worker']:.0f} | {found['client']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
