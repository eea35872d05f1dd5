"""stats.json: the source's own shape with `new` repaired, a drop-in replacement.

The text is put together column by column in Arrow, some countries at a time, in the source's order.
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

from etl.outputs.values import joined, spans
from etl.transform import MEASURES, starts

PIECE_ROWS = 10_000


def write_stats(
    path: Path, entities: pd.DataFrame, rows: pd.DataFrame, measures: str, since: date | None
) -> int:
    """Write the countries of `entities` (`country_key, country`); the number of rows written.

    `new` here is the difference to the row before (0 before the first), across gaps too: whole
    numbers as readers of this shape expect them, that add up to `cumulative`.
    """
    kinds = [kind for kind in ("new", "cumulative") if measures in ("all", kind)]
    written = 0
    with path.open("wb") as file:
        comma = b"["
        for batch in _batches(entities, rows):
            before = [_first(rows, index, since) for _, _, index in batch]
            lengths = [len(index) - n for (_, _, index), n in zip(batch, before, strict=True)]
            kept = [
                np.arange(len(index)) >= n for (_, _, index), n in zip(batch, before, strict=True)
            ]
            days = _days(rows, np.concatenate([index for _, _, index in batch]), kinds)
            texts = joined(days.filter(pa.array(np.concatenate(kept))), lengths)
            for (key, name, _), text in zip(batch, texts, strict=True):
                head = msgspec.json.encode({"key": key, "name": name})
                file.writelines([comma, b'{"country":', head, b',"dates":{', text.encode(), b"}}"])
                comma = b","
            written += sum(lengths)
        file.write(b"]" if comma == b"," else b"[]")
    return written


Located = tuple[str, str, NDArray[np.int64]]  # a country's key, its name, where its rows are


def _batches(entities: pd.DataFrame, rows: pd.DataFrame) -> Iterator[list[Located]]:
    """The countries in their order, a few at a time: enough rows to be worth a call of Arrow."""
    where = {key: np.arange(begin, end) for key, begin, end in spans(rows)}
    batch: list[Located] = []
    held = 0
    for key, name in zip(entities["country_key"], entities["country"], strict=True):
        batch.append((key, name, where[key]))
        held += len(where[key])
        if held >= PIECE_ROWS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _first(rows: pd.DataFrame, index: NDArray[np.int64], since: date | None) -> int:
    """How many of a country's rows lie before `since`."""
    if since is None:
        return 0
    dates = rows["date"].to_numpy()[index]
    return int(np.searchsorted(dates, np.datetime64(since, "s")))


def _days(rows: pd.DataFrame, index: NDArray[np.int64], kinds: list[str]) -> pa.Array:
    """'"2020-01-22":{"new":{...},"cumulative":{...}}' for each of the rows."""
    first = starts(rows)[index]
    parts: list[object] = ['"', _text(rows["date"].to_numpy()[index].astype("datetime64[D]"))]
    glue = '":{'
    for kind in kinds:
        glue += f'"{kind}":{{'
        for measure in MEASURES:
            values = rows[f"cumulative_{measure}"].to_numpy()[index]
            if kind == "new":
                values = np.where(first, values, np.diff(values, prepend=np.int32(0)))
            parts += [f'{glue}"{measure}":', _text(values)]
            glue = ","
        glue = "},"
    return pc.binary_join_element_wise(*parts, "}}", "")


def _text(values: NDArray[Any]) -> pa.Array:
    return pa.array(values).cast(pa.string())
