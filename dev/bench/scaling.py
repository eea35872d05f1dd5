"""Measure `backfill` of a whole archive: here, on local workers, and on a scheduler.

    python -m dev.bench.scaling --snapshots 237 --input 4MB-countries-2020-09-07.json \\
        --facts samples/InfoPaisosExtra.xlsx --ways here 1 2 scheduler --bucket bench

Makes an archive of `--snapshots` days from one document, each day a little different, and rebuilds
all of it in each of the ways: `here`, without Dask; a number of local workers; a `scheduler` with
two workers, each a process of its own. The archive is in a local folder, or in an S3 bucket, which
is then emptied. For a bucket, AWS's variables name the server. Prints tables of whole processes:
CPU, the peak memory of each, the requests of all; and wall time, which says little if the server or
other programs use the same cores.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from isal import igzip

from dev.bench.measure import peak_kb
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store

ROOT = Path(__file__).resolve().parents[2]
FIRST = datetime(2020, 9, 8, 6, tzinfo=UTC)
WATCHED_EVERY_S = 0.5
ROLES = ("worker", "client", "scheduler")
COLUMNS = "| workers | CPU of all, s | a snapshot, s | peak of a worker, MB | of the client, MB "
COLUMNS += "| of the scheduler, MB | requests | wall, s |"


@dataclass(frozen=True)
class Archive:
    """An archive to rebuild, with the environment that names it."""

    store: Store
    environ: Mapping[str, str]


def make_archive(store: Store, document: Path, snapshots: int) -> int:
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
        store.write(Upload(f"raw/{name}/stats.json.gz", igzip.compress(body, mtime=0)))
    return size


def measure(archive: Archive, way: str, folder: Path) -> str:
    """Measure one backfill of the whole archive, with no runs made before; return a table's row."""
    store = archive.store
    gone = [entry.key for entry in store.list() if not entry.key.startswith("raw/20")]
    store.delete_all(gone)
    counted = folder / "requests"
    counted.unlink(missing_ok=True)
    environment = {
        **archive.environ,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'dev/bench/counting'}:{ROOT}",
        "BENCH_REQUESTS": str(counted),
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }
    with cluster(way, environment, folder) as (options, others):
        began, used = time.perf_counter(), cpu_s(others)
        out, peaks, own_s = watch(options, environment, others)
        wall_s, other_s = time.perf_counter() - began, cpu_s(others) - used
    days = json.loads(out)["days"]
    if failed := [day for day in days if day["outcome"] != "made"]:
        raise SystemExit(f"{len(failed)} were not made: {failed[0]}")
    cpu = own_s + other_s
    requests = Counter(counted.read_text().split()) if counted.exists() else Counter[str]()
    said = ", ".join(f"{n:,} {method}" for method, n in requests.most_common())
    memory = (f"{peaks[role]:.0f}" if role in peaks else "" for role in ROLES)
    day_s = statistics.median(day["seconds"] for day in days)
    print(f"{way}: the median run folder was made in {day_s:.2f} s", file=sys.stderr)
    row = f"| {way} | {cpu:.0f} | {cpu / len(days):.2f} | {' | '.join(memory)}"
    return f"{row} | {said} | {wall_s:.0f} |"


@contextmanager
def cluster(
    way: str, environ: Mapping[str, str], folder: Path
) -> Iterator[tuple[list[str], dict[str, int]]]:
    """Yield the options of backfill, and the pids of what runs beside it, by their role."""
    if way == "here":
        yield [], {}
    elif way != "scheduler":
        yield ["--workers", way], {}
    else:
        told = folder / "scheduler.json"
        told.unlink(missing_ok=True)
        dask = [sys.executable, "-m", "dask"]
        file = ["--scheduler-file", str(told), "--no-dashboard"]
        quiet = {"env": environ, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        at = ["--host", "127.0.0.1"]
        workers = ["--nthreads", "1", "--nworkers", "2"]
        with (
            subprocess.Popen([*dask, "scheduler", *file, *at, "--port", "0"], **quiet) as first,  # type: ignore[call-overload]  # noqa: S603  Dask's
            subprocess.Popen([*dask, "worker", *file, *at, *workers], **quiet) as second,  # type: ignore[call-overload]  # noqa: S603  Dask's
        ):
            try:
                while not told.exists():
                    time.sleep(0.1)
                address = json.loads(told.read_text())["address"]
                yield ["--dask", address], {"scheduler": first.pid, "worker": second.pid}
            finally:
                first.terminate()
                second.terminate()


def watch(
    options: list[str], environ: Mapping[str, str], others: Mapping[str, int]
) -> tuple[str, dict[str, float], float]:
    """Run backfill; return what it prints, the peak in MB by role, and its CPU seconds."""
    command = [sys.executable, str(ROOT / "app.py"), "backfill", "--json", *options]
    peaks: dict[str, float] = {}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  the project's own
        out = ""
        while not out:
            roles = dict.fromkeys(family(process.pid), "worker") | {process.pid: "client"}
            roles |= {one: role for role, pid in others.items() for one in family(pid)}
            for pid, role in roles.items():
                peaks[role] = max(peaks.get(role, 0.0), (peak_kb(pid) or 0) / 1024)
            try:
                out = process.communicate(timeout=WATCHED_EVERY_S)[0] or "nothing"
            except subprocess.TimeoutExpired:
                continue
    using = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, peaks, using.ru_utime + using.ru_stime - used.ru_utime - used.ru_stime


def cpu_s(processes: Mapping[str, int]) -> float:
    """Return the CPU seconds so far of processes, and of all that they have started."""
    ticks = 0
    for pid in {one for parent in processes.values() for one in family(parent)}:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


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


@contextmanager
def opened(bucket: str, facts: str, outputs: str) -> Iterator[Archive]:
    """Yield an empty folder of the bucket, or on this machine, and empty it afterwards."""
    environ = {"COUNTRIES_URL": facts, "SOURCE": "coviddata", "OUTPUTS": outputs}
    if not bucket:
        with tempfile.TemporaryDirectory(prefix="bench-scaling-") as folder:
            yield Archive(DirectoryStore(Path(folder)), {**environ, "OUTPUT_DIR": folder})
        return
    name = f"scaling-{os.getpid()}"
    store = S3Store.connect(bucket, name)
    aws = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    try:
        yield Archive(store, {**environ, **aws, "S3_BUCKET": bucket, "S3_FOLDER": name})
    finally:
        store.delete_all([entry.key for entry in store.list()])


def main() -> None:
    assert __doc__ is not None  # noqa: S101  it is there
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--snapshots", type=int, default=237)
    parser.add_argument("--input", type=Path, required=True, help="a document of coviddata's")
    parser.add_argument("--facts", default="", help="country facts to merge")
    parser.add_argument("--outputs", default="all", help="the setting OUTPUTS")
    parser.add_argument("--bucket", default="", help="an S3 bucket, in place of a local folder")
    parser.add_argument("--ways", nargs="+", default=["here", "1", "2", "scheduler"])
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        opened(given.bucket, given.facts, given.outputs) as archive,
    ):
        size = make_archive(archive.store, given.input, given.snapshots)
        print(f"{given.snapshots} snapshots of {size / 1e6:.1f} MB", file=sys.stderr)
        print(f"{COLUMNS}\n|{'---:|' * COLUMNS.count('| ')}")
        for way in given.ways:
            print(measure(archive, way, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
