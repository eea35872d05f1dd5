"""What the worker passes to a child and gets back; children.py has the whole contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

VARIABLE = "CLOUD_ETL_WORKER"


@dataclass(frozen=True)
class Handover:
    """What the worker knows about its source's runs, for a child's alerts.

    `failures` runs have failed in a row, the first at `failing_since`. The child creates the file
    `waiting` if it could not send some alerts.
    """

    failures: int = 0
    failing_since: datetime | None = None
    waiting: Path | None = None

    @classmethod
    def received(cls, environ: Mapping[str, str]) -> "Handover":
        """Read the handover from `environ`; without one, return the default."""
        given = json.loads(environ.get(VARIABLE) or "{}")
        since, waiting = given.get("failing_since"), given.get("waiting")
        return cls(
            failures=given.get("failures", 0),
            failing_since=datetime.fromisoformat(since) if since else None,
            waiting=Path(waiting) if waiting else None,
        )

    def environ(self) -> dict[str, str]:
        """Return the environment variable that `received` reads."""
        since = self.failing_since.astimezone(UTC) if self.failing_since else None
        given = {
            "failures": self.failures,
            "failing_since": since.isoformat(timespec="seconds") if since else None,
            "waiting": str(self.waiting) if self.waiting else None,
        }
        return {VARIABLE: json.dumps(given)}

    def say_waiting(self) -> None:
        """Have the worker start another child for the pending alerts, at its next heartbeat."""
        if self.waiting:
            self.waiting.touch()


BY_HAND = Handover()  # for a run that a person starts
