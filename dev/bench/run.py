"""Compare this project's run with what people would use instead, and with the floor.

    make bench
    make bench BENCH='--sizes "4 MB,29 MB" --rounds 3'
    python -m dev.bench.run --sizes "29 MB" --only "the floor;Polars" --peers-python ...

Builds inputs of about 4, 29 and 293 MB, starts a web server and a real S3 server on loopback, and
runs each program as a whole process, in turn, several rounds. Prints medians and ratios, and writes
them into docs/performance.md with `--write`.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dev.bench.measure import Measured, measure, median
from dev.bench.servers import (
    BUCKET,
    DATA,
    HERE,
    ROOT,
    SIZES,
    Source,
    credentials,
    make_bucket,
    s3_server,
    sources,
    web_server,
    write_between,
)

LARGE_MB = 100
TABLE, WHOLE = "this project, one table", "this project, everything"
FLOOR, USUAL = "the floor", "the usual script"
USUAL_JSON = f"{USUAL}, JSON"
# the script in peers/, and the form of the table that it uploads
PEERS = {
    USUAL: ("naive", "parquet"),
    "Polars": ("with_polars", ""),
    "awswrangler": ("with_awswrangler", "parquet"),
    "dlt": ("with_dlt", "parquet"),
    USUAL_JSON: ("naive", ""),
}
Found = dict[str, dict[str, list[Measured]]]  # input -> program -> its rounds


@dataclass(frozen=True)
class Pythons:
    """The interpreters, each with what its programs require; no `peers`: they are left out."""

    ours: str = sys.executable
    peers: str | None = None


def commands(source: Source, url: str, pythons: Pythons, nth: int) -> dict[str, list[str]]:
    """Return each program's command. Each round and input has its own folder in the bucket.

    So each run publishes for the first time; a later one would also compare the versions.
    """
    address = f"{url}/{source.path.name}"
    folder = f"{source.path.stem}-{nth}"
    ours = ["env", f"SOURCE_URL={address}", f"COUNTRIES_URL={source.facts}"]
    run = [pythons.ours, str(ROOT / "app.py"), "run"]
    found = {
        TABLE: [*ours, f"S3_FOLDER=table-{folder}", "OUTPUTS=none", *run],
        WHOLE: [*ours, f"S3_FOLDER=whole-{folder}", *run],
        FLOOR: [pythons.ours, str(HERE / "floor.py"), address, str(DATA / "out")],
    }
    for peer, (script, form) in PEERS.items() if pythons.peers else ():
        given = [
            address,
            BUCKET,
            f"{script}{form}-{nth}",
            str(source.facts),
            *([form] if form else []),
        ]
        found[peer] = [str(pythons.peers), str(HERE / "peers" / f"{script}.py"), *given]
    return found


def compare(
    source: Source, url: str, pythons: Pythons, rounds: Sequence[int], only: Sequence[str]
) -> dict[str, list[Measured]]:
    """Return what each program needed on one input in each round; they take turns."""
    results: dict[str, list[Measured]] = {}
    for nth in rounds:
        for name, command in commands(source, url, pythons, nth).items():
            if only and name not in only:
                continue
            try:
                measured = measure(command)
            except subprocess.CalledProcessError as exc:
                print(f"{name} failed on {source.name}: {exc}", file=sys.stderr)
                continue
            print(source.name, name, measured, file=sys.stderr)
            results.setdefault(name, []).append(measured)
    return results


def compile_modules(python: str) -> None:
    """Compile this project and all packages: `make` and the environment may have left that out."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.check_output([python, "-c", where], text=True).strip()  # noqa: S603  ours
    names = [packages, str(ROOT / "etl"), str(ROOT / "config.py")]
    subprocess.run(  # noqa: S603  our own; a package may hold files of another Python's syntax
        [python, "-m", "compileall", "-q", *names], check=False, stdout=subprocess.DEVNULL
    )


