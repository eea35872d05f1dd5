"""Set up Jinja for every page of this project."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(
    folder: Path, *, extensions: Sequence[str] = (), keep_trailing_newline: bool = False
) -> Environment:
    """Return an environment that escapes values and refuses unknown names."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
        extensions=extensions,
    )
