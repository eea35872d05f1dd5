"""The world's averages of 7 days, from the series in world.json. Pure."""

from collections.abc import Mapping, Sequence


def world_averages(
    series: Mapping[str, Sequence[float | None]], measure: str
) -> list[float | None]:
    """Return the world's new cases or deaths a day, averaged over the 7 days up to each day.

    They come from the totals, or from the new counts where KEEP leaves the totals out. None where
    too little is known; without new counts the list is empty.
    """
    new, total = series.get(f"new_{measure}"), series.get(f"cumulative_{measure}")
    if new is None:
        return []
    if total is None:
        return [average(new, n + 1) for n in range(len(new))]
    return [None if (week := gained(total, n)) is None else week / 7 for n in range(len(total))]


def gained(total: Sequence[float | None], at: int) -> float | None:
    """Return what a total gained in the 7 days up to index `at`; None if it is not known."""
    at = at + len(total) if at < 0 else at
    if at < 7:
        return None
    now, before = total[at], total[at - 7]
    return None if now is None or before is None else now - before


def average(new: Sequence[float | None], end: int) -> float | None:
    """Return the average of the 7 days before index `end`; None if one of them is missing."""
    days = [value for value in new[max(end - 7, 0) : max(end, 0)] if value is not None]
    return sum(days) / 7 if len(days) == 7 else None
