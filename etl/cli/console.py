"""Figures and names, put for people. Pure."""

from unicodedata import category


def printable(text: str) -> str:
    """What could upset a terminal or a line of text is shown by its code."""
    return "".join(
        char if category(char) not in ("Cc", "Cs", "Zl", "Zp") else ascii(char)[1:-1]
        for char in text
    )
