"""Numbers as people read them: in tables, and where the mouse rests on a chart. Pure."""

UNKNOWN = "\u2013"
UNITS = ("kB", "MB", "GB", "TB")


def count(value: float | None, places: int = 0) -> str:
    return UNKNOWN if _missing(value) else f"{value:,.{places}f}"


def change(value: float | None, places: int = 0) -> str:
    return UNKNOWN if _missing(value) else f"{value:+,.{places}f}" if value else "0"


def percent(value: float | None) -> str:
    return UNKNOWN if value is None or _missing(value) else f"{value * 100:.2f}"


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


def _missing(value: float | None) -> bool:
    return value is None or value != value  # a missing number among floats is NaN
