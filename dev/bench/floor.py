"""Do only what no program could avoid: `python dev/bench/floor.py SOURCE_URL OUT_DIR`.

That is: start the interpreter, import what is needed, read the bytes, decode them once with the
fastest JSON decoder, and write the columns with pyarrow as Parquet. There is no repair, no merge,
no check and no upload, so the result is of no use.
"""

import os
import sys
import urllib.request
from pathlib import Path

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

import msgspec
import pyarrow as pa
import pyarrow.parquet


class Counts(msgspec.Struct, gc=False):
    cases: int
    deaths: int
    recoveries: int


class Day(msgspec.Struct, gc=False):
    new: Counts
    cumulative: Counts


class Country(msgspec.Struct):
    key: str
    name: str


class Element(msgspec.Struct):
    country: Country
    dates: dict[str, Day]


def main() -> None:
    url, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(url) as answer:  # noqa: S310  loopback
        elements = msgspec.json.decode(answer.read(), type=list[Element])
    columns: dict[str, list[object]] = {"country_key": [], "date": []}
    for element in elements:
        columns["country_key"] += [element.country.key] * len(element.dates)
        columns["date"] += element.dates
        for kind in ("new", "cumulative"):
            for measure in ("cases", "deaths", "recoveries"):
                columns.setdefault(f"{kind}_{measure}", []).extend(
                    getattr(getattr(day, kind), measure) for day in element.dates.values()
                )
    table = pa.table(columns)
    pa.parquet.write_table(table, out / "timeseries.parquet", compression="zstd")
    print(table.num_rows)


if __name__ == "__main__":
    main()
