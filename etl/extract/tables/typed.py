"""Text columns -> typed ones, by their contents."""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from etl.errors import one_line

Type = Literal["string", "date", "integer", "number", "boolean"]  # Table Schema's own names
MISSING = pa.array(["", "NA", "N/A", ".."])
INTEGER = r"^[-+]?[0-9]+$"
NUMBER = r"(?i)^[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]{1,3})?|inf(inity)?|nan)$"
CODE = r"^[-+]?0[0-9xX]"  # a number that begins with a needless 0 is a code, such as 007
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+Z?)?$"
TRUTH = r"(?i)^(true|false)$"
SAMPLED = 100
DECIMAL_COMMA = r"^([-+]?[0-9]+),([0-9]+)$"
LONGEST_NAME = 60


@dataclass(frozen=True)
class Typed:
    """A column's type and values: int64, float64, bool, date32 or a dictionary of texts.

    `infinite` counts the values that were infinite and are missing now.
    """

    type: Type
    values: pa.Array
    infinite: int = 0


def snake_case(name: str, position: int) -> str:
    """Make a column's name: `Beds per 1.000 Inhabitants` -> `beds_per_1_000_inhabitants`."""
    plain = unicodedata.normalize("NFKD", name)
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain.encode("ascii", "ignore").decode())
    apart = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", apart)
    found = re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")[:LONGEST_NAME]
    return found if found and not found[0].isdigit() else f"column_{found or position}"


def trimmed(values: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; its text is without blanks around it."""
    whole = values.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # of no chunks
        whole = pa.array([], values.type)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    if pa.types.is_large_string(whole.type) or pa.types.is_string_view(whole.type):
        whole = whole.cast(pa.string())
    return pc.utf8_trim_whitespace(whole) if pa.types.is_string(whole.type) else whole


def typed(values: pa.Array, *, decimal_comma: bool = False) -> Typed:
    """Find a column's type. Raises ValueError for types that are no single values, such as lists.

    `decimal_comma`: `8,0` is a number.
    """
    if pa.types.is_string(values.type):
        return _of_text(values, decimal_comma=decimal_comma)
    kind = values.type
    if pa.types.is_boolean(kind):
        return Typed("boolean", values)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Typed("date", values.cast(pa.timestamp("us")).cast(pa.date32()))
    if pa.types.is_integer(kind):
        return Typed("integer", values.cast(pa.int64()))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(values.cast(pa.float64()))
    if pa.types.is_null(kind):
        return Typed("string", values.cast(pa.string()).dictionary_encode())
    raise ValueError(f"values of the type {kind}, expected text, numbers, dates or booleans")


def _of_text(texts: pa.Array, *, decimal_comma: bool) -> Typed:
    known = pc.if_else(pc.is_in(texts, MISSING), pa.scalar(None, pa.string()), texts)
    if known.null_count == len(known):
        return Typed("string", known.dictionary_encode())
    if (days := _cast(known, DATE, pa.date32(), pa.timestamp("us"))) is not None:
        return Typed("date", days.cast(pa.date32()))
    number = known
    if decimal_comma:
        number = pc.replace_substring_regex(known, DECIMAL_COMMA, r"\1.\2")
    if (whole := _cast(number, INTEGER, pa.int64())) is not None:
        return Typed("integer", whole)
    if (decimal := _cast(number, NUMBER, pa.float64())) is not None:
        return _number(decimal)
    if (truth := _cast(known, TRUTH, pa.bool_())) is not None:
        return Typed("boolean", truth)
    return Typed("string", _clean(known))


def _cast(texts: pa.Array, pattern: str, *kinds: pa.DataType) -> pa.Array | None:
    """Convert all texts to the first of `kinds` that fits; None if some are of no such form.

    The pattern is tried on the first texts alone, since that takes longer than the conversion.
    """
    if not pc.all(pc.match_substring_regex(texts.slice(0, SAMPLED), pattern), min_count=0).as_py():
        return None
    if kinds[0] in (pa.int64(), pa.float64()):
        if _has_codes(texts):
            return None
        if _any(pc.starts_with(texts, "+")):
            texts = pc.utf8_ltrim(texts, characters="+")
    for kind in kinds:
        with suppress(pa.ArrowInvalid):
            return texts.cast(kind)
    return None


def _has_codes(texts: pa.Array) -> bool:
    """Look for codes among those texts alone that begin with 0, since few do."""
    found = (texts.filter(pc.starts_with(texts, f"{sign}0")) for sign in ("", "-", "+"))
    return any(len(few) and _any(pc.match_substring_regex(few, CODE)) for few in found)


def _any(found: pa.Array) -> bool:
    return bool(pc.any(found, min_count=0).as_py())


def _number(values: pa.Array) -> Typed:
    infinite = pc.is_inf(values)
    finite = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return Typed("number", finite, pc.sum(infinite, min_count=0).as_py() or 0)


def _clean(texts: pa.Array) -> pa.Array:
    """Encode texts as a sorted dictionary, each on one line and without control characters."""
    coded = texts.dictionary_encode()
    clean = [one_line(text) for text in coded.dictionary.to_pylist()]
    categories = sorted(set(clean))
    place = {text: n for n, text in enumerate(categories)}
    moved = pa.array([place[text] for text in clean], pa.int32())
    indices = moved.take(coded.indices.cast(pa.int32()))
    return pa.DictionaryArray.from_arrays(indices, pa.array(categories, pa.string()))
