"""Make docs/page-1280.png and docs/page-390.png: python dev/tools/screenshots.py

They show the top of the samples' page on a desktop and on a phone. Needs what
dev/tools/install-browser installs.
"""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config import read_settings
from dev.bench.browser import chromium
from etl import pipeline
from etl.store.directory import DirectoryStore

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLOURS = 128  # good enough, and a third of the bytes
SIZES = {1280: 1720, 390: 1400}


def main() -> None:
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        pipeline.run(read_settings({"SOURCE": "sample"}), DirectoryStore(out))
        with chromium(Path(scratch) / "profile") as browser:
            for width, height in SIZES.items():
                browser.resize(width, height)
                browser.open((out / "index.html").as_uri())
                browser.wait("return document.fonts.status === 'loaded'")
                picture = DOCS / f"page-{width}.png"
                taken = Image.open(BytesIO(browser.driver.get_screenshot_as_png()))
                taken.convert("RGB").quantize(COLOURS).save(picture, optimize=True)
                print(f"{picture.name}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
