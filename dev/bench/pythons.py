"""Compare Pythons: CPU seconds and peak memory of the same run to S3, and of the idle worker.

    python -m dev.bench.pythons ~/py311/bin/python ~/py312/bin/python [--rounds 7] [--write]

Each of them has requirements.txt installed. They take turns, so a busy machine slows all alike.
"""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime

from dev.bench.figures import idle
from dev.bench.measure import Measured, measure, median
from dev.bench.servers import (
    BUCKET,
    ROOT,
    credentials,
    make_bucket,
    s3_server,
    sources,
    web_server,
    write_between,
)


def version_of(python: str) -> str:
    ask = "import platform; print(platform.python_version())"
    return subprocess.check_output([python, "-c", ask], text=True).strip()  # noqa: S603  the caller's


def compare(pythons: list[str], rounds: int) -> dict[str, Measured]:
    """Return the medians of a run on the 29 MB input, by interpreter, after a warm-up."""
    [source] = sources(["29 MB"])
    found: dict[str, list[Measured]] = {python: [] for python in pythons}
    with web_server() as web, s3_server() as s3:
        credentials(s3)
        os.environ.update(S3_BUCKET=BUCKET, SOURCE="coviddata", COUNTRIES_URL=str(source.facts))
        os.environ["SOURCE_URL"] = f"{web}/{source.path.name}"
        make_bucket()
        for nth in range(rounds + 1):
            for python in pythons[nth % len(pythons) :] + pythons[: nth % len(pythons)]:
                os.environ["S3_FOLDER"] = f"{version_of(python)}-{nth}"
                found[python].append(measure([python, str(ROOT / "app.py"), "run"]))
                print(nth, python, found[python][-1], file=sys.stderr)
        del os.environ["S3_BUCKET"]
    return {python: median(measured[1:]) for python, measured in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare Pythons.")
    parser.add_argument("pythons", nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    found = compare(given.pythons, given.rounds)
    lines = ["| Python | CPU, s | peak, MB | idle worker, MB |", "|---|---:|---:|---:|"]
    for python, one in found.items():
        worker = f"{idle(python):.1f}"
        lines.append(f"| {version_of(python)} | {one.cpu_s:.2f} | {one.peak_mb:.0f} | {worker} |")
    text = "\n".join(lines)
    text += f"\n\nMeasured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of "
    text += f"{given.rounds} rounds in turn."
    print(text)
    if given.write:
        write_between("pythons", text)


if __name__ == "__main__":
    main()
