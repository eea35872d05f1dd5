"""Print the account's buckets: lines, or JSON."""

import sys
from collections.abc import Iterable

from etl.cli.console import print_json
from etl.store.s3.bucket import Bucket


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
