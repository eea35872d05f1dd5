"""inbox/results/ID.json: the result of each letter, written once."""

import heapq
from collections.abc import Sequence
from contextlib import suppress

from etl import log
from etl.errors import StateConflict
from etl.inbox.letter import Letter
from etl.store import Store, Upload
from etl.store.json_state import Malformed, decode, readable
from etl.store.keys import is_valid
from etl.store.layout import RESULTS
from etl.store.parallel import in_parallel


def read_result(store: Store, letter: str) -> Letter | None:
    """Read the result of a letter. Raises StoreError.

    Return None if there is none, or if it can't be decoded.
    """
    stored = store.read(_key(letter))
    try:
        return decode(stored.body, Letter) if stored else None
    except Malformed as exc:
        log.warning("inbox.result_unreadable", key=_key(letter), error=exc)
        return None


def write_result(store: Store, letter: Letter) -> None:
    """Write the result of a letter, unless there is one already. Raises StoreError."""
    with suppress(StateConflict):
        store.write(Upload(_key(letter.id), readable(letter)), if_none_match=True)


def latest_results(store: Store, count: int) -> Sequence[Letter]:
    """Read the results of the newest `count` letters, oldest first. Raises StoreError."""
    listed = store.list(RESULTS, in_order=False)
    ids = (
        entry.key.removeprefix(RESULTS).removesuffix(".json")
        for entry in listed
        if is_valid(entry.key) and entry.key.endswith(".json")
    )
    wanted = heapq.nlargest(count, ids)
    found: dict[str, Letter] = {}

    def bring(letter: str) -> None:
        if result := read_result(store, letter):
            found[letter] = result

    in_parallel(bring, wanted)
    return [found[letter] for letter in sorted(found)]


def _key(letter: str) -> str:
    return f"{RESULTS}{letter}.json"
