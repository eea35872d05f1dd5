"""Whether a source is stale. Pure, and without pandas: an unchanged run needs it too."""

from datetime import date

STALE = "the source is stale"


def stale_warnings(last: date, today: date, after_days: int) -> list[str]:
    """Return a warning if the source's last date is more than `after_days` days ago."""
    days = (today - last).days
    if days <= after_days:
        return []
    return [f"{STALE}: its last date is {last}, {days} days ago"]
