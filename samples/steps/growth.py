"""How fast cases grow, and how long they take to double.

growth_7d = A(t) / A(t - 7 days) - 1 and doubling_days = 7 ln 2 / ln(1 + growth_7d), where A is
`cases_7d_avg`. Missing where A is not above 0 on both days; doubling_days also where cases fall.
"""

import numpy as np
import pandas as pd

COLUMNS = {
    "growth_7d": ("share", "growth of the 7-day average of new cases within a week; 0.1 is 10 %"),
    "doubling_days": ("days", "days until the cases a day double, if they grow like last week"),
}
WEEK = pd.Timedelta(days=7)


def transform(table: pd.DataFrame) -> pd.DataFrame:
    series = table.groupby(table.columns[0], observed=True)
    a_week_apart = table["date"] - series["date"].shift(7) == WEEK
    average = table["cases_7d_avg"].where(table["cases_7d_avg"] > 0)
    before = series["cases_7d_avg"].shift(7)
    growth = average / before.where((before > 0) & a_week_apart) - 1
    doubling = 7 * np.log(2) / np.log1p(growth.where(growth > 0))
    return table.assign(growth_7d=growth.round(4), doubling_days=doubling.round(1))
