"""What the doctor finds, a line each."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """One line: `step` is what to do about it."""

    level: Level
    what: str
    step: str = ""
