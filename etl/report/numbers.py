"""Format numbers for people. Pure.

The command line writes a hyphen for a minus; pages have the minus character itself (`typeset`,
`typeset_change`, `typeset_share`).
"""

MISSING = "\u2013"  # for None and NaN, the missing number among floats
MINUS = "\u2212"
UNITS = ("kB", "MB", "GB", "TB")


def number(value: float | None, places: int = 0) -> str:
    """Write `1,234.5`, or MISSING for None and NaN."""
    return MISSING if value is None or value != value else f"{value:,.{places}f}"


def step(before: int | None, after: int | None) -> str:
    """Write the change from one count to the next; the text is empty for zero and unknown."""
    return "" if before is None or after in (None, before) else f"{after - before:+,}"


def typeset(value: float | None, places: int = 0) -> str:
    """Write `1,234.5` for a page, or MISSING; a value that rounds to zero has no sign."""
    if value is None or value != value:
        return MISSING
    return number(round(value, places) + 0.0, places).replace("-", MINUS)


def typeset_change(value: float | None, places: int = 0) -> str:
    """Write `+1,234` for a page, or MISSING; what rounds to zero has no sign."""
    if value is None or value != value:
        return MISSING
    return f"{'+' if round(value, places) > 0 else ''}{typeset(value, places)}"


def typeset_share(share: float | None) -> str:
    """Write a share in percent for a page, or MISSING; the smallest one is not shown as zero."""
    if share is None or share != share:
        return MISSING
    return "under 0.01%" if 0 < share < 0.0001 else f"{typeset(share * 100, 2)}%"


def counted(count: int, size: int) -> str:
    """Write `1,024 objects, 3.1 MB`."""
    if not count:
        return "no objects"
    return f"{plural(count, 'object')}, {human(size)}"


def plural(count: int, what: str) -> str:
    """Write `1 object`, `1,024 objects`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def human(size: float) -> str:
    """Write bytes in a unit that leaves at most four digits: `999 B`, `3.1 MB`."""
    if size < 1000:
        return f"{size:.0f} B"
    for unit in UNITS[:-1]:
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} {UNITS[-1]}"
