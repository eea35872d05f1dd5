"""How each series' figures were revised from snapshot to snapshot, added up. Pure.

A cell is one measure of one series on one day. The measures are the cumulative counts, or the new
ones where a source has no cumulative ones. Tallies can be added up in any order and grouping.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources import MEASURES
from etl.extract.sources.table import CUMULATIVE, NEW, starts
from etl.transform.changes import Comparison, Tally

# How columns add up: snapshots, cells compared and restated, the net change, the last snapshot
# that restated a cell.
COUNTS = {"snapshots": "sum", "compared": "sum", "restated": "sum", "net": "sum", "revised": "max"}
TEXTS = ["revised", "date", "snapshot"]
BIGGEST = ["size", "date", "snapshot", "before", "after"]  # of the cell that was restated most


def tally(before: pd.DataFrame | None, after: pd.DataFrame, snapshot: str) -> pd.DataFrame:
    """Compare two snapshots that have the columns of `vintages.schema`, sorted by key and date.

    `before` is None for the first snapshot. Returns a row per series and measure: the names of the
    series, `seen` (the snapshot), `measure`, and the columns COUNTS and BIGGEST. Where nothing was
    restated, text is empty, and `before` and `after` are missing.
    """
    key, names = levels.key(after), levels.names(levels.level(after))
    rows = after.assign(**{key: after[key].astype("category")})
    measures = _measures(after)
    comparison = Comparison(rows, measures, each_series=True)
    if before is not None:
        comparison.add(before)
    first = starts(rows)
    listed = after.loc[first, names].astype("str").reset_index(drop=True)
    listed = listed.assign(seen=snapshot, snapshots=1)
    codes, days = rows[key].cat.codes.to_numpy()[first], rows["date"].to_numpy()
    found = [
        listed.assign(
            measure=measure.partition("_")[2],
            **_of_measure(comparison.tally(measure), codes, days, snapshot),
        )
        for measure in measures
    ]
    # the same types in every frame, so that an empty one changes none when they are combined
    return pd.concat(found, ignore_index=True).astype(dict.fromkeys(TEXTS, object))


def _measures(after: pd.DataFrame) -> list[str]:
    """List the cumulative measures that a snapshot has, or the new ones if it has no others."""
    told = [*CUMULATIVE, *NEW]
    has = [measure for measure in told if after[measure].notna().any()]
    return [measure for measure in has if measure in CUMULATIVE] or has or told[:1]


def _of_measure(
    tally: Tally, codes: NDArray[np.integer[Any]], days: NDArray[Any], snapshot: str
) -> dict[str, NDArray[Any]]:
    """Return the columns COUNTS and BIGGEST, indexed by the codes of the series."""
    columns = ["size", "code", "row", "before", "after"]
    biggest = pd.DataFrame(tally.cells.T, columns=columns).set_index("code").reindex(codes)
    restated = tally.restated[codes]
    restating = np.where(restated > 0, snapshot, "")
    return {
        "compared": tally.compared[codes].astype(float),
        "restated": restated.astype(float),
        "net": tally.net[codes],
        "revised": restating,
        "size": biggest["size"].fillna(0).to_numpy(),
        "date": np.array(
            ["" if np.isnan(row) else str(days[int(row)])[:10] for row in biggest["row"]]
        ),
        "snapshot": restating,
        "before": biggest["before"].to_numpy(),
        "after": biggest["after"].to_numpy(),
    }


def together(tallies: pd.DataFrame) -> pd.DataFrame:
    """Add up concatenated tallies: a row per series and measure, with the latest names."""
    key = levels.key(tallies)
    ordered = tallies.sort_values("seen", kind="stable", ignore_index=True)
    groups = ordered.groupby([key, "measure"], sort=True)
    last = dict.fromkeys([*levels.names(levels.level(tallies))[1:], "seen"], "last")
    biggest = ordered.loc[groups["size"].idxmax(), [key, "measure", *BIGGEST]]
    summed = groups.agg(last | COUNTS).reset_index()
    return summed.merge(biggest, on=[key, "measure"])[list(tallies.columns)]


def summary(tallied: pd.DataFrame) -> pd.DataFrame:
    """Sum up tallies: one row per series, the most restated first.

    Columns: the names, `snapshots`, `cells_compared` and `cells_restated` of all measures, `net_*`
    of each, `last_revised`, and `biggest_*` of the cell that was restated most. Days are text;
    where nothing was restated, these are missing.
    """
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
    revised = groups["revised"].max()
    table["last_revised"] = revised.where(revised != "", None)
    restated = most["size"] > 0
    for name in ("measure", "date", "snapshot"):
        table[f"biggest_{name}"] = most[name].where(restated, None)
    for name in ("before", "after"):
        table[f"biggest_{name}"] = most[name].where(restated).astype("Int64")
    table = table.reset_index()
    return table.sort_values(["cells_restated", key], ascending=[False, True], ignore_index=True)
