"""How far a long job is, how fast it goes, and how long it will still take. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta

TELLS_AFTER_S = 5  # before, a rate says nothing
STUCK_S = 60


@dataclass
class Pace:
    """A stage of a job: `total` parts, begun at the moment `began_s` of a steady clock.

    `moved_s`: when the last part was done.
    """

    what: str
    total: int
    began_s: float
    done: int = 0
    failed: int = 0
    moved_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.moved_s = self.began_s

    def count(self, now_s: float) -> None:
        """Count a part that is done."""
        self.done, self.moved_s = self.done + 1, now_s

    def fields(self, now_s: float) -> dict[str, str | int | float]:
        """Return the figures for a log line; `left_s` once anything can be said of it."""
        rate = self.done / max(now_s - self.began_s, 0.001)
        found: dict[str, str | int | float] = {
            "stage": self.what,
            "done": self.done,
            "of": self.total,
            "failed": self.failed,
            "per_minute": round(60 * rate, 1),
            "idle_s": round(now_s - self.moved_s),
        }
        return found | ({"left_s": round((self.total - self.done) / rate)} if rate else {})

    def text(self, now_s: float) -> str:
        """Return the figures for a terminal.

        `12 of 237, 1 failed, 90 a minute, 0:02:30 left`, and after a minute in which nothing was
        done `nothing new for 0:01:10`.
        """
        if now_s - self.began_s < TELLS_AFTER_S:
            return f"{self.done} of {self.total}"
        found = self.fields(now_s)
        failed = f", {self.failed} failed" if self.failed else ""
        left = f", {timedelta(seconds=int(found['left_s']))} left" if "left_s" in found else ""
        pace = f", {found['per_minute']:g} a minute" if self.done else ""
        idle_s = int(found["idle_s"])
        stuck = f", nothing new for {timedelta(seconds=idle_s)}" if idle_s > STUCK_S else ""
        return f"{self.done} of {self.total}{failed}{pace}{left}{stuck}"
