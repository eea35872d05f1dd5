"""How long a source has stood still. Pure."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from etl.history import Record


class Standstill(Struct, frozen=True):
    """The slots of the runs that met the source's last date, and its very bytes, first."""

    last_date: date
    last_date_since: date
    bytes_since: date


def standstill(records: "Iterable[Record]") -> Standstill | None:
    """Of the source that was looked at last, from records of the history, oldest first.

    Runs that failed did not see it, and a restore did not look. None: nobody has looked yet.
    """
    looked = [record for record in records if record.seen and record.source_last]
    if not looked:
        return None
    last = looked[-1]

    def since(same: "Callable[[Record], bool]") -> date:
        *_, first = takewhile(lambda r: r.source == last.source and same(r), reversed(looked))
        return first.slot

    def same_bytes(record: "Record") -> bool:
        assert record.seen and last.seen  # noqa: PT018, S101  for the type checker
        return record.seen.digests() == last.seen.digests()

    assert last.source_last  # noqa: S101  for the type checker
    return Standstill(
        last_date=last.source_last,
        last_date_since=since(lambda record: record.source_last == last.source_last),
        bytes_since=since(same_bytes),
    )