def share(
    ours: Sequence[Measured], theirs: Sequence[Measured], of: Callable[[Measured], float]
) -> str:
    """Return how much of theirs ours is, by the medians."""
    return f"{of(median(ours)) / of(median(theirs)):.2f}"


def table(found: Found, ours: str, programs: Sequence[str]) -> str:
    """Return a Markdown table: each program on each input, and our share of it."""
    lines = [
        "| input | program | wall, s | CPU, s | lowest to highest | peak, MB | ours: CPU | peak |",
        "|---|---|---:|---:|---|---:|---:|---:|",
    ]
    for size, measured in found.items():
        for name in programs:
            if not (rounds := measured.get(name)):
                continue
            m, cpu = median(rounds), sorted(one.cpu_s for one in rounds)
            shares = ["", ""]
            if ours in measured:
                mine = measured[ours]
                shares = [share(mine, rounds, lambda one: one.cpu_s)]
                shares.append(share(mine, rounds, lambda one: one.peak_mb))
            lines.append(
                f"| {size} | {name} | {m.wall_s:.2f} | {m.cpu_s:.2f} | {cpu[0]:.2f} to "
                f"{cpu[-1]:.2f} | {m.peak_mb:.0f} | {' | '.join(shares)} |"
            )
    return "\n".join(lines)


def exponents(found: Found, sizes: dict[str, float]) -> str:
    """Return how time and memory grow with the input: slopes of lines through the logarithms."""
    said = []
    for what in ("cpu_s", "peak_mb"):
        points = [
            (math.log(sizes[size]), math.log(getattr(median(programs[WHOLE]), what)))
            for size, programs in found.items()
        ]
        slope = statistics.linear_regression(*zip(*points, strict=True)).slope
        said.append(f"{'CPU' if what == 'cpu_s' else 'peak memory'} grows as size^{slope:.2f}")
    return "; ".join(said)


def text(found: Found, wanted: Sequence[Source], rounds: int, loads: Sequence[float]) -> str:
    """Return both tables and what they were measured with."""
    parts = [
        "One Parquet table:",
        table(found, TABLE, [TABLE, FLOOR, *PEERS]),
        "Everything:",
        table(found, WHOLE, [WHOLE, TABLE, USUAL_JSON, USUAL]),
    ]
    if len(found) > 1 and all(WHOLE in programs for programs in found.values()):
        sizes = {source.name: source.megabytes for source in wanted}
        parts.append(f"Over these sizes a whole run's {exponents(found, sizes)}.")
    parts.append(
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of {rounds} "
        f"rounds (half as many of inputs over {LARGE_MB} MB). The load average was {loads[0]:.1f} "
        f"before the first round and at most {max(loads):.1f} before a later one; the programs "
        "themselves and the servers make 1 to 1.5 of it."
    )
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure this project beside its peers.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--only", default="", help="programs, by name, separated by semicolons")
    parser.add_argument("--python", default=sys.executable, help="one that has requirements.txt")
    parser.add_argument("--peers-python", help="a Python that has dev/bench/peers/requirements.txt")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    wanted = sources(given.sizes.split(","))
    only = [name for name in given.only.split(";") if name]
    found: Found = {source.name: {} for source in wanted}
    loads = []
    pythons = Pythons(given.python, given.peers_python)
    with web_server() as web, s3_server() as s3:
        credentials(s3)
        os.environ.update(S3_BUCKET=BUCKET, SOURCE="coviddata")
        make_bucket()
        for python in filter(None, (pythons.ours, pythons.peers)):
            compile_modules(python)
        compare(wanted[0], web, pythons, [-1], only)  # every file is in memory then
        for nth in range(given.rounds):
            for source in wanted:
                if source.megabytes > LARGE_MB and nth % 2 and given.rounds > 1:
                    continue
                loads.append(os.getloadavg()[0])
                for name, measured in compare(source, web, pythons, [nth], only).items():
                    found[source.name].setdefault(name, []).extend(measured)
    said = text(found, wanted, given.rounds, loads)
    print(said)
    if given.write:
        write_between("bench", said)


if __name__ == "__main__":
    main()
