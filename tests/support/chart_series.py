"""The chart's series, decoded as the page's script decodes them."""

from typing import Any

import numpy as np
import pandas as pd

from etl.report.page.encoding import AVERAGES


def decoded(
    found: dict[str, Any], line: dict[str, Any], name: str, steps: str = "steps"
) -> "pd.Series[Any]":
    """Return a line's column: a value for every day, NaN where unknown."""
    at = found["columns"].index(name)
    moves = line[steps][at]
    if moves == 0:
        total = decoded(found, line, AVERAGES[name], steps)
        return (total - total.shift(7 // found["every"])) / 7
    moves = moves or [None] * next(len(m) for m in line[steps] if isinstance(m, list))
    known = np.cumsum([move or 0 for move in moves]) / found["scales"][at]
    values = np.where([move is None for move in moves], np.nan, known)
    days = line["first"] + found["every"] * np.arange(len(values))
    return pd.Series(values, pd.to_datetime(days * 86400, unit="s"))
