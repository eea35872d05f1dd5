"""stats.json: a drop-in replacement for coviddata's own file, with `new` repaired.

The JSON text is built in Arrow, column by column and some countries at a time. Countries are in the
source's order.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.extract import levels
from etl.extract.sources import MEASURES
from etl.extract.sources.table import counts, measures, starts
from etl.load.values import joined, records, spans
from etl.transform.silence import last_known, unreported

PIECE_ROWS = 6_000


def write_stats(
    path: Path, entities: pd.DataFrame, rows: pd.DataFrame, keep: str, since: date | None
) -> int:
    """Write the countries of `entities` (keys and names). Return the number of rows written.

    `new` is the difference to the last known count (0 before the first), also across gaps, so
    that the numbers are whole and add up to `cumulative`, as readers of this shape expect. A
    missing count is null, and so is `new` where the source did not report it, and every count of a
    measure that the source lacks.
    """
    kinds = [kind for kind in ("new", "cumulative") if keep in ("all", kind)]
    what = levels.WITHIN[levels.level(entities)][0]
    written = 0
    first, silent = starts(rows), {m: unreported(rows, m) for m in measures(rows)}
    dates = rows["date"].to_numpy()
    with path.open("wb") as file:
        comma = b"["
        for batch in _batches(entities, rows):
            index = np.concatenate([index for _, index in batch])
            here = {measure: found[index] for measure, found in silent.items()}
            days = _days(rows.iloc[index], first[index], here, kinds)
            lengths = [len(index) for _, index in batch]
            if since:
                kept = [dates[index] >= np.datetime64(since, "s") for _, index in batch]
                days = days.filter(pa.array(np.concatenate(kept)))
                lengths = [int(one.sum()) for one in kept]
            texts = joined(days, lengths)
            for (about, _), text in zip(batch, texts, strict=True):
                head = msgspec.json.encode(about)
                begin = f'{{"{what}":'.encode()
                file.writelines([comma, begin, head, b',"dates":{', text, b"}}"])
                comma = b","
            written += sum(lengths)
        file.write(b"]\n" if comma == b"," else b"[]\n")
    return written


Located = tuple[dict[str, Any], NDArray[np.int32]]  # a country's names, positions of its rows


def _batches(entities: pd.DataFrame, rows: pd.DataFrame) -> Iterator[list[Located]]:
    """Yield the countries in order, in batches with enough rows to be worth a call of Arrow."""
    where = {key: (begin, end) for key, begin, end in spans(rows)}
    batch: list[Located] = []
    held = 0
    level, key = levels.level(entities), levels.key(entities)
    for row in records(entities[levels.names(level)]):
        index = np.arange(*where[row[key]], dtype=np.int32)
        batch.append((_about(level, row), index))
        held += len(index)
        if held >= PIECE_ROWS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _about(level: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a series' key and name; for a region or place, also those of what it is part of."""
    own, *around = levels.WITHIN[level]
    about: dict[str, Any] = {"key": row[f"{own}_key"], "name": row[own]}
    if around:
        names = [row[what] for what in (own, *around) if row[what] is not None]
        about |= {"full_name": ", ".join(names), "country": _about("countries", row)}
    if "region" in around and row["region_key"] is not None:
        about["region"] = _about("regions", row)
    return about


def _days(
    rows: pd.DataFrame,
    first: NDArray[np.bool_],
    silent: dict[str, NDArray[np.bool_]],
    kinds: list[str],
) -> pa.Array:
    """Return '"2020-01-22":{"new":{...},"cumulative":{...}}' for each row.

    `first`: which rows begin a series; `silent`: in which rows the source did not report a measure.
    """
    dates = pa.array(rows["date"].to_numpy().astype("datetime64[D]"))
    parts: list[object] = ['"', dates.cast(pa.string())]
    glue = '":{'
    for kind in kinds:
        glue += f'"{kind}":{{'
        for measure in MEASURES:
            if measure not in silent:
                parts += [f'{glue}"{measure}":null']
                glue = ","
                continue
            count, known = counts(rows[f"cumulative_{measure}"])
            if kind == "new":
                before = last_known(known, first)
                count = count - np.where(before >= 0, count[before], np.int32(0))
                known = known & ~silent[measure]
            values = pa.array(count, mask=~known).cast(pa.string()).fill_null("null")
            parts += [f'{glue}"{measure}":', values]
            glue = ","
        glue = "},"
    return pc.binary_join_element_wise(*parts, "}}", "")
