"""alerts.json: what was told, and what waits; changed by compare-and-swap."""

from collections.abc import Callable

import msgspec

from etl import log
from etl.alerts.alert import State
from etl.store import Store
from etl.store.json_state import swap

KEY = "alerts.json"

Change = Callable[[State], State]


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
    return swap(store, KEY, read, change, known)
