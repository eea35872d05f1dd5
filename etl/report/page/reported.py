"""How the source reported a series, for the notes beside the chart. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from etl.report.page.encoding import WEEK, Values

WEEKLY_FROM = 4  # reports in the last LOOKED_AT, each a week after the one before
LOOKED_AT = 8 * WEEK


class Reporting(Struct, frozen=True, omit_defaults=True):
    """Days are counted from 1970-01-01.

    `lowered`: the days on which the source lowered a total, by column. `missing`: how many days
    within the series have no figure, the first and the last of them.
    """

    lowered: Mapping[str, Sequence[int]] = {}
    missing: Sequence[int] = ()
    weekly: bool = False


def describe(day: int, by_name: Mapping[str, Values], silent_from: int | None) -> Reporting:
    """Describe a series from its columns, which have a value for every day from `day` on.

    Days of silence, from `silent_from` on, are not counted as missing.
    """
    lowered = {
        name: (day + at).tolist()
        for name in ("cumulative_cases", "cumulative_deaths")
        if name in by_name and len(at := _lowered(by_name[name]))
    }
    total = by_name.get("cumulative_cases")
    average = by_name.get("cases_7d_avg")
    unknown = np.zeros(len(next(iter(by_name.values()))), bool)
    if total is not None:
        unknown |= np.isnan(total)
    if average is not None:
        unknown[WEEK:] |= np.isnan(average[WEEK:])
    if silent_from is not None:
        unknown[max(silent_from - day, 0) :] = False
    weekly = total is not None and _is_weekly(total)
    at = np.flatnonzero(unknown)
    missing = (len(at), day + int(at[0]), day + int(at[-1])) if len(at) and not weekly else ()
    return Reporting(lowered, missing, weekly)


def _lowered(total: Values) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    known = np.flatnonzero(~np.isnan(total))
    return known[1:][np.diff(total[known]) < 0]


def _is_weekly(total: Values) -> bool:
    """Say whether a total rose once a week in the last weeks before its last rise."""
    known = np.flatnonzero(~np.isnan(total))
    rises = known[1:][np.diff(total[known]) > 0]
    recent = rises[rises > rises[-1] - LOOKED_AT] if len(rises) else rises
    return len(recent) >= WEEKLY_FROM and bool((np.diff(recent) >= WEEK).all())
