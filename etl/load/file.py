"""A file that was made and is to be published."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """Its stable name, where it lies now, how many rows it holds.

    `lasting_sha256`: of what it says but for what tells of its run; None where it tells nothing so.
    """

    name: str
    path: Path
    rows: int
    lasting_sha256: str | None = None
