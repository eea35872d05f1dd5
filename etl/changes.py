"""Today's table against the one that is published. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from etl import levels
from etl.transform import APART, CUMULATIVE, NEW, day_numbers


@dataclass(frozen=True)
class Changes:
    """`compared` cells (a measure of a country on a day) stand in both tables, of which
    `restated` differ; `gone` are the keys of countries that were published and aren't there now.
    `by_country` tells how many of `restated` each country's key has, those with most first.
    """

    compared: int = 0
    restated: int = 0
    gone: tuple[str, ...] = ()
    by_country: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def restated_share(self) -> float:
        return self.restated / self.compared if self.compared else 0.0


def compare(rows: pd.DataFrame, published: Iterable[pd.DataFrame]) -> Changes:
    """Compare repaired rows with the published table, which comes in pieces of any size.

    The pieces have the same key, `date` and those of `cumulative_*` (else `new_*`) that were
    published; a filter that was in force then does not show as a change.
    """
    key = levels.key(rows)
    keys = rows[key].cat.categories
    axis = rows[key].cat.codes.to_numpy().astype(np.int64) * APART + day_numbers(rows)
    compared = 0
    restated = np.zeros(len(keys), dtype=np.int64)
    gone: set[str] = set()
    for piece in published:
        names = piece[key].astype("category")
        code_of = keys.get_indexer(names.cat.categories)
        codes = code_of[names.cat.codes.to_numpy()]
        # in a filtered table the categories name more countries than its rows
        gone |= set(names.cat.categories[np.unique(names.cat.codes[codes < 0])])
        wanted = codes * APART + day_numbers(piece)
        at = np.minimum(np.searchsorted(axis, wanted), max(len(axis) - 1, 0))
        here = (codes >= 0) & (axis[at] == wanted) if len(axis) else np.zeros(len(piece), bool)
        both = [column for column in (*CUMULATIVE, *NEW) if column in piece and column in rows]
        for measure in [c for c in both if c in CUMULATIVE] or both:
            was = piece[measure].to_numpy(dtype=float, na_value=np.nan)[here]
            now = rows[measure].array[at[here]]
            is_now = np.asarray(pd.array(now).astype("Float64").to_numpy(float, np.nan))
            same = (was == is_now) | (np.isnan(was) & np.isnan(is_now))
            compared += len(same)
            restated += np.bincount(codes[here][~same], minlength=len(keys))
    most = np.argsort(-restated, kind="stable")
    by_country = {str(keys[n]): int(restated[n]) for n in most if restated[n]}
    return Changes(compared, int(restated.sum()), tuple(sorted(gone)), by_country)
