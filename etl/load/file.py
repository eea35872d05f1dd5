"""A file that was made and is to be published."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """`name` is stable; `path` is where the file is now, `rows` how many it holds.

    `content_sha256`: digest without the parts that name the run (times, ids). None: the file has
    no such parts, compare `sha256`.
    """

    name: str
    path: Path
    rows: int
    content_sha256: str | None = None
