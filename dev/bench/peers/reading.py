"""What a reader of each tool's data set finds: the objects below its folder -> a table, or a fault.

Readers read as that tool's users do; none of them uses the tool.
"""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import pyarrow.parquet as pq

Objects = Mapping[str, bytes]  # by their keys below the data set's folder
Table = Counter[tuple[str, ...]]  # rows; one that is there twice counts twice
Reader = Callable[[Objects], Table]

COUNTS = ("cumulative_cases", "cumulative_deaths", "cumulative_recoveries")
UNREADABLE = (KeyError, TypeError, ValueError, EOFError, OSError, zlib.error)


class Torn(Exception):
    """No table can be made of what is there."""


class SideBySide(Exception):
    """Files of both versions, each of them whole."""


def expected(document: bytes) -> Table:
    """The table of a stats.json."""
    return to_table(
        {"country_key": element["country"]["key"], "date": date}
        | {f"cumulative_{measure}": count for measure, count in day["cumulative"].items()}
        for element in json.loads(document)
        for date, day in element["dates"].items()
    )


def to_table(records: Iterable[Mapping[str, Any]]) -> Table:
    """Text and numbers alike: formats write 12, 12.0 and "12"."""
    return Counter(
        (str(record["country_key"]), str(record["date"])[:10], *counts(record))
        for record in records
    )


def counts(record: Mapping[str, Any]) -> Iterator[str]:
    return (str(int(float(record[column]))) for column in COUNTS)


def from_csv(text: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


def read_naive(objects: Objects) -> Table:
    return to_table(json.loads(objects.get("stats.json", b"[]")))


def read_polars(objects: Objects) -> Table:
    if "stats.parquet" not in objects:
        return Counter()
    return to_table(pq.read_table(io.BytesIO(objects["stats.parquet"])).to_pylist())


def read_awswrangler(objects: Objects) -> Table:
    """Every object of the data set, as its `read_csv(dataset=True)` does."""
    return to_table(record for text in objects.values() for record in from_csv(text))


def read_dlt(objects: Objects) -> Table:
    """Every file of the table, whichever load wrote it."""
    files = [body for key, body in objects.items() if key.startswith("covid/stats/")]
    return to_table(json.loads(line) for body in files for line in lines(body))


def lines(packed: bytes) -> list[bytes]:
    return gzip.decompress(packed).splitlines()


def read_by_manifest(objects: Objects) -> Table:
    """The table that the root manifest lists, once all it lists have their digests."""
    files = json.loads(objects["manifest.json"])["files"]
    for file in files:
        if sha256(objects[file["key"]]).hexdigest() != file["sha256"]:
            raise Torn(file["key"])
    keys = {file["name"]: file["key"] for file in files}
    return to_table(from_csv(gzip.decompress(objects[keys["timeseries.csv.gz"]])))


def read_stable_names(objects: Objects) -> Table:
    """The table under its stable name, where all files under stable names are of one run.

    Raises Torn where one is of no run, SideBySide where they are of two.
    """
    runs = {key.split("/")[1] for key in objects if key.startswith("runs/")}
    names = {key for key in objects if not key.startswith(("runs/", "raw/", "_"))}
    found = set()
    for name in names - {"manifest.json", "history.json", "status.json"}:
        of = [run for run in runs if objects.get(f"runs/{run}/{name}") == objects[name]]
        if not of:
            raise Torn(name)
        found |= {of[0]} if len(of) == 1 else set()  # the same in both runs tells nothing
    if len(found) > 1:
        raise SideBySide
    return to_table(from_csv(gzip.decompress(objects["timeseries.csv.gz"])))


def look(read: Reader, objects: Objects, old: Table, new: Table) -> str:
    """What that reader finds, in a word or two."""
    try:
        found = read(objects)
    except SideBySide:
        return "side by side"
    except (Torn, *UNREADABLE):
        return "torn"
    if found == new:
        return "new"
    if found == old:
        return "old"
    if not found:
        return "empty"
    return "cut" if found < old or found < new else "mixed"
