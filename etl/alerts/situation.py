"""The input of the alert rules, and how its values are written in alerts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from etl.alerts.state import Alert, AlertState
from etl.history.history import History
from etl.history.manifest import Manifest
from etl.history.record import Record
from etl.settings.alert_rules import AlertRule
from etl.store.layout import PAGE

Verdict = tuple[AlertState, Alert | None]  # the state from now on, and the alert to send


@dataclass(frozen=True)
class Situation:
    """The history and the published version, as the rules see them at `now`.

    `latest` has the rows of the published latest.json, or None if they are not needed or can't be
    read. `failures` is the worker's own count of failures in a row, which includes those that
    could not be recorded. `alerted_without_state` is when they began, if the worker sent an alert
    about them while it could not use alerts.json.
    """

    past: History
    manifest: Manifest | None
    now: datetime
    slot: date
    stale_after_days: int
    rules: Sequence[AlertRule] = ()
    latest: Sequence[Mapping[str, Any]] | None = None
    failures: int = 0
    alerted_without_state: datetime | None = None

    def attempts(self, failures: Iterable[Record]) -> int:
        """Count the failed attempts, including those that could not be recorded."""
        return max(sum(record.attempts for record in failures), self.failures)


def published(manifest: Manifest | None) -> dict[str, str]:
    """Describe what readers have; empty where nothing is published."""
    if manifest is None:
        return {}
    return {
        "published": moment(manifest.started_at),
        "source_last": str(manifest.source.last_date),
    }


def page(manifest: Manifest | None) -> str | None:
    """Return the key of the published page, if there is one."""
    return PAGE if manifest and PAGE in manifest.digests() else None


def moment(moment: datetime) -> str:
    """Write a moment for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def stamp(moment: datetime) -> str:
    """Write a moment as part of an alert's id."""
    return f"{moment:%Y-%m-%dT%H%M%SZ}"
