"""Print the letters in the inbox: a table, or JSON."""

from collections.abc import Sequence

import msgspec

from etl.cli.console import Column, print_json, print_table
from etl.inbox.claims import LetterProgress
from etl.inbox.letter import Letter
from etl.inbox.notice import said

MOST = 300  # characters of a remark
LETTERS = (
    Column("letter"),
    *(Column(name, wraps=True) for name in ("lang", "mood", "look")),
    Column("what it says", rest=True),
)


def print_letters(
    letters: Sequence[Letter], waiting: Sequence[LetterProgress], *, as_json: bool, where: str
) -> None:
    """Print the letters, oldest first, then those that wait, without control characters."""
    if as_json:
        print_json(
            {"letters": msgspec.to_builtins(letters), "waiting": msgspec.to_builtins(waiting)}
        )
        return
    if not letters and not waiting:
        print(f"{where}: no letters")
        return
    rows = [_letter_row(letter) for letter in letters]
    rows += [
        [one.id, "", "", "", f"waits: {one.why or 'a worker is reading it'}"] for one in waiting
    ]
    print_table(f"{where}: letters", LETTERS, rows)


def _letter_row(letter: Letter) -> list[str]:
    content = [said(letter, MOST)] if letter.kind != "unreadable" or letter.text else []
    notes = [f"{what}: {why}" for what, why in letter.notes.items()]
    return [
        letter.id,
        letter.language,
        letter.mood,
        ", ".join(letter.look),
        "; ".join([*content, *notes]),
    ]
