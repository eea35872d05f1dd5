"""What the worker passes to a child and gets back; children.py has the whole contract."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

VARIABLE = "CLOUD_ETL_WORKER"

# the run succeeded; its failure is recorded, or was alerted without the folder; monthly tasks are
# due; some alerts could not be sent
Note = Literal["succeeded", "failed", "tasks", "waiting"]


@dataclass(frozen=True)
class Handover:
    """What the worker knows about its source's runs, for a child's alerts.

    `failures` runs have failed in a row, the first at `failing_since`. `notes` is a folder in
    which the child creates empty files, named by `Note`.
    """

    failures: int = 0
    failing_since: datetime | None = None
    notes: Path | None = None

    @classmethod
    def received(cls, environ: Mapping[str, str]) -> "Handover":
        """Read the handover from `environ`; without one, return the default."""
        given = json.loads(environ.get(VARIABLE) or "{}")
        since, notes = given.get("failing_since"), given.get("notes")
        return cls(
            failures=given.get("failures", 0),
            failing_since=datetime.fromisoformat(since) if since else None,
            notes=Path(notes) if notes else None,
        )

    def environ(self) -> dict[str, str]:
        """Return the environment variable that `received` reads."""
        since = self.failing_since.astimezone(UTC) if self.failing_since else None
        given = {
            "failures": self.failures,
            "failing_since": since.isoformat(timespec="seconds") if since else None,
            "notes": str(self.notes) if self.notes else None,
        }
        return {VARIABLE: json.dumps(given)}

    def note(self, what: Note) -> None:
        """Leave a note for the worker. A full disk can't be noted on, and is no error here."""
        if self.notes:
            with suppress(OSError):
                (self.notes / what).touch()


BY_HAND = Handover()  # for a run that a person starts
