"""Compare this project's run with what people would use instead, and with the floor.

    make bench
    python -m dev.bench.run --sizes "29 MB" --only "this project,naive" --peers-python ...

Builds inputs of about 4, 29 and 293 MB, starts a web server and a real S3 server on loopback, and
runs each program as a whole process, in turn, several rounds. Prints medians and ratios, and writes
them into docs/performance.md with `--write`.
"""

import argparse
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dev.bench import extend
from dev.bench.measure import Measured, measure, median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT / "dev/bench" / "data"
DOCUMENT = ROOT / "docs" / "performance.md"
REAL = ROOT.parent / "shared" / "data"
BUCKET = "bench"
LARGE_MB = 100
SIZES = ("4 MB", "29 MB", "293 MB")
PEERS = ("naive", "with_dlt", "with_awswrangler", "with_polars")


@dataclass(frozen=True)
class Source:
    """One input: its name, its file and the country facts that belong to it."""

    name: str
    path: Path
    facts: Path

    @property
    def megabytes(self) -> float:
        return self.path.stat().st_size / 1e6


def sources(sizes: Collection[str] = SIZES) -> list[Source]:
    """Make the inputs, once: from real data if it is available, else from the samples."""
    DATA.mkdir(exist_ok=True)
    real = REAL / "countries-2020-09-07.json.gz"
    if real.exists():
        origin, facts, copies = real, REAL / "InfoPaisosExtra.xlsx", (1, 10)
        small = ["--days", "229"]
    else:
        origin, facts, copies = (
            ROOT / "samples" / "stats.json.gz",
            ROOT / "samples" / "InfoPaisosExtra.xlsx",
            (6, 60),
        )
        small = ["--days", "400", "--copies", "3"]
    plans = {
        "4 MB": small,
        "29 MB": ["--full", "--copies", str(copies[0])],
        "293 MB": ["--full", "--copies", str(copies[1])],
    }
    made = []
    for name in sizes:
        path = DATA / f"{name.replace(' ', '')}-{origin.name.partition('.')[0]}.json"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            extend.main([str(origin), str(path), *plans[name]])
        made.append(Source(name, path, facts))
    return made


@contextmanager
def web_server() -> Iterator[str]:
    """Start Python's own web server as a process, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=DATA, stdout=quiet, stderr=quiet)  # noqa: S603  our own
    try:
        time.sleep(1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def s3_server() -> Iterator[str]:
    command = [sys.executable, str(ROOT / "dev/tools" / "s3-server")]
    data = ["--data", str(DATA / "s3")]
    started = subprocess.run(  # noqa: S603  our own
        [*command, "start", *data], check=True, stdout=subprocess.PIPE, text=True
    )
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([*command, "stop", *data], check=True)  # noqa: S603  our own
        shutil.rmtree(DATA / "s3", ignore_errors=True)


def credentials(endpoint: str | None) -> None:
    os.environ.update(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="a-secret-that-nobody-may-see",  # noqa: S106  made up
        AWS_DEFAULT_REGION="us-east-1",
    )
    os.environ.pop("AWS_ENDPOINT_URL", None)
    if endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint


def make_bucket() -> None:
    # in a separate process: this one's peak memory would count as its children's
    create = f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"
    subprocess.run([sys.executable, "-c", create], check=True)  # noqa: S603  our own


def commands(source: Source, url: str, peers_python: str | None, nth: int) -> dict[str, list[str]]:
    """Return each program's command; every round has its own folder in the bucket."""
    address = f"{url}/{source.path.name}"
    os.environ.update(SOURCE_URL=address, COUNTRIES_URL=str(source.facts), S3_FOLDER=f"ours-{nth}")
    found = {
        "this project": [sys.executable, str(ROOT / "app.py"), "run"],
        "the floor": [
            sys.executable,
            str(HERE / "floor.py"),
            address,
            str(DATA / "out"),
        ],
    }
    for peer in PEERS if peers_python else ():
        script = str(ROOT / "dev/bench" / "peers" / f"{peer}.py")
        facts = [] if peer == "with_dlt" else [str(source.facts)]
        found[peer] = [str(peers_python), script, address, BUCKET, f"{peer}-{nth}", *facts]
    return found


def compare(
    source: Source, url: str, peers_python: str | None, rounds: int, only: Sequence[str]
) -> dict[str, Measured]:
    """Return the medians of each program on one input."""
    results: dict[str, list[Measured]] = {}
    for nth in range(rounds):
        for name, command in commands(source, url, peers_python, nth).items():
            if only and name not in only:
                continue
            try:
                measured = measure(command)
            except subprocess.CalledProcessError as exc:
                print(f"{name} failed on {source.name}: {exc}", file=sys.stderr)
                continue
            print(source.name, name, measured, file=sys.stderr)
            results.setdefault(name, []).append(measured)
    return {name: median(found) for name, found in results.items()}


def table(found: dict[str, dict[str, Measured]]) -> str:
    """Return a Markdown table: each program on each input, and this project's share of it."""
    lines = [
        "| input | program | wall, s | CPU, s | peak, MB | ours: CPU | ours: peak |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for size, programs in found.items():
        ours = programs["this project"]
        for name, m in programs.items():
            ratios = f"{ours.cpu_s / m.cpu_s:.2f} | {ours.peak_mb / m.peak_mb:.2f}"
            lines.append(
                f"| {size} | {name} | {m.wall_s:.2f} | {m.cpu_s:.2f} | {m.peak_mb:.0f} | {ratios} |"
            )
    return "\n".join(lines)


def exponents(found: dict[str, dict[str, Measured]], sizes: dict[str, float]) -> str:
    """Return how time and memory grow with the input: slopes of lines through the logarithms."""
    said = []
    for what in ("cpu_s", "peak_mb"):
        points = [
            (math.log(sizes[size]), math.log(getattr(programs["this project"], what)))
            for size, programs in found.items()
        ]
        slope = statistics.linear_regression(*zip(*points, strict=True)).slope
        said.append(f"{'CPU' if what == 'cpu_s' else 'peak memory'} grows as size^{slope:.2f}")
    return "; ".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure this project beside its peers.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--only", default="", help="programs, by name, separated by commas")
    parser.add_argument("--peers-python", help="a Python that has dev/bench/peers/requirements.txt")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    wanted = sources(given.sizes.split(","))
    only = [name for name in given.only.split(",") if name]
    found = {}
    with web_server() as web, s3_server() as s3:
        credentials(s3)
        os.environ.update(S3_BUCKET=BUCKET, SOURCE="coviddata")
        make_bucket()
        for source in wanted:
            rounds = given.rounds if source.megabytes < LARGE_MB else max(1, given.rounds // 2)
            found[source.name] = compare(source, web, given.peers_python, rounds, only)
    sizes = {source.name: source.megabytes for source in wanted}
    text = table(found)
    if len(found) > 1:
        text += f"\n\nOver these sizes {exponents(found, sizes)}."
    text += f"\n\nMeasured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of "
    text += f"{given.rounds} rounds (half as many of inputs over {LARGE_MB} MB)."
    print(text)
    if given.write:
        write_between("bench", text)


def write_between(name: str, text: str) -> None:
    """Put the text into docs/performance.md, between the markers with that name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = DOCUMENT.read_text().partition(begin)
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    main()
