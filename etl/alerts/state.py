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
        return _decoded(stored.body), stored.etag
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        log.warning("alert.memory_unreadable", key=KEY, error=exc)
        return State(), stored.etag


def _decoded(body: bytes) -> State:
    """What an earlier version wrote is read too, without the alerts that no longer exist."""
    document = msgspec.json.decode(body)
    match document:
        case {"waiting": [*waiting]}:
            document["waiting"] = [one for one in waiting if not _is_retired(one)]
    return msgspec.convert(document, State)


def _is_retired(waiting: object) -> bool:
    match waiting:
        case {"alert": {"event": "release"}}:
            return True
    return False


def update(store: Store, change: Change, known: tuple[State, str | None] | None = None) -> State:
    """Change the state, whoever else is at it; nothing is written where nothing changes.

    `known` is what was read last, which saves reading it again. Raises StoreError.
    """
    return swap(store, KEY, read, change, known)
