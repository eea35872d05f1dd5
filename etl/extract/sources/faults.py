"""Collect the faults of a source; and parse dates, counts and names as sources write them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from etl.errors import SourceChanged, escaped, upsetting

LONGEST_TEXT = 200
RARE = 1000  # a negative count becomes missing if fewer than one of so many cells is negative
COUNT_LIMIT = 2**31 - 1  # no country has more people; also what an int32 holds
MOST = 1_000  # faults after which reading stops
# `[0-9]+\.?[0-9]*` would take quadratic time on a long row of digits
NUMBER = re.compile(r"[ \t]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
# what may differ between problems that are alike: the value found, the line or row of the first one
FOUND = re.compile(r", got .*|(?<= in line )[0-9]+|(?<= in row )[0-9]+", re.DOTALL)
DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00:00(\.0+)?(Z|\+00:00)?)?")
AMBIGUOUS = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2,4}\b.*", re.DOTALL)

NEGATIVE = "expected a count that is not negative"

Fault = tuple[str, str]  # place, problem


class TooManyFaults(SourceChanged):
    """The source has MOST faults or more; it was not read to its end."""


class Faults:
    """Faults grouped by problem, so that one that occurs everywhere takes one line.

    Problems that differ only in the value that was found are alike. Adding fault number MOST raises
    TooManyFaults with all of them.
    """

    def __init__(self) -> None:
        self.each: list[str] = []
        self._first: dict[str, str] = {}
        self._counts = Counter[str]()

    def __bool__(self) -> bool:
        return bool(self._first)

    def add(self, place: str, problem: str) -> None:
        kind, fault = FOUND.sub("", problem), escaped(f"{place}: {problem}")
        self.each.append(fault)
        self._first.setdefault(kind, fault)
        self._counts[kind] += 1
        if len(self.each) >= MOST:
            stopped = f"reading stopped after {MOST:,} faults"
            raise TooManyFaults([stopped, *self.lines()], [*self.each, stopped])

    def add_all(self, faults: Iterable[Fault], otherwise: Fault | None = None) -> None:
        """Add all faults; if there are none, add `otherwise`."""
        none = True
        for place, problem in faults:
            self.add(place, problem)
            none = False
        if none and otherwise:
            self.add(*otherwise)

    def error(self, before: Sequence[str] = (), after: Sequence[str] = ()) -> SourceChanged:
        """Return the exception to raise; it has these faults, and others before and after them."""
        lines, each = self.lines(), self.each
        return SourceChanged([*before, *lines, *after], [*before, *each, *after])

    def lines(self) -> list[str]:
        return [
            f"{first} (and {self._counts[kind] - 1} more like it)"
            if self._counts[kind] > 1
            else first
            for kind, first in self._first.items()
        ]


def as_date(text: str) -> date:
    """Parse a date such as 2020-01-22. Raises ValueError for any other form, ISO 8601's too."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def as_day(text: str) -> date:
    """Parse 2020-01-22 or 2020-01-22T00:00:00Z. Raises ValueError, which says what is wrong."""
    found = DAY.fullmatch(text)
    try:
        if found:
            return as_date(found[1])
    except ValueError:
        pass
    raise ValueError(no_date(text))


def no_date(text: str) -> str:
    """Return what is wrong with a text in place of a date."""
    why = ", where the day or the month may come first" if AMBIGUOUS.fullmatch(text) else ""
    return f"expected a date such as 2020-01-22, got {text[:40]!r}{why}"


def rare(cells: int, of: int) -> bool:
    """Return whether so few cells are wrong that they become missing; else the file is refused."""
    return cells * RARE < of


def whole(text: str) -> int | None:
    """Parse a count, 12 or 12.0; None if blank. Raises ValueError, which says what is wrong."""
    if not text:
        return None
    if not NUMBER.fullmatch(text) or not float(text).is_integer():
        raise ValueError(f"expected a whole number, got {text[:40]!r}")
    if abs(float(text)) > COUNT_LIMIT:
        raise ValueError(f"expected at most {COUNT_LIMIT}, got {text[:40]}")
    return int(float(text))


def named(name: str) -> None:
    """Check a country's name, read with `surrogateescape`. Raises ValueError, which says why."""
    if not 1 <= len(name) <= LONGEST_TEXT:
        raise ValueError(f"expected a name of 1 to {LONGEST_TEXT} characters, got {len(name)}")
    if any("\udc80" <= char <= "\udcff" for char in name):
        raise ValueError("not UTF-8")
    if odd := upsetting(name):
        raise ValueError(f"expected a name without control characters, got {odd}")
    if not name.strip():
        raise ValueError("expected a name, got blanks")
