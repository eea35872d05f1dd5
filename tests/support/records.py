"""Records of runs, a day apart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from etl.history.record import Failure, Record

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)


def record(n: int = 0, **over: Any) -> Record:
    """The run of the n-th day, at six."""
    slot = FIRST + n * DAY
    fields: dict[str, Any] = {
        "run_id": f"{slot}T060000Z-{n:04x}",
        "slot": slot,
        "started_at": datetime(slot.year, slot.month, slot.day, 6, tzinfo=UTC),
        "source": "coviddata",
        "outcome": "published",
        **over,
    }
    if fields["outcome"] == "published":
        fields.setdefault("published_run", fields["run_id"])
    return Record(**fields)


def failure(n: int = 0, minute: int = 0, message: str = "HTTP status 503", **over: Any) -> Record:
    plain = record(n)
    fields: dict[str, Any] = {
        "run_id": f"{plain.run_id}-{minute}",
        "started_at": plain.started_at + timedelta(minutes=minute),
        "outcome": "failed",
        "failure": Failure("SourceUnavailable", message),
        **over,
    }
    return record(n, **fields)
