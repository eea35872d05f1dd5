"""How far a long job is, how fast it goes, and how long it will still take. Pure."""

from dataclasses import dataclass
from datetime import timedelta

TELLS_AFTER_S = 5  # before, a rate says nothing


@dataclass
class Pace:
    """A stage of a job: `total` parts, begun at the moment `began_s` of a steady clock."""

    what: str
    total: int
    began_s: float
    done: int = 0
    failed: int = 0

    def fields(self, now_s: float) -> dict[str, str | int | float]:
        """Return the figures for a log line; `left_s` once anything can be said of it."""
        rate = self.done / max(now_s - self.began_s, 0.001)
        found: dict[str, str | int | float] = {
            "stage": self.what,
            "done": self.done,
            "of": self.total,
            "failed": self.failed,
            "per_minute": round(60 * rate, 1),
        }
        return found | ({"left_s": round((self.total - self.done) / rate)} if rate else {})

    def text(self, now_s: float) -> str:
        """Return the figures for a terminal: `12 of 237, 1 failed, 90 a minute, 0:02:30 left`."""
        if now_s - self.began_s < TELLS_AFTER_S:
            return f"{self.done} of {self.total}"
        found = self.fields(now_s)
        failed = f", {self.failed} failed" if self.failed else ""
        left = f", {timedelta(seconds=int(found['left_s']))} left" if "left_s" in found else ""
        pace = f", {found['per_minute']:g} a minute" if self.done else ""
        return f"{self.done} of {self.total}{failed}{pace}{left}"
