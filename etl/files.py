"""A file that was made and is to be published."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """Its stable name, where it lies now, how many rows it holds."""

    name: str
    path: Path
    rows: int
