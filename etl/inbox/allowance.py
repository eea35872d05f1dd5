"""The daily limit of service calls, counted in the folder for all workers together."""

import secrets
from datetime import datetime

import msgspec

from etl.store import Store
from etl.store.json_state import Malformed, decode, swap
from etl.store.layout import USAGE

BLOCK = 20  # calls reserved at a time, so that not every call causes a write


class Used(msgspec.Struct, frozen=True):
    """The content of inbox/usage/2026-11-22.json.

    `written` is random, so that two writers with equal counts write different bytes.
    """

    calls: int = 0
    written: str = ""


def key(now: datetime) -> str:
    """Return the key of the day's count; days are in UTC."""
    return f"{USAGE}{now:%Y-%m-%d}.json"


def read_usage(store: Store, now: datetime) -> tuple[Used, str | None]:
    """Read the calls of that day so far, and the ETag. Raises StoreError.

    A count that can't be read counts as no calls.
    """
    stored = store.read(key(now))
    if stored is None:
        return Used(), None
    try:
        return decode(stored.body, Used), stored.etag
    except Malformed:
        return Used(), stored.etag


class Allowance:
    """The calls that this worker may still make today.

    Calls are counted before they are made: a worker that is killed may waste some, but the limit
    is never exceeded.
    """

    def __init__(self, store: Store, limit: int, now: datetime) -> None:
        self._store, self._limit, self._now = store, limit, now
        self._in_hand = 0
        self._none_left = False
        self.taken = 0

    @property
    def is_spent(self) -> bool:
        return self._none_left and not self._in_hand

    def take(self) -> bool:
        """Take one call. Return False if none are left today. Raises StoreError."""
        if not self._in_hand and not self._none_left:
            self._in_hand = self._change(BLOCK)
            self._none_left = self._in_hand < BLOCK
        if not self._in_hand:
            return False
        self._in_hand -= 1
        self.taken += 1
        return True

    def return_unused(self) -> None:
        """Give back the calls that were counted but not made. Raises StoreError."""
        if self._in_hand:
            self._change(-self._in_hand)
            self._in_hand = 0

    def _change(self, wanted: int) -> int:
        """Add `wanted` calls to the count, or as many as are left. Return how many."""
        counted = 0

        def change(used: Used) -> Used:
            nonlocal counted
            left = max(0, self._limit - used.calls)
            counted = min(wanted, left) if wanted > 0 else max(wanted, -used.calls)
            return Used(used.calls + counted, secrets.token_hex(8)) if counted else used

        swap(self._store, key(self._now), lambda store: read_usage(store, self._now), change)
        return counted
