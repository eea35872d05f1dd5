"""The folder that takes the bucket's place: has it room?"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from etl.doctor import Finding

LEAST_FREE = 1_000_000_000  # a run of the default source takes some 60 MB, twice


def findings(root: Path) -> Iterator[Finding]:
    there = next(folder for folder in (root, *root.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    told = f"{root}: {free / 1e9:,.1f} GB are free"
    if free < LEAST_FREE:
        yield Finding("warning", told, "free some space, or set OUTPUT_DIR elsewhere")
    else:
        yield Finding("ok", told)
    if (page := root / "index.html").is_file():
        yield Finding("ok", f"the page: {page.resolve().as_uri()}")
