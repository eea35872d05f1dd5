"""What the rules look at, and how they put it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from etl.alerts.state import Alert, State
from etl.settings.alert_rules import AlertRule
from etl.store.layout import PAGE

if TYPE_CHECKING:
    from etl.history.history import History
    from etl.history.manifest import Manifest
    from etl.history.record import Record


Verdict = tuple[State, Alert | None]  # the state from now on, and what is to be told


@dataclass(frozen=True)
class Seen:
    """`latest` are the rows of the published latest.json, None where they are not needed or can't
    be read. `failures` are those in a row as the worker counts them; `told_blindly` says since
    when, if it was told without the folder's memory.
    """

    past: "History"
    manifest: "Manifest | None"
    now: datetime
    slot: date
    stale_after_days: int
    rules: Sequence[AlertRule] = ()
    latest: Sequence[Mapping[str, Any]] | None = None
    failures: int = 0
    told_blindly: datetime | None = None

    def attempts(self, failures: "Iterable[Record]") -> int:
        """How many runs failed: the worker knows of some that could not be recorded."""
        return max(sum(record.attempts for record in failures), self.failures)


def published(manifest: "Manifest | None") -> dict[str, str]:
    """What readers have; nothing where nothing is published."""
    if manifest is None:
        return {}
    return {
        "published": moment(manifest.started_at),
        "source_last": str(manifest.source.last_date),
    }


def page(manifest: "Manifest | None") -> str | None:
    return PAGE if manifest and PAGE in manifest.digests() else None


def moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H%M%SZ}"
