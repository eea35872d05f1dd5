"""Jinja as every page here uses it: what comes in is escaped, and a name that is missing fails."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(
    folder: Path, *, extensions: Sequence[str] = (), keep_trailing_newline: bool = False
) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
        extensions=extensions,
    )
