"""What a step returned: compared with what it was given, and brought into our types. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

KINDS: dict[str, type | tuple[type, ...]] = {  # of single values
    "boolean": (bool, np.bool_),
    "integer": (int, np.integer),
    "number": (int, float, Decimal, np.number),
    "string": str,
    "date": date,
}


class Mismatch(Exception):
    """What a step returned can't be used."""


@dataclass(frozen=True)
class Changed:
    """The first cell that was changed."""

    row: int
    before: object
    after: object

    def __str__(self) -> str:
        kind = f" ({type(self.after).__name__})" if str(self.before) == str(self.after) else ""
        return f"{self.before} became {self.after}{kind}"


def differs(ours: "pd.Series[Any]", theirs: "pd.Series[Any] | pd.DataFrame") -> Changed | None:
    """Return the first cell of one of our columns that was changed; its dtype may be another."""
    if isinstance(theirs, pd.DataFrame):
        raise Mismatch(f"two columns are called {ours.name}")
    if same_bits(ours, theirs):
        return None
    theirs = theirs.reset_index(drop=True)
    ours = ours.reset_index(drop=True)
    if theirs.dtype == ours.dtype and ours.equals(theirs):
        return None
    if isinstance(ours.dtype, pd.CategoricalDtype):
        ours = ours.astype("str")
        theirs = theirs.astype("str")
    missing = ours.isna().to_numpy(), theirs.isna().to_numpy()
    same = missing[0] & missing[1]
    both = ~missing[0] & ~missing[1]
    a, b = ours[both].to_numpy(dtype=object), theirs[both].to_numpy(dtype=object)
    same[both] = a == b
    if same.all():
        return None
    row = int(np.flatnonzero(~same)[0])
    return Changed(row, ours.iloc[row], theirs.iloc[row])


def same_bits(ours: "pd.Series[Any]", theirs: "pd.Series[Any]") -> bool:
    """Say whether two columns are the same in memory, which is fast to find out.

    Where they are not, their values may still be equal. Their index doesn't matter.
    """
    if ours.dtype != theirs.dtype:
        return False
    if isinstance(ours.dtype, pd.CategoricalDtype):
        one, other = ours.cat.categories, theirs.cat.categories
        if one is not other and not one.equals(other):  # equal dtypes may have them in other order
            return False
    a, b = _bits(ours), _bits(theirs)
    return bool(a) and all(map(np.array_equal, a, b))


def _bits(column: "pd.Series[Any]") -> list[NDArray[Any]]:
    """Return the arrays that a column consists of, floats and times as whole numbers."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return [column.cat.codes.to_numpy()]
    if isinstance(dtype, pd.Int64Dtype | pd.BooleanDtype):
        known = column.to_numpy(dtype=np.int64, na_value=0)
        return [known, column.array.isna()]
    if not isinstance(dtype, np.dtype):
        return []
    values = column.to_numpy()
    return [values.view(np.int64) if dtype.kind in "fM" and dtype.itemsize == 8 else values]


def column_of(values: "pd.Series[Any]", wanted: str | None) -> tuple[str, Any, int]:
    """Return a new column's type, its values for a frame, and how many were infinite.

    `wanted` is the type that it had in the groups before. Raises Mismatch.
    """
    kind = _type_of(values)
    if wanted and kind != wanted:
        whole = kind == "integer" or (kind == "number" and _whole(values))
        if not values.isna().all() and not (wanted in ("number", "integer") and whole):
            raise Mismatch(
                f"column {values.name}: {kind} here, and {wanted} in the countries before; "
                "give it one dtype"
            )
        kind = wanted
    if kind == "number":
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        infinite = np.isinf(numbers)
        return kind, np.where(infinite, np.nan, numbers), int(infinite.sum())
    return kind, _converted(values, kind), 0


def _type_of(values: "pd.Series[Any]") -> str:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _type_of(values.cat.categories.to_series(name=values.name))
    if isinstance(dtype, pd.StringDtype):
        return "string"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype):
        return "date"
    known = values.dropna()
    if known.empty:
        return "number"
    for kind, wanted in KINDS.items():
        if all(isinstance(value, wanted) for value in known):
            return kind
    found = " and ".join(sorted({type(value).__name__ for value in known}))
    raise Mismatch(
        f"column {values.name}: expected numbers, text, dates or booleans, and one of them "
        f"throughout, got {found}"
    )


def _whole(values: "pd.Series[Any]") -> bool:
    numbers = values.dropna().to_numpy(dtype=float)
    return bool(np.isfinite(numbers).all() and (numbers == np.round(numbers)).all())


def _converted(values: "pd.Series[Any]", kind: str) -> Any:
    if kind == "integer":
        try:
            return values.astype("Int64").array
        except (TypeError, ValueError, OverflowError) as exc:
            raise Mismatch(f"column {values.name}: whole numbers that are too large") from exc
    if kind == "boolean":
        return values.astype("boolean").array
    if kind == "date":
        days = pd.to_datetime(values)
        days = days.dt.tz_localize(None) if days.dt.tz is not None else days
        return days.dt.normalize().astype("datetime64[s]").array
    return values.astype("str").array
