"""alerts.json: what was told, and what waits; changed by compare-and-swap."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from etl import log
from etl.alerts.alert import State
from etl.errors import StateConflict
from etl.stores import Store, Upload

KEY = "alerts.json"
TRIES = 8

Change = Callable[[State], State]
T = TypeVar("T")


def read(store: Store) -> tuple[State, str | None]:
    """The state and its ETag; an empty one where there is none, or none that can be read: to tell
    twice is better than never to tell again. Raises StoreError."""
    stored = store.read(KEY)
    if stored is None:
        return State(), None
    try:
        return msgspec.json.decode(stored.body, type=State), stored.etag
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        log.warning("alert.memory_unreadable", key=KEY, error=exc)
        return State(), stored.etag


def update(store: Store, change: Change, known: tuple[State, str | None] | None = None) -> State:
    """Change the state, whoever else is at it; nothing is written where nothing changes.

    `known` is what was read last, which saves reading it again. Raises StoreError.
    """
    for attempt in range(1, TRIES + 1):
        state, etag = known or read(store)
        known = None
        changed = change(state)
        if changed == state:
            break
        body = msgspec.json.format(msgspec.json.encode(changed), indent=1)
        try:
            store.write(Upload(KEY, body), if_match=etag, if_none_match=etag is None)
        except StateConflict:
            if attempt == TRIES:
                raise
            continue
        break
    return changed
