"""Numbers as people read them: in tables, and where the mouse rests on a chart. Pure."""

UNKNOWN = "\u2013"


def count(value: float | None, places: int = 0) -> str:
    return UNKNOWN if _missing(value) else f"{value:,.{places}f}"


def change(value: float | None, places: int = 0) -> str:
    return UNKNOWN if _missing(value) else f"{value:+,.{places}f}" if value else "0"


def percent(value: float | None) -> str:
    return UNKNOWN if value is None or _missing(value) else f"{value * 100:.2f}"


def _missing(value: float | None) -> bool:
    return value is None or value != value  # a missing number among floats is NaN
