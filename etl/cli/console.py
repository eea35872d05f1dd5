"""Print on standard output: tables for people, JSON for programs.

rich is imported with the first table, since JSON does not need it.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 160  # of a table that does not go to a terminal
OUTCOMES = {
    "published": "green",
    "would_publish": "green",
    "unchanged": "green",
    "not_due": "green",
    "restored": "yellow",
    "yielded": "yellow",
    "failed": "red",
}


class Column(Struct, frozen=True):
    """A column of a table: text on one line, unless one of these is set.

    `number`: aligned to the right. `wraps`: may take several lines. `rest`: wraps too, and takes
    the width that the other columns leave. `styles`: the colour of a cell that begins with a word.
    """

    name: str
    number: bool = False
    wraps: bool = False
    rest: bool = False
    styles: Mapping[str, str] = field(default_factory=dict)

    def style(self, cell: str) -> str:
        return self.styles.get(cell.partition(" ")[0], "")


def print_table(
    title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, title_style: str = ""
) -> None:
    """Print rows of one cell for each column, as wide as the terminal.

    Brackets and colons are not taken for markup, since sources and readers may write any text.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title, title_style),
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in columns:
        wraps = column.wraps or column.rest
        table.add_column(
            column.name,
            no_wrap=not wraps,
            overflow="fold" if wraps else "ellipsis",
            justify="right" if column.number else "left",
            ratio=1 if column.rest else None,
        )
    for row in rows:
        cells = zip(columns, row, strict=True)
        table.add_row(*(Text(cell, column.style(cell)) for column, cell in cells))
    _console().print(table)


def print_sentence(text: str) -> None:
    """Print a sentence below a table, wrapped between words at the same width."""
    from rich.text import Text

    _console().print(Text(text))


def print_json(content: object) -> None:
    """Print anything that msgspec can encode, indented."""
    print(msgspec.json.format(to_json(content), indent=2))


def to_json(content: object) -> str:
    """Encode as JSON; names that are not UTF-8 keep their odd bytes as lone surrogates."""
    try:
        return msgspec.json.encode(content).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(content))


def _console() -> "Console":
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
