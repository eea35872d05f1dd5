"""Small JSON objects: read, and changed by compare-and-swap, whoever else is writing them."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from etl.errors import StateConflict, StoreError
from etl.store import Store, Stored, Upload

TRIES = 8
Content = TypeVar("Content")


def swap(
    store: Store,
    key: str,
    read: Callable[[Store], tuple[Content, str | None]],
    change: Callable[[Content], Content],
    known: tuple[Content, str | None] | None = None,
) -> Content:
    """What `change` makes of the object; where that equals what is there, nothing is written.

    `read` gives the content and its ETag (None: there is no object yet); `known` is what it gave
    last, which saves reading it again. Raises StoreError.
    """
    for attempt in range(1, TRIES + 1):
        content, etag = known or read(store)
        known = None
        changed = change(content)
        if changed == content:
            return content
        try:
            store.write(Upload(key, readable(changed)), if_match=etag, if_none_match=etag is None)
        except StateConflict:
            # lost against another worker, or won by a request whose answer was lost: look again
            if attempt == TRIES:
                raise
            continue
        return changed
    raise AssertionError("unreachable")


def decoded(store: Store, key: str, stored: Stored, kind: type[Content], advice: str) -> Content:
    """What was read under that key. Raises StoreError, with the advice, where it is none."""
    try:
        return msgspec.json.decode(stored.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise StoreError(f"{store.address}/{key} can't be read ({exc}); {advice}") from exc


def readable(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=1)
