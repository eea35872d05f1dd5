"""A letter and what is known about it, as in inbox/results/ID.json. Pure."""

import hashlib
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from etl.store import Entry
from etl.store.json_state import Moment, check_times

Kind = Literal["text", "picture", "unreadable"]
Check = Callable[[], None]  # raises Unreadable or Later if the time for a letter is used up


class Label(Struct, frozen=True):
    """Something that Rekognition sees; `confidence` is in percent."""

    name: str
    confidence: float


class Letter(Struct, frozen=True, omit_defaults=True):
    """A letter, with what is known about it so far.

    `key` is the key of the original and `picture` that of the copy. `mood` is the sentiment of the
    text. `look` has the INBOX_ALERT rules that match. `notes` says what is missing, and why.
    """

    id: str
    key: str
    received_at: Moment
    size: int
    kind: Kind
    text: str = ""
    cut: bool = False
    picture: str = ""
    picture_bytes: int = 0
    width: int = 0
    height: int = 0
    language: str = ""
    language_score: float = 0.0
    translation: str = ""
    mood: str = ""
    mood_score: float = 0.0
    labels: list[Label] = []
    look: list[str] = []
    notes: dict[str, str] = {}
    read_at: Moment | None = None
    format: int = 1

    def __post_init__(self) -> None:
        check_times(self.received_at)

    def noted(self, what: str, why: str) -> "Letter":
        """Return the letter with the note added."""
        return replace(self, notes={**self.notes, what: why})


def letter_id(entry: Entry) -> str:
    """Return the id of a letter.

    It is the same for every worker that lists the letter, but differs if the key is sent again.
    """
    said = f"{entry.key}\n{entry.size}\n{entry.modified.isoformat()}"
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{entry.modified:%Y-%m-%dT%H%M%SZ}-{digest[:16]}"


class Unreadable(Exception):
    """The letter can't be read, and a retry would not help."""


class Later(Exception):
    """The letter must wait: for a service, for tomorrow's calls, or for the next round.

    `call` is the call that was refused, such as "translate:TranslateText"; empty if none was made.
    """

    def __init__(self, why: str, call: str = "") -> None:
        super().__init__(why)
        self.call = call
