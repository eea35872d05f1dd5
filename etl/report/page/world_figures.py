"""The figures of the world at the top of the page. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.report.numbers import typeset, typeset_change
from etl.report.page.averages import gained, world_averages


@dataclass(frozen=True)
class Figure:
    """One of the world's figures. `beside`: a sentence below it, with a blank for `change`."""

    heading: str
    text: str
    beside: str = ""
    change: str = ""


def world_figures(series: Mapping[str, Sequence[float | None]]) -> list[Figure]:
    """Return the last day's totals, and the averages compared with those a week before."""
    figures = []
    for measure, heading in (("cases", "Cases"), ("deaths", "Deaths")):
        total, new = (
            (series.get(f"{kind}_{measure}") or [None])[-1] for kind in ("cumulative", "new")
        )
        if total is not None:
            week = gained(series.get(f"cumulative_{measure}") or [], -1)
            said = "{change} on the last day"
            if new is not None and new < 0:
                said = "{change} on the last day: the source lowered its total"
            if new is None:  # one day's share is not known where the source is weekly
                new, said = week, "{change} in the last 7 days"
            moved = () if new is None else (said, typeset_change(new) if new else "+0")
            figures.append(Figure(heading, typeset(total), *moved))
    for measure, heading in (("cases", "Cases a day"), ("deaths", "Deaths a day")):
        averages = world_averages(series, measure)
        now, before = (averages[at] if len(averages) >= -at else None for at in (-1, -8))
        if now is not None:
            figures.append(Figure(heading, typeset(now), *_change(now, before)))
    return figures


def _change(now: float, before: float | None) -> tuple[str, str]:
    if before is None or before <= 0:
        return "average of the last 7 days", ""
    change = round(100 * (now / before - 1))
    return "{change} on the 7 days before", f"{typeset_change(change)}%"
