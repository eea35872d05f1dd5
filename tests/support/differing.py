"""Runs that restate figures, and what their changes.json says, for tests."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from etl.history.run import Options
from etl.store import Store
from tests.support.desk import Desk
from tests.support.runs import (
    COUNTRIES,
    NOW,
    document,
    run,
)

DAY = timedelta(days=1)


def changes(store: Store, key: str = "changes.json") -> dict[str, Any]:
    stored = store.read(key)
    assert stored is not None
    found: dict[str, Any] = json.loads(stored.body)
    return found


def restated(days_more: int = 1) -> bytes:
    """Return `growing(20)` a day later: Spain's 5 January restated, the ship gone, Malta new."""
    series = {key: [100 * (n + 1) for n in range(20 + days_more)] for key in COUNTRIES[:2]}
    series["spain"][4] = 750
    return document({**series, "malta": [1, 2]})


def publish(desk: Desk, content: bytes, days_later: int = 0) -> str:
    source = Path("stats.json")
    source.write_bytes(content)
    result = run(desk.store, source, now=NOW + days_later * DAY, options=Options(force=True))
    assert result.record is not None
    return result.record.run_id
