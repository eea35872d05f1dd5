"""Print objects of the folder: tables, lines for programs, or JSON."""

import sys
from collections.abc import Iterable

from etl.cli.console import print_json, to_json
from etl.errors import escaped
from etl.report.numbers import counted, human
from etl.store import Entry, Head
from etl.store.s3.setup import Bucket


def print_entries(entries: Iterable[Entry], *, as_json: bool, where: str) -> None:
    """Print each entry as it comes: a table on a terminal, else key, bytes and time by tabs."""
    if as_json:
        _stream_json(entries)
    elif sys.stdout.isatty():
        _print_table(entries, where)
    else:
        for entry in entries:
            print(escaped(entry.key), entry.size, f"{entry.modified:%Y-%m-%dT%H:%M:%SZ}", sep="\t")


def _stream_json(entries: Iterable[Entry]) -> None:
    before = "["
    for entry in entries:
        print(before, to_json(entry), sep="\n", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def _print_table(entries: Iterable[Entry], where: str) -> None:
    # the key comes last: its width isn't known until the last entry has arrived
    count = total = 0
    for entry in entries:
        if not count:
            print(f"{'size':>9}  {'modified (UTC)':16}  key")
        print(f"{human(entry.size):>9}  {entry.modified:%Y-%m-%d %H:%M}  {escaped(entry.key)}")
        count, total = count + 1, total + entry.size
    print(f"{where}: {counted(count, total)}")


def print_head(head: Head, *, as_json: bool) -> None:
    """Print a line for each field."""
    fields = {
        "key": head.key,
        "size": head.size,
        "modified": f"{head.modified:%Y-%m-%dT%H:%M:%SZ}",
        "content_type": head.content_type,
        "cache_control": head.cache_control,
        "etag": head.etag,
        "sha256": head.sha256,
    }
    if as_json:
        print_json({**fields, "metadata": dict(head.metadata)})
        return
    fields |= {f"meta {name}": value for name, value in head.metadata.items()}
    for name, value in fields.items():
        print(f"{name:13}  {'' if value is None else escaped(str(value))}".rstrip())


def print_buckets(buckets: Iterable[Bucket], *, as_json: bool) -> None:
    """Print a line for each bucket: when it was made, where, its name."""
    found = list(buckets)
    if as_json:
        print_json(found)
        return
    widest = max((len(bucket.region or "") for bucket in found), default=0)
    for bucket in found:
        fields = (f"{bucket.created:%Y-%m-%d}", f"{bucket.region or '':{widest}}", bucket.name)
        print(*fields, sep="  " if sys.stdout.isatty() else "\t")
