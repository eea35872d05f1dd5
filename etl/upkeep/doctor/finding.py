"""A finding of the doctor."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """A finding in one line; `step` is what to do about it."""

    level: Level
    what: str
    step: str = ""
