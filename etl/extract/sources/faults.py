"""Collect the faults of a source; and parse dates, counts and names as sources write them."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from etl.errors import SourceChanged, upsetting

LONGEST_TEXT = 200
COUNT_LIMIT = 2**31 - 1  # no country has more people; also what an int32 holds
ALIKE_SHOWN = 5  # places shown for the same problem
MOST = 1_000  # faults after which reading stops
# `[0-9]+\.?[0-9]*` would take quadratic time on a long row of digits
NUMBER = re.compile(r"[ \t]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")

Fault = tuple[str, str]  # place, problem


class TooManyFaults(SourceChanged):
    """The source has MOST faults or more; it was not read to its end."""


class Faults:
    """Faults grouped by problem, so that one that occurs everywhere takes a few lines.

    Adding fault number MOST raises TooManyFaults with all of them.
    """

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}
        self._counts = Counter[str]()

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, place: str, problem: str) -> None:
        self._counts[problem] += 1
        places = self._places.setdefault(problem, [])
        if len(places) < ALIKE_SHOWN:
            places.append(place)
        if self._counts.total() >= MOST:
            raise TooManyFaults([f"reading stopped after {MOST:,} faults", *self.lines()])

    def add_all(self, faults: Iterable[Fault], otherwise: Fault | None = None) -> None:
        """Add all faults; if there are none, add `otherwise`."""
        none = True
        for place, problem in faults:
            self.add(place, problem)
            none = False
        if none and otherwise:
            self.add(*otherwise)

    def lines(self) -> list[str]:
        lines = []
        for problem, places in self._places.items():
            lines += [f"{place}: {problem}" for place in places]
            if (more := self._counts[problem] - len(places)) > 0:
                lines[-1] += f" (and {more} more like it)"
        return lines


def as_date(text: str) -> date:
    """Parse a date such as 2020-01-22. Raises ValueError for any other form, ISO 8601's too."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


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
