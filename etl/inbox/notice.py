"""Make one alert about the letters that match INBOX_ALERT. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from etl.alerts.state import Alert
from etl.errors import one_line, shortened
from etl.inbox.letter import Letter

LISTED = 20
SHORT, LONG = 60, 300  # characters of a remark in an SMS and in the list
LABELS_NAMED = 3


def notice(letters: Sequence[Letter], now: datetime) -> Alert:
    """Make the alert about letters of one round; its id is a digest of the letters' ids."""
    ids = hashlib.sha256("\n".join(letter.id for letter in letters).encode()).hexdigest()
    pictures = [letter.picture for letter in letters if letter.picture]
    items = [f"{letter.id}, {', '.join(letter.look)}: {said(letter, LONG)}" for letter in letters]
    return Alert(
        id=f"letters-{ids[:16]}",
        event="letters",
        at=now,
        values={"count": str(len(letters)), "first": said(letters[0], SHORT)},
        items=shortened(items, LISTED),
        page=pictures[0] if pictures else None,
    )


def said(letter: Letter, most: int) -> str:
    """Return the text on one line and in quotes, or the labels of a picture."""
    if letter.kind == "picture":
        seen = ", ".join(
            f"{one.name} {one.confidence:.0f}%" for one in letter.labels[:LABELS_NAMED]
        )
        return f"a picture: {seen or 'nothing recognised'}"
    text = one_line(letter.translation or letter.text, most, instead=" ", end="...")
    return f'"{text}"'
