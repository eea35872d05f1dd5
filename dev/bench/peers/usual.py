"""Do what the usual script does between download and upload, with nothing but pandas.

The table has this project's columns: recomputed new counts, 7-day averages, incidence, case
fatality, stale series, facts about the country. Facts are merged by name, so countries that the two
inputs name differently get none (this project matches them by ISO code).
"""

import pandas as pd
from rows import MEASURES, Row


def table(rows: list[Row], facts: str | None) -> pd.DataFrame:
    """Return the tidy table; `facts` is the path of InfoPaisosExtra."""
    frame = pd.DataFrame(rows)
    if facts is None:
        return frame
    frame["date"] = pd.to_datetime(frame["date"])
    frame = frame.sort_values(["country_key", "date"])
    by_country = frame.groupby("country_key")
    for measure in MEASURES:
        frame[f"new_{measure}"] = by_country[f"cumulative_{measure}"].diff()
    for measure in ("cases", "deaths"):
        week = by_country[f"new_{measure}"].rolling(7).mean()
        frame[f"{measure}_7d_avg"] = week.reset_index(level=0, drop=True)
    frame["stale"] = by_country["date"].transform("max") < frame["date"].max() - pd.Timedelta("14d")
    frame["case_fatality"] = frame["cumulative_deaths"] / frame["cumulative_cases"]
    known = pd.read_excel(facts, keep_default_na=False, na_values=["NA", ""])
    frame = frame.merge(known, how="left", left_on="country", right_on="COUNTRY")
    week_per_head = frame["cases_7d_avg"] * 7 / frame["Population_total"]
    frame["cases_7d_per_100k"] = week_per_head * 100_000
    return frame.drop(columns="COUNTRY")
