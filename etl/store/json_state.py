"""Read small JSON objects, and change them by compare-and-swap."""

import random
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from etl.errors import StateConflict, StoreError, one_line
from etl.store import Store, Stored, Upload

TRIES = 20
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 2.0
MOST_BYTES = 64_000_000  # ten times the largest that the worker writes in many years
LONGEST_WHY = 300  # characters
Content = TypeVar("Content")
Moment = Annotated[datetime, Meta(tz=True)]  # as in files: a time without a zone is refused

YEARS = range(1900, 2200)  # sums with times further off could overflow


class Malformed(ValueError):
    """JSON that can't be decoded; the message is short and on one line."""


def swap(
    store: Store,
    key: str,
    read: Callable[[Store], tuple[Content, str | None]],
    change: Callable[[Content], Content],
    known: tuple[Content, str | None] | None = None,
) -> Content:
    """Change an object, and return its new content; if nothing changes, nothing is written.

    `read` returns the content and its ETag (None: there is no object yet). `known` is an earlier
    result of `read`, which saves a request. After a conflict the object is read and changed again.
    Raises StoreError, and StateConflict after TRIES conflicts.
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
            # another worker was faster, or our own write arrived but its answer was lost
            if attempt == TRIES:
                raise
            longest_s = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
            time.sleep(random.uniform(0, longest_s))  # noqa: S311  jitter
            continue
        return changed
    raise AssertionError("unreachable")


def decoded(store: Store, key: str, stored: Stored, kind: type[Content], advice: str) -> Content:
    """Decode an object's JSON. Raises StoreError, which ends with `advice`, if that fails."""
    try:
        return decode(stored.body, kind)
    except Malformed as exc:
        raise StoreError(f"{store.address}/{key} can't be read ({exc}); {advice}") from exc


def decode(body: bytes, kind: type[Content]) -> Content:
    """Decode JSON from the folder, which anybody may have edited. Raises Malformed."""
    if len(body) > MOST_BYTES:
        raise Malformed(f"it holds {len(body):,} bytes, and the worker writes none so large")
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError as exc:
        raise Malformed("it is nested too deeply") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Malformed(one_line(str(exc), LONGEST_WHY, end="...")) from exc


def check_times(*times: date | None) -> None:
    """Raise ValueError if one of these days or moments from a file is in none of YEARS."""
    for one in times:
        if one and one.year not in YEARS:
            raise ValueError(f"{one.isoformat()} is no time that the worker would write")


def readable(content: object) -> bytes:
    """Encode as JSON with line breaks, so that people can read it."""
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"
