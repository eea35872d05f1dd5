"""stats.json: the source's own shape with `new` repaired, a drop-in replacement.

The text is put together column by column in Arrow, a country at a time, in the source's order.
"""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.transform import MEASURES, day_numbers, starts


def write_stats(
    path: Path, entities: pd.DataFrame, rows: pd.DataFrame, measures: str, since: date | None
) -> int:
    """Write the countries of `entities` (`country_key, country`); the number of rows written.

    `new` here is the difference to the row before (0 before the first), across gaps too: whole
    numbers as readers of this shape expect them, that add up to `cumulative`.
    """
    begins = np.flatnonzero(starts(rows))
    ends = [*begins[1:].tolist(), len(rows)]
    codes = rows["country_key"].cat.codes.to_numpy()[begins]
    where = {
        str(rows["country_key"].cat.categories[code]): (begin, end)
        for code, begin, end in zip(codes, begins.tolist(), ends, strict=True)
    }
    kinds = [kind for kind in ("new", "cumulative") if measures in ("all", kind)]
    written = 0
    with path.open("wb") as file:
        comma = b"["
        for key, name in zip(entities["country_key"], entities["country"], strict=True):
            begin, end = where[key]
            days = _days(rows.iloc[begin:end], kinds, since)
            head = msgspec.json.encode({"key": key, "name": name})
            file.writelines([comma, b'{"country":', head, b',"dates":{'])
            file.write(",".join(days).encode())
            file.write(b"}}")
            comma = b","
            written += len(days)
        file.write(b"]" if comma == b"," else b"[]")
    return written


def _days(country: pd.DataFrame, kinds: list[str], since: date | None) -> list[str]:
    """'"2020-01-22":{"new":{...},"cumulative":{...}}' for each day of one country."""
    first = 0
    if since:
        first = int(np.searchsorted(day_numbers(country), np.datetime64(since, "D").astype(int)))
    parts: list[object] = ['"', _text(country["date"].to_numpy().astype("datetime64[D]")[first:])]
    glue = '":{'
    for kind in kinds:
        glue += f'"{kind}":{{'
        for measure in MEASURES:
            values = country[f"cumulative_{measure}"].to_numpy()
            if kind == "new":
                values = np.diff(values, prepend=np.int32(0))
            parts += [f'{glue}"{measure}":', _text(values[first:])]
            glue = ","
        glue = "},"
    days: list[str] = pc.binary_join_element_wise(*parts, "}}", "").to_pylist()
    return days


def _text(values: NDArray[Any]) -> pa.Array:
    return pa.array(values).cast(pa.string())
