"""What the worker hands to a child and gets back; children.py has the whole contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

VARIABLE = "CLOUD_ETL_WORKER"


@dataclass(frozen=True)
class Handover:
    """What the worker knows of its source's runs, for the alerts of a child.

    `failures` runs have failed in a row, the first of them at `failing_since`. The child makes the
    file `waiting` when it leaves alerts that could not be sent.
    """

    failures: int = 0
    failing_since: datetime | None = None
    waiting: Path | None = None

    @classmethod
    def received(cls, environ: Mapping[str, str]) -> "Handover":
        """Read what `environ` was handed by the worker, if it was."""
        given = json.loads(environ.get(VARIABLE) or "{}")
        since, waiting = given.get("failing_since"), given.get("waiting")
        return cls(
            failures=given.get("failures", 0),
            failing_since=datetime.fromisoformat(since) if since else None,
            waiting=Path(waiting) if waiting else None,
        )

    def environ(self) -> dict[str, str]:
        """Write it as the variable that `received` reads."""
        since = self.failing_since.astimezone(UTC) if self.failing_since else None
        given = {
            "failures": self.failures,
            "failing_since": since.isoformat(timespec="seconds") if since else None,
            "waiting": str(self.waiting) if self.waiting else None,
        }
        return {VARIABLE: json.dumps(given)}

    def say_waiting(self) -> None:
        """Have the worker come back to the alerts that wait, at its next heartbeat."""
        if self.waiting:
            self.waiting.touch()


BY_HAND = Handover()  # of a run that a person starts
