"""Take in a letter: keep its text, or a copy of its picture."""

from msgspec.structs import replace

from etl.inbox import contents
from etl.inbox.claims import LetterProgress
from etl.inbox.contents import Picture
from etl.inbox.letter import Check, Letter, Unreadable
from etl.report.numbers import human
from etl.store import Store, Upload
from etl.store.keys import is_valid
from etl.store.layout import PICTURES


def take_in(store: Store, of: LetterProgress, check: Check) -> Letter | None:
    """Read a letter, and write the copy of a picture to the folder.

    Return None if the original is gone. Raises StoreError, and Later if `check` does.
    """
    try:
        if not is_valid(of.key):
            raise Unreadable("the worker can't use its name")
        if of.size > contents.MOST_BYTES:
            limit = human(contents.MOST_BYTES)
            raise Unreadable(f"it has {human(of.size)}; letters of up to {limit} are read")
        stored = store.read(of.key)
        if stored is None:
            return None
        found = contents.read_contents(stored.body, check)
    except Unreadable as exc:
        return unreadable(of, str(exc))
    letter = Letter(of.id, of.key, of.received_at, of.size, "text")
    if not isinstance(found, Picture):
        return replace(letter, text=found.text, cut=found.cut)
    key = f"{PICTURES}{of.id}.{found.ending}"
    store.write(Upload(key, found.body))
    return replace(
        letter,
        kind="picture",
        picture=key,
        picture_bytes=len(found.body),
        width=found.width,
        height=found.height,
    )


def unreadable(of: LetterProgress, why: str) -> Letter:
    """Return a letter with no content but the reason."""
    letter = Letter(of.id, of.key, of.received_at, of.size, "unreadable")
    return letter.noted("contents", why)


def forget(store: Store, of: LetterProgress) -> None:
    """Delete the original, unless its key is not one the store accepts. Raises StoreError."""
    if is_valid(of.key):
        store.delete(of.key)
