"""Build data frames: a source's rows, the table of countries, the tidy table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from etl.extract.facts import FACT_COLUMNS
from etl.extract.sources import MEASURES
from etl.transform.derive import tidy
from etl.transform.repair import repair

Day = tuple[str, int, int, int]  # its date, then cumulative cases, deaths, recoveries
MOST = 2**31 - 1  # the greatest count a source may have
TEXTS = FACT_COLUMNS[:6]
some = settings(max_examples=25)  # for tests that make a table each time


def days(
    first: str, cases: Sequence[int], deaths: Sequence[int] = (), recoveries: Sequence[int] = ()
) -> list[Day]:
    """Return consecutive days; counts that aren't given are 0."""
    nothing = [0] * len(cases)
    start = date.fromisoformat(first)
    dates = [str(start + timedelta(days=n)) for n in range(len(cases))]
    return list(zip(dates, cases, deaths or nothing, recoveries or nothing, strict=True))


def rows(**series: Sequence[Day]) -> pd.DataFrame:
    """Return rows as in SourceTable.rows: `rows(spain=[("2020-03-01", 10, 1, 0), ...])`.

    An underscore in a name becomes a hyphen in the key. `new_*` is as the source has it: the whole
    count on the first day, then max(difference, 0).
    """
    listed = sorted((name.replace("_", "-"), values) for name, values in series.items())
    keys = [key for key, _ in listed]
    counts = [np.array([day[1:] for day in v], np.int64).reshape(-1, 3) for _, v in listed]
    new = [np.maximum(np.diff(count, axis=0, prepend=0), 0) for count in counts]
    dates = [day[0] for _, values in listed for day in values]
    columns: dict[str, Any] = {
        "country_key": pd.Categorical.from_codes(
            np.repeat(np.arange(len(keys)), [len(count) for count in counts]),
            categories=pd.Index(keys, dtype="str"),
        ),
        "date": np.array(dates, dtype="datetime64[D]").astype("datetime64[s]"),
    }
    for kind, values in (("new", new), ("cumulative", counts)):
        table = np.concatenate([*values, np.empty((0, 3), np.int64)]).astype(np.int32)
        columns |= {f"{kind}_{measure}": table[:, n] for n, measure in enumerate(MEASURES)}
    return pd.DataFrame(columns)


def countries(*keys: str, **about: Mapping[str, object]) -> pd.DataFrame:
    """Return what merge.attach returns: `countries("spain", france={"population": 67_000_000})`.

    A country's name is derived from its key; fields that aren't given are missing.
    """
    named: dict[str, Mapping[str, object]] = {key: {} for key in keys}
    named |= {name.replace("_", "-"): facts for name, facts in about.items()}
    listed = [
        {"country_key": key, "country": key.replace("-", " ").title(), **facts}
        for key, facts in named.items()
    ]
    frame = pd.DataFrame(listed, columns=["country_key", "country", "iso2", "iso3", *FACT_COLUMNS])
    types = dict.fromkeys(frame.columns[:4], "str") | dict.fromkeys(TEXTS, "category")
    numbers = {"gdp_per_unit_of_energy_use": "float64", "urban_population_pct": "float64"}
    texts = frame.astype(dict.fromkeys(TEXTS, "str"))
    return texts.astype({**types, **numbers, "population": "Int64"})


def tidied(
    table: pd.DataFrame, about: pd.DataFrame | None = None, stale: Iterable[str] = ()
) -> pd.DataFrame:
    """Return the tidy table of a source's rows."""
    if about is None:
        about = countries(*table["country_key"].cat.categories)
    return tidy(repair(table)[0], about, set(stale))


def values(table: pd.DataFrame, column: str, key: str | None = None) -> list[Any]:
    """Return a column, of one country if `key` is given; missing values as None, days as text."""
    if key is not None:
        table = table[table["country_key"] == key]
    cells = [None if pd.isna(cell) else cell for cell in table[column].tolist()]
    cells = [c.date() if isinstance(c, pd.Timestamp) else c for c in cells]
    return [str(c) if isinstance(c, date) else c for c in cells]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw rows of 1 to 4 countries with different first and last days, gaps, corrections."""
    count = st.integers(0, 100) | st.integers(0, MOST)
    day_after = st.tuples(st.sampled_from([1, 1, 1, 2, 9]), count, count, count)
    series: dict[str, list[Day]] = {}
    for key in draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)):
        day = date(2020, 1, 22) + timedelta(days=draw(st.integers(0, 30)))
        series[key] = []
        for step, *counts in draw(st.lists(day_after, min_size=1, max_size=12)):
            day += timedelta(days=step)
            series[key].append((str(day), counts[0], counts[1], counts[2]))
    return rows(**series)
