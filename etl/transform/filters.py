"""The filters KEEP, SINCE and COUNTRIES, in pure pandas."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from msgspec import Struct

from etl.extract.sources.table import CUMULATIVE, NEW
from etl.transform.columns import Field

FROM_NEW = [*NEW, "cases_7d_avg", "deaths_7d_avg", "cases_7d_per_100k"]
FROM_CUMULATIVE = [*CUMULATIVE, "active", "case_fatality"]


class ShownColumns(Struct, frozen=True):
    """Which columns the tables have: KEEP, those of TABLES and TRANSFORM, and those it dropped."""

    measures: str
    own: Sequence[Field] = ()
    dropped: Collection[str] = ()

    def left_out(self) -> set[str]:
        return {*dropped(self.measures), *self.dropped}

    def of(self, columns: Iterable[Field], *, own: bool = True) -> list[Field]:
        """Return those of `columns` that are shown, and the user's `own` ones after them."""
        every = (*columns, *(self.own if own else ()))
        return [one for one in every if one.name not in self.left_out()]


def keep(table: pd.DataFrame, measures: str, since: date | None) -> pd.DataFrame:
    """Apply KEEP (`all`, `new`, `cumulative`) and SINCE to a table with any of the columns."""
    if since:
        table = table[table["date"] >= np.datetime64(since, "s")]
    left_out = [column for column in dropped(measures) if column in table.columns]
    return table.drop(columns=left_out) if left_out else table


def dropped(measures: str) -> list[str]:
    """Return the columns that KEEP leaves out."""
    return {"all": [], "new": FROM_CUMULATIVE, "cumulative": FROM_NEW}[measures]


def select(countries: pd.DataFrame, wanted: tuple[str, ...]) -> tuple[pd.DataFrame, list[str]]:
    """Apply COUNTRIES: select by name, key or ISO code, in any case.

    Regions and places are selected by their country's name or code, or by a key of any level.
    Returns the selected rows, and the names in `wanted` that match nothing.
    """
    if not wanted:
        return countries, []
    names = {name.casefold() for name in wanted}
    fits = np.zeros(len(countries), dtype=bool)
    found: set[str] = set()
    keys = [name for name in countries.columns if name.endswith("_key")]
    for column in (*keys, "country", "iso2", "iso3"):
        values = countries[column].astype("str").str.casefold()
        hit = values.isin(names).to_numpy()
        fits |= hit
        found |= set(values[hit])
    return countries[fits], [name for name in wanted if name.casefold() not in found]
