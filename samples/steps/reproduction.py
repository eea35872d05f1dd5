"""The effective reproduction number: how many people one infected person infects.

Cori et al. (2013), doi:10.1093/aje/kwt133: the posterior's mean over a window of 7 days,
(a + sum of I) / (1 / b + sum of L), with new cases I, L(t) = sum of w(k) I(t - k), the serial
interval's distribution w, and the prior a = 1, b = 5. The serial interval has a mean of 4.7 and a
standard deviation of 2.9 days (Nishiura et al. 2020, doi:10.1016/j.ijid.2020.02.060), as a gamma
density at whole days. With fewer than 11 cases in the window the number is missing.
"""

import numpy as np
import pandas as pd

COLUMNS = {
    "reproduction_number": ("people", "infected by one person, mean of Cori et al.'s method")
}
WINDOW, FEWEST, SHAPE_A, SCALE_B = 7, 11, 1.0, 5.0
MEAN, DEVIATION = 4.7, 2.9
DAYS = np.arange(1, 22)
DENSITY = DAYS ** ((MEAN / DEVIATION) ** 2 - 1) * np.exp(-DAYS * MEAN / DEVIATION**2)
WEIGHTS = np.concatenate([[0], DENSITY / DENSITY.sum()])


def reproduction(series: pd.DataFrame) -> pd.Series:
    total = series.set_index("date")["cumulative_cases"].astype(float).asfreq("D").interpolate()
    cases = total.diff().clip(lower=0).fillna(0)
    load = pd.Series(np.convolve(cases, WEIGHTS)[: len(cases)], cases.index)
    seen, expected = cases.rolling(WINDOW).sum(), load.rolling(WINDOW).sum()
    found = ((SHAPE_A + seen) / (1 / SCALE_B + expected)).where(seen >= FEWEST)
    return found.reindex(series["date"]).set_axis(series.index).round(3)


def transform(table: pd.DataFrame) -> pd.DataFrame:
    each = [reproduction(one) for _, one in table.groupby(table.columns[0], observed=True)]
    return table.assign(reproduction_number=pd.concat(each))
