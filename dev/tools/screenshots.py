"""Make the pictures in docs/ with the made-up samples: python dev/tools/screenshots.py

They show the page, its chart and its map, a monthly report and the readers' form. Needs what
dev/tools/install-browser installs.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config import read_settings
from dev.bench.browser import Browser, chromium
from etl import pipeline
from etl.history import history
from etl.inbox import form_page
from etl.load.month import Month
from etl.report.monthly import make
from etl.settings.groups import Settings
from etl.store.directory import DirectoryStore

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLOURS = 128  # good enough, and a third of the bytes
MOST_BYTES = 1 << 30
LAST_DAY = datetime(2021, 2, 25, 7, tzinfo=UTC)  # the day after the samples' last
COMPARED = "#chart=spain&with=italy&with=france&measure=cases_7d_avg&per=100000"
# picture: page, width, height, dark, and the part of the page; no part: its top
PICTURES = {
    "page-1280": ("index.html", 1280, 1720, False, ""),
    "page-390": ("index.html", 390, 1400, False, ""),
    "compare-1024": (f"index.html{COMPARED}", 1024, 2000, False, "#chart-section"),
    "map-768-dark": ("index.html", 768, 2600, True, "#map-section"),
    "report-1280": ("reports/2021-02/final_report.html", 1280, 1500, False, ""),
    "form-390": ("feedback.html", 390, 1000, False, ""),
}


def publish(settings: Settings, out: Path) -> None:
    """Publish the samples, the report of a month and a form that sends to nobody."""
    store = DirectoryStore(out)
    pipeline.run(settings, store, now=LAST_DAY)
    past, _ = history.read(store)
    make.make_report(store, past, Month(2021, 2), max_bytes=MOST_BYTES)
    way = form_page.Way("https://example.org/", {}, 5_000_000)
    form = form_page.page(way, way, {}, datetime.now(UTC))
    (out / "feedback.html").write_bytes(form)


def take(browser: Browser, out: Path, name: str) -> None:
    page, width, height, dark, part = PICTURES[name]
    browser.dark(dark)
    browser.resize(width, height)
    browser.open(f"{out.as_uri()}/{page}", ready=page.startswith("index"))
    browser.wait("return document.fonts.status === 'loaded'")
    whole = browser.driver.get_screenshot_as_png
    png = browser.one(part).screenshot_as_png if part else whole()
    picture = DOCS / f"{name}.png"
    taken = Image.open(BytesIO(png))
    taken.convert("RGB").quantize(COLOURS).save(picture, optimize=True)
    print(f"{picture.name}: {picture.stat().st_size:,} bytes")


def main() -> None:
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        publish(read_settings({"SOURCE": "sample"}), out)
        with chromium(Path(scratch) / "profile") as browser:
            for name in PICTURES:
                take(browser, out, name)


if __name__ == "__main__":
    main()
