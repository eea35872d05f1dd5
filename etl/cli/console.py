"""Figures and names, put for people. Pure."""

from unicodedata import category

UNITS = ("kB", "MB", "GB", "TB")


def counted(count: int, size: int) -> str:
    """`1,024 objects, 3.1 MB`."""
    if not count:
        return "no objects"
    return f"{count:,} object{'s' if count > 1 else ''}, {human(size)}"


def human(size: float) -> str:
    """Bytes in a unit that leaves at most four digits: `999 B`, `3.1 MB`."""
    if size < 1000:
        return f"{size:.0f} B"
    for unit in UNITS[:-1]:
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} {UNITS[-1]}"


def printable(text: str) -> str:
    """What could upset a terminal or a line of text is shown by its code."""
    return "".join(
        char if category(char) not in ("Cc", "Cs", "Zl", "Zp") else ascii(char)[1:-1]
        for char in text
    )
