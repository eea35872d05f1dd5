"""The second look at a piece of stats.json that did not fit: what is wrong, and where."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from datetime import date
from typing import Any

from etl.sources import MEASURES

KEY = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
LONGEST_TEXT = 200
COUNT_LIMIT = 2**31 - 1  # no country has more people; also what an int32 holds
ALIKE_SHOWN = 5  # places shown of the same problem
MOST = 10_000  # different problems kept

Fault = tuple[str, str]  # place, problem


class Faults:
    """Faults by problem, so that one that stands everywhere is told once."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}
        self._counts = Counter[str]()

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, place: str, problem: str) -> None:
        if problem not in self._places and len(self._places) >= MOST:
            return
        self._counts[problem] += 1
        places = self._places.setdefault(problem, [])
        if len(places) < ALIKE_SHOWN:
            places.append(place)

    def add_all(self, faults: Iterable[Fault], otherwise: Fault | None = None) -> None:
        """Add each; if there is none, `otherwise`."""
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


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key that stands twice is seen."""


def as_date(text: str) -> date:
    """'2020-01-22' as a date. ValueError for anything else, the other forms of ISO 8601 too."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def explain(raw: bytes, number: int) -> Iterator[Fault]:
    """Every fault in one country's element; `number` names it where its key can't be read."""
    found = re.search(rb'"key"\s*:\s*"([a-z0-9-]{1,200})"', raw[:1000])
    place = found[1].decode() if found else f"country {number}"
    try:
        tree = json.loads(raw.decode("utf-8"), object_pairs_hook=_Object)
    except UnicodeDecodeError as exc:
        yield place, f"not UTF-8 at byte {exc.start} of the country"
        return
    except (ValueError, RecursionError) as exc:
        yield place, f"not JSON: {exc}"
        return
    fields = yield from _fields(tree, place, ("country", "dates"))
    if "country" in fields:
        yield from _country(fields["country"], place)
    if "dates" in fields:
        yield from _dates(fields["dates"], place)


def _country(tree: Any, place: str) -> Iterator[Fault]:
    fields = yield from _fields(tree, f"{place}, country", ("key", "name"))
    for name, value in fields.items():
        where = f"{place}, country.{name}"
        if not isinstance(value, str):
            yield where, f"expected str, {_got(value)}"
        elif not 1 <= len(value) <= LONGEST_TEXT:
            yield where, f"expected 1 to {LONGEST_TEXT} characters, got {len(value)}"
        elif name == "key" and not re.match(KEY, value):
            yield where, f"expected a-z, 0-9 and hyphens, got {value[:80]!r}"


def _dates(tree: Any, place: str) -> Iterator[Fault]:
    if not isinstance(tree, _Object):
        yield f"{place}, dates", f"expected object, {_got(tree)}"
        return
    seen = set()
    for day, value in tree:
        try:
            as_date(day)
        except ValueError:
            yield place, f"expected a date such as 2020-01-22, got {day[:80]!r}"
            continue
        if day in seen:
            yield f"{place}, {day}", "this day stands twice"
        seen.add(day)
        kinds = yield from _fields(value, f"{place}, {day}", ("new", "cumulative"))
        for kind, counts in kinds.items():
            named = yield from _fields(counts, f"{place}, {day}, {kind}", MEASURES)
            for measure, count in named.items():
                yield from _count(count, f"{place}, {day}, {kind}.{measure}", kind)


def _count(value: Any, place: str, kind: str) -> Iterator[Fault]:
    if isinstance(value, float) and value.is_integer():  # 3.0 is a whole number, too
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        yield place, f"expected int, {_got(value)}"
    elif kind == "cumulative" and value < 0:
        yield place, f"expected a count that is not negative, got {value}"
    elif abs(value) > COUNT_LIMIT:
        yield place, f"expected at most {COUNT_LIMIT}, got {str(value)[:40]}"


def _fields(
    tree: Any, place: str, expected: tuple[str, ...]
) -> Generator[Fault, None, dict[str, Any]]:
    """Faults of an object's fields; returns those that are there."""
    if not isinstance(tree, _Object):
        yield place, f"expected object, {_got(tree)}"
        return {}
    names = [name for name, _ in tree]
    for name in expected:
        if name not in names:
            listed = ", ".join(repr(n[:40]) for n in names[:10])
            yield place, f"expected field {name!r}, got {listed or 'none'}"
        elif names.count(name) > 1:
            yield place, f"field {name!r} stands twice"
    return {name: value for name, value in tree if name in expected}


def _got(value: Any) -> str:
    if isinstance(value, float):
        return f"got {value}"
    names = {_Object: "object", list: "array", type(None): "null", bool: "bool"}
    return f"got {names.get(type(value), type(value).__name__)}"
