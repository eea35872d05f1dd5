"""The inbox at the command line: a table, or JSON."""

import sys
from collections.abc import Sequence

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.cli.print_objects import print_json
from etl.inbox.claims import Progress
from etl.inbox.letter import Letter
from etl.inbox.notice import said

MOST = 300  # characters of a remark


def print_letters(
    letters: Sequence[Letter], waiting: Sequence[Progress], *, as_json: bool, where: str
) -> None:
    """Oldest first; what strangers wrote is harmless to the terminal."""
    if as_json:
        print_json(
            {"letters": msgspec.to_builtins(letters), "waiting": msgspec.to_builtins(waiting)}
        )
        return
    if not letters and not waiting:
        print(f"{where}: no letters")
        return
    table = Table(title=Text(f"{where}: letters"), box=SIMPLE_HEAD, pad_edge=False)
    for name in ("letter", "lang", "mood", "look"):
        table.add_column(name, no_wrap=name == "letter")
    table.add_column("what it says", ratio=1)
    for letter in letters:
        notes = [f"{what}: {why}" for what, why in letter.notes.items()]
        table.add_row(
            letter.id,
            letter.language,
            letter.mood,
            ", ".join(letter.look),
            Text("; ".join([*_content(letter), *notes])),
        )
    for one in waiting:
        table.add_row(one.id, "", "", "", Text(f"waits: {one.why or 'somebody is at it'}"))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


def _content(letter: Letter) -> list[str]:
    return [] if letter.kind == "unreadable" else [said(letter, MOST)]
