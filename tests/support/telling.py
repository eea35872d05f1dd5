"""Runs whose alerts go to a made-up topic."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.errors import SourceUnavailable, StoreError
from etl.history.run import Options
from etl.store import Store
from etl.worker.handover import Handover
from tests.support.runs import NOW, run
from tests.support.sns_server import ARN, Mailbox, attributes
from tests.support.stores import Wrapped

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

QUIET = Options(sleep=lambda seconds: None)

TOLD = {"ALERT_TOPIC": ARN, "STALE_AFTER_DAYS": "3000"}


def options(**over: Any) -> Options:
    return Options(sleep=lambda seconds: None, **over)


def handed(**over: Any) -> Options:
    return options(handover=Handover(**over))


def ids(box: Mailbox) -> list[str]:
    return [attributes(came)["message_id"] for came in box.read()]


def state(store: Store) -> dict[str, Any]:
    stored = store.read("alerts.json")
    return json.loads(stored.body) if stored else {}


def tells(
    store: Store, path: Path, now: datetime = NOW, how: Options = QUIET, **variables: str
) -> str:
    """Make a run, and return its outcome."""
    return run(store, path, now=now, options=how, **{**TOLD, **variables}).outcome


def fails(store: Store, path: Path, now: datetime, how: Options = QUIET, **variables: str) -> None:
    with pytest.raises(SourceUnavailable):
        tells(store, path, now, how, **variables)


def fails_three_times(store: Store, source: Path, **variables: str) -> None:
    source.rename(source.with_name("away.json"))
    for n in range(3):
        fails(store, source, NOW + n * MINUTE, QUIET, **variables)
    source.with_name("away.json").rename(source)


def broken_store(store: Store, *, reads: bool) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("bucket 'news' does not exist")

    wrapped = Wrapped(store, refuse)
    if not reads:
        wrapped.read = refuse  # type: ignore[method-assign]
    return wrapped
