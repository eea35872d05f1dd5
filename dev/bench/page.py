"""Measure the pages' size and how soon they are ready: python dev/bench/page.py FOLDER [--rounds 5]

FOLDER is where a run has published (OUTPUT_DIR). Ready: the charts are drawn and every control
works. The time starts when the browser begins to open the page, from disk with an empty cache.
"""

import argparse
import gzip
import re
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dev.bench.browser import chromium


def main() -> None:
    parser = argparse.ArgumentParser(description="Weigh a published page, and time it.")
    parser.add_argument("folder", type=Path, help="where a run has published")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for name in ("index.html", "chart.html"):
        page = given.folder.resolve() / name
        if page.is_file():
            weigh(page)
            time(page, given.rounds)


def weigh(page: Path) -> None:
    """Print the size of a page and of each script that it loads."""
    scripts = re.findall(r'<script src="([^"]+)"', page.read_text(encoding="utf-8"))
    files = [page, *(page.parent / script for script in scripts)]
    for file in files:
        print(f"{file.name:28} {file.stat().st_size:>10,} bytes")
    print(f"{'in all':28} {sum(file.stat().st_size for file in files):>10,} bytes")
    print(f"{page.name + ', gzipped':28} {len(gzip.compress(page.read_bytes())):>10,} bytes")


def time(page: Path, rounds: int) -> None:
    """Print how soon a page is ready."""
    times = []
    for _ in range(rounds):
        with TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
            browser.open(page.as_uri())
            times.append(int(browser.run("return document.documentElement.dataset.readyAfterMs")))
    print(f"ready after {statistics.median(times):.0f} ms, median of {rounds}: {times}")


if __name__ == "__main__":
    main()
