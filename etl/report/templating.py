"""Jinja as every page here uses it."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(
    folder: Path, *, extensions: Sequence[str] = (), keep_trailing_newline: bool = False
) -> Environment:
    """Load templates from a folder; values are escaped, and an unknown name is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
        extensions=extensions,
    )
