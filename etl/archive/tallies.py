"""How each series' figures were revised from snapshot to snapshot. Pure.

A cell is a measure of a series on a day: of the cumulative counts where there are any, else of the
new ones. Tallies have a row a series and measure, and add up: those of some snapshots with those of
others make those of all.
"""

import numpy as np
import pandas as pd

from etl.extract import levels
from etl.extract.sources import MEASURES
from etl.extract.sources.table import CUMULATIVE, NEW

# of a row: so many snapshots, cells and restated ones, what those come to, and when the last was
COUNTS = {"snapshots": "sum", "compared": "sum", "restated": "sum", "net": "sum", "revised": "max"}
BIGGEST = ["size", "date", "snapshot", "before", "after"]  # of the cell that was restated most


def tally(before: pd.DataFrame | None, after: pd.DataFrame, snapshot: str) -> pd.DataFrame:
    """Of two snapshots, in `vintages.schema`'s columns; None: there is none before.

    `net` is, of a cumulative measure, the difference on the last day that both have.
    """
    key, told = levels.key(after), [*CUMULATIVE, *NEW]
    has = [m for m in told if after[m].notna().any()]
    used = [m for m in has if m in CUMULATIVE] or has
    names = levels.names(levels.level(after))
    listed = after[names].drop_duplicates(key).assign(seen=snapshot, snapshots=1)
    both = after.merge(after.iloc[:0] if before is None else before, on=[key, "date"])
    found = [
        listed.assign(measure=measure.partition("_")[2]).merge(
            _of_measure(both, key, measure, snapshot), on=key, how="left"
        )
        for measure in used or told[:1]
    ]
    whole = pd.concat(found, ignore_index=True)
    for name in ("compared", "restated", "net", "size"):
        whole[name] = whole[name].fillna(0)
    for name in ("revised", "date", "snapshot"):
        whole[name] = whole[name].fillna("").astype(object)
    return whole


def _of_measure(both: pd.DataFrame, key: str, measure: str, snapshot: str) -> pd.DataFrame:
    was = both[f"{measure}_y"].to_numpy(float, na_value=np.nan)
    now = both[f"{measure}_x"].to_numpy(float, na_value=np.nan)
    differ = (was != now) & ~(np.isnan(was) & np.isnan(now))
    change = np.where(differ, np.nan_to_num(now) - np.nan_to_num(was), 0.0)
    cells = pd.DataFrame(
        {
            key: both[key],
            "compared": 1.0,
            "restated": differ.astype(float),
            "net": change,
            "size": np.abs(change),
            "date": both["date"].astype(str),
            "snapshot": snapshot,
            "before": was,
            "after": now,
        }
    )
    groups = cells.groupby(key, sort=False)
    last = "last" if measure in CUMULATIVE else "sum"
    counts = groups.agg({"compared": "sum", "restated": "sum", "net": last})
    counts["revised"] = np.where(counts["restated"] > 0, snapshot, "")
    return counts.join(
        cells.loc[groups["size"].idxmax(), [key, *BIGGEST]].set_index(key)
    ).reset_index()


def together(tallies: pd.DataFrame) -> pd.DataFrame:
    """Tallies, one below the other, as one: a row a series and measure, names as seen last."""
    key = levels.key(tallies)
    ordered = tallies.sort_values("seen", kind="stable", ignore_index=True)
    groups = ordered.groupby([key, "measure"], sort=True)
    last = dict.fromkeys([*levels.names(levels.level(tallies))[1:], "seen"], "last")
    biggest = ordered.loc[groups["size"].idxmax(), [key, "measure", *BIGGEST]]
    summed = groups.agg(last | COUNTS).reset_index()
    return summed.merge(biggest, on=[key, "measure"])[list(tallies.columns)]


def summary(tallied: pd.DataFrame) -> pd.DataFrame:
    """One row a series, the most restated first; counts of all measures, `net_*` of each one."""
    key = levels.key(tallied)
    names = levels.names(levels.level(tallied))[1:]
    ordered = tallied.sort_values([key, "size"], ascending=[True, False], kind="stable")
    groups, most = ordered.groupby(key), ordered.drop_duplicates(key).set_index(key)
    table = most[names].assign(
        snapshots=groups["snapshots"].max(),
        cells_compared=groups["compared"].sum().astype("int64"),
        cells_restated=groups["restated"].sum().astype("int64"),
    )
    for measure in MEASURES:
        net = ordered[ordered["measure"] == measure].set_index(key)["net"]
        table[f"net_{measure}"] = net.reindex(table.index).astype("Int64")
    table["last_revised"] = groups["revised"].max()
    restated = most["size"] > 0
    for name in ("measure", "date", "snapshot"):
        table[f"biggest_{name}"] = most[name].where(restated, "")
    for name in ("before", "after"):
        table[f"biggest_{name}"] = most[name].where(restated).astype("Int64")
    table = table.reset_index()
    return table.sort_values(["cells_restated", key], ascending=[False, True], ignore_index=True)
