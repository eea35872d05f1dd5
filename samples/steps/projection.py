"""Where the cases a day may be in 14 days: Holt's linear trend, damped, on each series' last day.

ETS(A,Ad,N), its variance: Hyndman and Athanasopoulos, https://otexts.com/fpp3/ets-forecasting.html.
It carries the last trend on, weaker each day, and knows nothing of measures or variants.
"""

import numpy as np
import pandas as pd

H, A, B, PHI = 14, 0.5, 0.1, 0.9  # days; smoothing of level and trend; damping
FEWEST = 28  # days
COLUMNS = {
    "projected_cases_7d_avg": ("cases a day", "the 7-day average of new cases in 14 days"),
    "projected_low": ("cases a day", "lower end of the projection's 95 % interval"),
    "projected_high": ("cases a day", "upper end of the projection's 95 % interval"),
}
D, P = 1 - PHI, 1 - PHI**2
FIRST = B * PHI * H / D**2 * (2 * A * D + B * PHI)
SECOND = B * PHI * (1 - PHI**H) / (D**2 * P) * (2 * A * P + B * PHI * (1 + 2 * PHI - PHI**H))
SPREAD = 1.96 * np.sqrt(1 + A**2 * (H - 1) + FIRST - SECOND)


def project(values: list[float]) -> tuple[float, float, float]:
    level, trend, errors = values[0], 0.0, []
    for value in values[1:]:
        errors.append(value - level - PHI * trend)
        level, trend = level + PHI * trend + A * errors[-1], PHI * trend + B * errors[-1]
    middle = max(level + trend * PHI * (1 - PHI**H) / D, 0)
    half = SPREAD * np.std(errors[-90:])
    return middle, max(middle - half, 0), middle + half


def transform(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(**dict.fromkeys(COLUMNS, np.nan))
    for _, one in table.groupby(table.columns[0], observed=True):
        known = one["cases_7d_avg"].dropna().tolist()
        if len(known) >= FEWEST:
            table.loc[one.index[-1], list(COLUMNS)] = np.round(project(known), 1)
    return table
