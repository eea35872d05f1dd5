"""Recompute `new_*` from `cumulative_*`. Pure."""

import numpy as np
import pandas as pd
from msgspec import Struct

from etl.extract.sources.table import counts, day_numbers, measures, starts
from etl.transform.silence import add_unreported, unreported


class Corrections(Struct, frozen=True):
    """What `repair` found, in cells (a measure of a series on a day) and in days.

    `new_recomputed`: the source's `new_*` was wrong. `new_negative`: the source corrected itself.
    `new_unknowable`: there is no count for the day before. `days_missing`: gaps in the series.
    `not_reported`: the new count is blank and the cumulative one repeated (see silence).
    The others are those of the reader's `Mended`.
    """

    new_recomputed: int = 0
    new_negative: int = 0
    new_unknowable: int = 0
    days_missing: int = 0
    not_reported: int = 0
    negative_missing: int = 0
    names_replaced: int = 0
    rows_nameless: int = 0


def repair(rows: pd.DataFrame) -> tuple[pd.DataFrame, Corrections]:
    """Recompute `new_*` from `cumulative_*` for the source's measures; ignore its own `new_*`.

    `rows` has SourceTable's columns. A new count is the difference from the day before: negative
    where the source corrected itself, missing (Int32) where one of the two days is missing or not
    reported. Adds `unreported_*` where some counts are not reported (see `silence`).
    """
    first = starts(rows)
    steps = np.diff(day_numbers(rows), prepend=0)
    missing_days = int((steps[~first] - 1).sum())
    recomputed = negative = unknowable = silent = 0
    repaired = add_unreported(rows).copy(deep=False)
    for measure in measures(rows):
        count, counted = counts(rows[f"cumulative_{measure}"])
        silent += int((quiet := unreported(repaired, measure)).sum())
        counted = counted & ~quiet
        known = ~first & (steps == 1) & counted & np.r_[True, counted[:-1]][: len(counted)]
        new = np.diff(count, prepend=np.int32(0))
        if f"new_{measure}" in rows:
            given, is_given = counts(rows[f"new_{measure}"])
            recomputed += int((new != given)[known & is_given].sum())
        negative += int((new < 0)[known].sum())
        unknowable += int((counted & ~known & ~first).sum())
        repaired[f"new_{measure}"] = pd.arrays.IntegerArray(np.where(known, new, 0), ~known)
    return repaired, Corrections(recomputed, negative, unknowable, missing_days, silent)
