"""Measure the page's size and how soon it is ready: python dev/bench/page.py FOLDER [--rounds 5]

FOLDER is where a run has published (OUTPUT_DIR). Ready: the charts are drawn and every control
works. The time starts when the browser begins to open the page, from disk with an empty cache.
"""

import argparse
import gzip
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
    page = given.folder.resolve() / "index.html"
    files = [page, *sorted((page.parent / "assets").iterdir())]
    for file in files:
        print(f"{file.name:28} {file.stat().st_size:>10,} bytes")
    print(f"{'in all':28} {sum(file.stat().st_size for file in files):>10,} bytes")
    print(f"{'index.html, gzipped':28} {len(gzip.compress(page.read_bytes())):>10,} bytes")
    times = []
    for _ in range(given.rounds):
        with TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
            browser.open(page.as_uri())
            times.append(int(browser.run("return document.documentElement.dataset.readyAfterMs")))
    print(f"ready after {statistics.median(times):.0f} ms, median of {given.rounds}: {times}")


if __name__ == "__main__":
    main()
