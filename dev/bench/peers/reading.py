"""Read each tool's data set from the objects below its folder: a table, or what is wrong.

The objects are read as users of that tool would read them, but without the tool itself.
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
Table = Counter[tuple[str, ...]]  # rows; duplicates count
Reader = Callable[[Objects], Table]

COUNTS = ("cumulative_cases", "cumulative_deaths", "cumulative_recoveries")
UNREADABLE = (KeyError, TypeError, ValueError, EOFError, OSError, zlib.error)


class Torn(Exception):
    """No table can be read from the objects."""


class SideBySide(Exception):
    """There are files of both versions, each of them whole."""


def expected(document: bytes) -> Table:
    """Return the table of a stats.json."""
    return to_table(
        {"country_key": element["country"]["key"], "date": date}
        | {f"cumulative_{measure}": count for measure, count in day["cumulative"].items()}
        for element in json.loads(document)
        for date, day in element["dates"].items()
    )


def to_table(records: Iterable[Mapping[str, Any]]) -> Table:
    """Make text and numbers comparable: formats write 12, 12.0 and "12"."""
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
    """Read every object of the data set, as its `read_csv(dataset=True)` does."""
    return to_table(record for text in objects.values() for record in from_csv(text))


def read_dlt(objects: Objects) -> Table:
    """Read every file of the table, whichever load wrote it."""
    files = [body for key, body in objects.items() if key.startswith("covid/stats/")]
    return to_table(json.loads(line) for body in files for line in lines(body))


def lines(packed: bytes) -> list[bytes]:
    return gzip.decompress(packed).splitlines()


def read_by_manifest(objects: Objects) -> Table:
    """Read the table that the root manifest lists. Raises Torn if a file's digest is wrong."""
    files = json.loads(objects["manifest.json"])["files"]
    for file in files:
        if sha256(objects[file["key"]]).hexdigest() != file["sha256"]:
            raise Torn(file["key"])
    keys = {file["name"]: file["key"] for file in files}
    return to_table(from_csv(gzip.decompress(objects[keys["timeseries.csv.gz"]])))


def read_stable_names(objects: Objects) -> Table:
    """Read the table under its stable name, if all files under stable names are of one run.

    Raises Torn if one is of no run, SideBySide if they are of two.
    """
    runs = {key.split("/")[1] for key in objects if key.startswith("runs/")}
    names = {key for key in objects if not key.startswith(("runs/", "raw/", "_"))}
    found = set()
    for name in names - {"manifest.json", "history.json", "status.json"}:
        of = [run for run in runs if objects.get(f"runs/{run}/{name}") == objects[name]]
        if not of:
            raise Torn(name)
        found |= (
            {of[0]} if len(of) == 1 else set()
        )  # a file that is equal in both runs proves nothing
    if len(found) > 1:
        raise SideBySide
    return to_table(from_csv(gzip.decompress(objects["timeseries.csv.gz"])))


def look(read: Reader, objects: Objects, old: Table, new: Table) -> str:
    """Say in a word or two what that reader finds."""
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
