"""Find what is wrong, and where, in an element of stats.json that its decoder refused."""

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

from etl.extract.levels import WITHIN
from etl.extract.sources import MEASURES
from etl.extract.sources.faults import COUNT_LIMIT, LONGEST_TEXT, Fault, as_date, named, no_date

KEY = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"


class _Object(list[tuple[str, Any]]):
    """A JSON object as a list of pairs, so that repeated keys are not lost."""


def explain(raw: bytes, number: int, level: str = "countries") -> Iterator[Fault]:
    """Yield every fault in one element; `number` names it if its key can't be read."""
    what, *around = WITHIN[level]
    found = re.search(rb'"key"\s*:\s*"([a-z0-9-]{1,200})"', raw[:1000])
    place = found[1].decode() if found else f"{what} {number}"
    try:
        tree = json.loads(raw.decode("utf-8"), object_pairs_hook=_Object)
    except UnicodeDecodeError as exc:
        yield place, f"not UTF-8 at byte {exc.start} of the {what}"
        return
    except (ValueError, RecursionError) as exc:
        yield place, f"not JSON: {exc}"
        return
    names = {name for name, _ in tree} if isinstance(tree, _Object) else set()
    days = "data" if "data" in names and "dates" not in names else "dates"  # as in March 2020
    fields = yield from _fields(tree, place, (what, days))
    if what in fields:
        yield from _entity(fields[what], f"{place}, {what}", what, around)
    if days in fields:
        yield from _dates(fields[days], place)


def _entity(tree: Any, place: str, what: str, around: list[str]) -> Iterator[Fault]:
    # a place may have no region
    present = {name for name, _ in tree} if isinstance(tree, _Object) else set()
    around = [one for one in around if one == "country" or one in present]
    fields = yield from _fields(tree, place, ("key", "name", *around))
    for name, value in fields.items():
        where = f"{place}.{name}"
        if name in around:
            yield from _entity(value, where, name, ["country"] if name == "region" else [])
        elif not isinstance(value, str):
            yield where, f"expected str, {_got(value)}"
        elif not 1 <= len(value) <= LONGEST_TEXT:
            yield where, f"expected 1 to {LONGEST_TEXT} characters, got {len(value)}"
        elif name == "key" and not re.match(KEY, value):
            yield where, f"expected a-z, 0-9 and hyphens, got {value[:80]!r}"
        elif name == "name":
            try:
                named(value)
            except ValueError as exc:
                yield where, str(exc)


def _dates(tree: Any, place: str) -> Iterator[Fault]:
    if not isinstance(tree, _Object):
        yield f"{place}, dates", f"expected object, {_got(tree)}"
        return
    seen = set()
    for day, value in tree:
        try:
            as_date(day)
        except ValueError:
            yield place, no_date(day)
            continue
        if day in seen:
            yield f"{place}, {day}", "this day appears twice"
        seen.add(day)
        kinds = yield from _fields(value, f"{place}, {day}", ("new", "cumulative"))
        for kind, counts in kinds.items():
            named = yield from _fields(counts, f"{place}, {day}, {kind}", MEASURES)
            for measure, count in named.items():
                yield from _count(count, f"{place}, {day}, {kind}.{measure}")


def _count(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, float) and value.is_integer():  # 3.0 is a whole number, too
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        yield place, f"expected int, {_got(value)}"
    elif abs(value) > COUNT_LIMIT:
        yield place, f"expected at most {COUNT_LIMIT}, got {str(value)[:40]}"


def _fields(
    tree: Any, place: str, expected: tuple[str, ...]
) -> Generator[Fault, None, dict[str, Any]]:
    """Yield the faults of an object's fields; return the expected ones that it has."""
    if not isinstance(tree, _Object):
        yield place, f"expected object, {_got(tree)}"
        return {}
    names = [name for name, _ in tree]
    for name in expected:
        if name not in names:
            listed = ", ".join(repr(n[:40]) for n in names[:10])
            yield place, f"expected field {name!r}, got {listed or 'none'}"
        elif names.count(name) > 1:
            yield place, f"field {name!r} appears twice"
    return {name: value for name, value in tree if name in expected}


def _got(value: Any) -> str:
    if isinstance(value, float):
        return f"got {value}"
    names = {_Object: "object", list: "array", type(None): "null", bool: "bool"}
    return f"got {names.get(type(value), type(value).__name__)}"
