"""inbox/pending/ID.json: who reads a letter, and its progress; changed by compare-and-swap.

A claim holds for a quarter of an hour, longer than the worker lets a round run. If a claim is
older, its owner must be dead, and another reader continues from the saved progress.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from etl import log
from etl.errors import StateConflict
from etl.inbox.letter import Letter, letter_id
from etl.store import Entry, Store, Upload
from etl.store.json_state import Malformed, Moment, check_times, decode, readable
from etl.store.keys import is_valid
from etl.store.layout import INCOMING, PENDING

CLAIM_HOLDS = timedelta(minutes=15)


class LetterProgress(Struct, frozen=True, omit_defaults=True):
    """The progress of a letter.

    `claims` counts the attempts in a row without an outcome, this one included: a letter that keeps
    killing its readers is given up. `letter` is what is known so far; `why` says why it waits.
    `refused` counts the rounds in which a service refused it, `refused_alone` those of them in
    which the service answered about other letters.
    """

    id: str
    key: str
    received_at: Moment
    size: int
    claimed_at: Moment | None = None
    claimed_by: str = ""
    claims: int = 0
    letter: Letter | None = None
    why: str = ""
    refused: int = 0
    refused_alone: int = 0
    format: int = 1

    def __post_init__(self) -> None:
        check_times(self.received_at, self.claimed_at)


@dataclass(frozen=True)
class Held:
    """A letter claimed by this reader, until somebody else writes its progress."""

    progress: LetterProgress
    etag: str


def new_progress(entry: Entry) -> LetterProgress:
    """Return the progress of a letter that nobody has begun."""
    return LetterProgress(letter_id(entry), entry.key, entry.modified, entry.size)


def claim(store: Store, progress: LetterProgress, etag: str | None, now: datetime) -> Held | None:
    """Claim a letter. Return None if somebody else has it. Raises StoreError.

    `etag` belongs to the progress that was read; None if nobody has begun the letter.
    """
    if progress.claimed_at and now - progress.claimed_at < CLAIM_HOLDS:
        return None
    ours = replace(
        progress, claimed_at=now, claimed_by=secrets.token_hex(8), claims=progress.claims + 1
    )
    try:
        return Held(ours, _write(store, ours, etag))
    except StateConflict:
        return None


def keep(store: Store, held: Held, letter: Letter) -> Held:
    """Save what is known so far. Raises StateConflict if somebody else has claimed the letter."""
    progress = replace(held.progress, letter=letter)
    return Held(progress, _write(store, progress, held.etag))


def release(store: Store, held: Held, letter: Letter | None, why: str) -> LetterProgress:
    """Save what is known and why the letter waits, and end the claim. Raises like `keep`."""
    progress = replace(
        held.progress, letter=letter, why=why, claimed_at=None, claimed_by="", claims=0
    )
    _write(store, progress, held.etag)
    return progress


def drop(store: Store, letter: str) -> None:
    """Delete the progress of a letter that is finished. Raises StoreError."""
    store.delete(_key(letter))


def read_progress(store: Store, letter: str) -> tuple[LetterProgress | None, str] | None:
    """Read a letter's progress and its ETag. Raises StoreError.

    Return None if nobody has begun the letter. The progress is None if it can't be used.
    """
    stored = store.read(_key(letter))
    if stored is None:
        return None
    try:
        return _checked(decode(stored.body, LetterProgress), letter), stored.etag
    except Malformed as exc:
        log.warning("inbox.progress_unreadable", key=_key(letter), error=exc)
        return None, stored.etag


def _checked(progress: LetterProgress, letter: str) -> LetterProgress:
    """Return the progress if it is of this letter. Its key will be deleted. Raises Malformed."""
    if progress.id != letter or not progress.key.startswith(INCOMING):
        raise Malformed("it is of another letter")
    if progress.letter and (progress.letter.id, progress.letter.key) != (letter, progress.key):
        raise Malformed("what it knows is of another letter")
    return progress


def under_way(store: Store) -> Iterator[str]:
    """Yield the ids of the letters that somebody has begun, oldest first. Raises StoreError."""
    for entry in store.list(PENDING):
        if is_valid(entry.key) and entry.key.endswith(".json"):
            yield entry.key.removeprefix(PENDING).removesuffix(".json")


def all_progress(store: Store) -> list[LetterProgress]:
    """Return the progress of all letters begun, oldest first. Raises StoreError."""
    found = (read_progress(store, letter) for letter in under_way(store))
    return [progress for progress, _ in filter(None, found) if progress]


def _write(store: Store, progress: LetterProgress, etag: str | None) -> str:
    upload = Upload(_key(progress.id), readable(progress))
    return store.write(upload, if_match=etag, if_none_match=etag is None)


def _key(letter: str) -> str:
    return f"{PENDING}{letter}.json"
