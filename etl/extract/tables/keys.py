"""Which columns of a table name the country and the day of a row, by their contents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.errors import escaped, listed
from etl.extract.countries import Country, find, find_code

ENOUGH = 0.8  # of a column's values name countries
MOST_VALUES = 20_000  # different ones; a column of countries has no more
SAMPLED = 200  # rows of a column, to pass over those that name no country
BEST = 3  # candidates in a message


def _code(length: int) -> Callable[[str], Country | None]:
    return lambda text: find_code(text.upper()) if len(text) == length else None


KINDS = {"alpha-3 codes": _code(3), "alpha-2 codes": _code(2), "names": find}


@dataclass(frozen=True)
class CountryColumn:
    """A column that may name countries: its position, what it has, and how many match.

    `countries` has the country of each of `values`, and `codes` the position of each row's value
    in them (-1: blank).
    """

    position: int
    name: str
    kind: str
    values: list[str]
    countries: list[Country | None]
    codes: NDArray[np.int32]

    @property
    def share(self) -> float:
        return sum(map(bool, self.countries)) / max(len(self.values), 1)

    def __str__(self) -> str:
        return f"{escaped(self.name, 40)} ({self.share:.0%} are {self.kind})"


def find_country(
    names: Sequence[str], candidates: Sequence[CountryColumn], wanted: int | None
) -> tuple[CountryColumn, set[int]]:
    """Return the column of countries, and the positions of all that name the same countries.

    `candidates` are those of all columns (`as_countries`). `wanted` is the position of the column
    that the user names. Raises ValueError.
    """
    candidates = [one for one in candidates if wanted in (None, one.position)]
    sound = [one for one in candidates if one.share >= (ENOUGH if wanted is None else 1e-9)]
    if not sound:
        by_column = {one.position: one for one in sorted(candidates, key=lambda one: one.share)}
        best = sorted(by_column.values(), key=lambda one: -one.share)[:BEST]
        hint = f"; the best are {', '.join(map(str, best))}" if best else ""
        what = "no column" if wanted is None else f"column {escaped(names[wanted], 80)}: not"
        raise ValueError(
            f"{what} of countries: at least {ENOUGH:.0%} of its values must be ISO codes or names "
            f"of countries{hint}; say which it is with #country=COLUMN"
        )
    order = list(KINDS)
    first = min(sound, key=lambda one: (order.index(one.kind), -one.share, one.position))
    for other in sound:
        if other.position != first.position:
            _refuse_other_countries(first, other)
    return first, {one.position for one in sound}


def as_countries(position: int, name: str, column: pa.Array) -> list[CountryColumn]:
    """Read a trimmed column as each of KINDS, but not as a kind of which it has none."""
    if not pa.types.is_string(column.type) or not _may_name_countries(column):
        return []
    coded = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    coded = coded.dictionary_encode()
    if len(coded.dictionary) > MOST_VALUES:
        return []
    values: list[str] = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    made = (
        CountryColumn(position, name, kind, values, [look_up(one) for one in values], codes)
        for kind, look_up in KINDS.items()
    )
    return [one for one in made if one.share > 0]


def _may_name_countries(column: pa.Array) -> bool:
    step = max(len(column) // SAMPLED, 1)
    sample = column.take(pa.array(np.arange(0, len(column), step))).unique().to_pylist()
    return any(look_up(text) for text in sample if text for look_up in KINDS.values())


def _refuse_other_countries(first: CountryColumn, other: CountryColumn) -> None:
    pairs = set(zip(first.codes.tolist(), other.codes.tolist(), strict=True))
    for a, b in sorted(pair for pair in pairs if min(pair) >= 0):
        one, two = first.countries[a], other.countries[b]
        if one and two and one != two:
            raise ValueError(
                f"the columns {escaped(first.name, 40)} and {escaped(other.name, 40)} name "
                f"different countries: {escaped(first.values[a], 40)} and "
                f"{escaped(other.values[b], 40)} in one row; say which it is with #country=COLUMN"
            )


def twice(*keys: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the positions of the first two rows that have the same keys; None if there are none.

    Rows whose first key is negative don't count.
    """
    rows = np.flatnonzero(keys[0] >= 0)
    order = rows[sorting(*(key[rows] for key in keys))]
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    if not same.any():
        return None
    pairs = np.sort(np.stack([order[:-1][same], order[1:][same]]), axis=0)
    one, other = pairs[:, np.argmin(pairs[1])].tolist()
    return one, other


def sorting(*keys: NDArray[np.int64]) -> NDArray[np.intp] | slice:
    """Return the order that sorts rows by these keys; a slice of all if they are sorted."""
    pairs = max(len(keys[0]) - 1, 0)
    later, same = np.zeros(pairs, bool), np.ones(pairs, bool)
    for key in keys:
        later |= same & (key[1:] > key[:-1])
        same &= key[1:] == key[:-1]
    return slice(None) if (later | same).all() else np.lexsort(keys[::-1])


def named(names: Sequence[str], wanted: str, own: Sequence[str]) -> int:
    """Return the position of the column that the user calls `wanted`. Raises ValueError."""
    for there in (names, own):
        if list(there).count(wanted) == 1:
            return list(there).index(wanted)
    raise ValueError(
        f"no column {escaped(wanted, 80)}; there are {listed([escaped(n, 40) for n in names], 20)}"
    )
