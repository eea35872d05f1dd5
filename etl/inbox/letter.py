"""A letter: what was received, and what is known of it, as in inbox/results/ID.json. Pure."""

import hashlib
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from etl.store import Entry

Kind = Literal["text", "picture", "unreadable"]


class Label(Struct, frozen=True):
    """What Rekognition sees, and how sure it is, in percent."""

    name: str
    confidence: float


class Letter(Struct, frozen=True, omit_defaults=True):
    """`key` is what it was sent as; `picture` the key of the copy that was kept.

    `mood` is the sentiment of the text; `look` are the rules of INBOX_ALERT that it answers to;
    `notes` say what could not be had, and why.
    """

    id: str
    key: str
    received_at: datetime
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
    read_at: datetime | None = None
    format: int = 1

    def noted(self, what: str, why: str) -> "Letter":
        """Add a note."""
        return replace(self, notes={**self.notes, what: why})


def letter_id(entry: Entry) -> str:
    """Name a letter: the same for every worker that lists it, another if the key is sent again."""
    said = f"{entry.key}\n{entry.size}\n{entry.modified.isoformat()}"
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{entry.modified:%Y-%m-%dT%H%M%SZ}-{digest[:16]}"


class Unreadable(Exception):
    """It is not what can be read, and never will be."""


class Later(Exception):
    """It waits: a service refuses for now, or the day's calls are used up."""
