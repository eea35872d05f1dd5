"""A JSON array in a file -> the bytes of its elements, with only a window of it in memory.

The elements are found, not decoded: in each window, numpy locates the quotes, braces and brackets,
and the commas at depth 1 are the borders. This module checks that the array is closed and nothing
follows it; whether an element is valid JSON, its decoder checks.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from etl.errors import SourceChanged, one_line
from etl.extract.wrong_kind import wrong_kind

WINDOW = 1 << 20
LONGEST = 1 << 23  # bytes of an element, enough for a century of a country's days
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_QUOTE, _BACKSLASH, _COMMA = ord('"'), ord("\\"), ord(",")
# how much each byte changes the depth
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord("{"), ord("[")]] = 1
_STEP[[ord("}"), ord("]")]] = -1


def elements(path: Path, window: int = WINDOW) -> Iterator[bytes]:
    """Yield the bytes of each element of the array in `path`.

    Raises SourceChanged if the file is no JSON array, or ends inside it, or goes on after it.
    """
    with path.open("rb") as file:
        rest = _opened(file, window)
        count = 0
        while True:
            borders, closed = _borders(rest)
            start = 0
            for border in borders:
                yield _element(rest[start:border], count)
                count += 1
                start = border + 1
            if closed is not None:
                last = rest[start:closed].strip(_SPACE)
                if last or count:
                    yield _element(last, count)
                    count += 1
                _refuse_more(rest[closed:], file, window, count)
                return
            rest = rest[start:]
            if len(rest) > LONGEST:
                limit = f"{LONGEST / 1e6:.0f} MB"
                raise SourceChanged(f"element {count + 1} of the source is longer than {limit}")
            # reads get longer with the element, so that a long one is not searched over and over
            more = file.read(max(window, len(rest)))
            if not more:
                end = one_line(rest[-60:])
                raise SourceChanged(f"the source ends inside element {count + 1}: '...{end}'")
            rest += more


def likely_elements(path: Path, window: int = WINDOW) -> Iterator[bytes]:
    """Yield the elements in a quarter of the time, cut wherever `},{` seems to separate objects.

    If that is inside a string, the cut is wrong, and the piece before it is not valid JSON. So if a
    decoder accepts every piece, all cuts were right. Raises SourceChanged if the file seems broken.
    """
    with path.open("rb") as file:
        rest = _opened(file, window)
        while more := file.read(max(window, len(rest))):
            *whole, rest = _cut(rest + more)
            yield from whole
            if len(rest) > LONGEST:
                raise SourceChanged("an element of the source seems too long")
    *whole, last = _cut(rest)
    yield from whole
    last = last.rstrip(_SPACE)
    if not last.endswith(b"]"):
        raise SourceChanged("the source seems to break off")
    if last := last[:-1].strip(_SPACE):
        yield last


def _cut(text: bytes) -> Iterator[bytes]:
    start = 0
    for found in _BETWEEN.finditer(text):
        yield text[start : found.start() + 1]
        start = found.end() - 1
    yield text[start:]


def _opened(file: BinaryIO, window: int) -> bytes:
    """Return what was read of the file after its opening bracket. Raises SourceChanged."""
    head = file.read(max(window, len(_BOM))).removeprefix(_BOM).lstrip(_SPACE)
    while not head and (more := file.read(window)):
        head = more.lstrip(_SPACE)
    if not head:
        raise SourceChanged("the source is empty; expected a JSON array")
    if not head.startswith(b"["):
        begins = (head + file.read(320))[:320]
        kind = wrong_kind(begins)
        what = f"{kind}, not a JSON array" if kind else "not a JSON array"
        raise SourceChanged(f"the source is {what}; it begins '{one_line(begins, 80)}'")
    return head[1:]


def _refuse_more(end: bytes, file: BinaryIO, window: int, count: int) -> None:
    """Raise SourceChanged unless `end`, with the rest of the file, is `]` and white space."""
    if not end.startswith(b"]"):
        raise SourceChanged(f"the source has an extra closing brace after its element {count}")
    more = end[1:] + file.read(window)
    while more:
        if found := more.strip(_SPACE):
            begins = one_line(found[:60])
            raise SourceChanged(f"the source continues after its {count} elements: '{begins}'")
        more = file.read(window)


def _element(raw: bytes, count: int) -> bytes:
    raw = raw.strip(_SPACE)
    if not raw:
        raise SourceChanged(f"element {count + 1} of the source is empty")
    return raw


def _borders(text: bytes) -> tuple[list[int], int | None]:
    """Return the positions of the commas between elements, and of the array's closing bracket.

    The latter is None if it is not in `text`. `text` begins where an element begins: at depth 0 and
    outside strings.
    """
    codes = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(codes == _QUOTE)
    if _BACKSLASH in text:
        quotes = quotes[~_escaped(codes, quotes)]
    steps = _STEP[codes]
    marks = np.flatnonzero(steps)
    # after an odd number of quotes, a brace or bracket is inside a string
    marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    depth = np.cumsum(steps[marks], dtype=np.int32)
    end = np.flatnonzero(depth < 0)
    closed = int(marks[end[0]]) if end.size else None
    ends = marks[depth == 0] if closed is None else marks[: end[0]][depth[: end[0]] == 0]
    borders = []
    for at in ends.tolist():
        comma = at + 1
        while comma < len(text) and text[comma] in _SPACE:
            comma += 1
        if comma < len(text) and text[comma] == _COMMA:
            borders.append(comma)
    return borders, closed


def _escaped(codes: NDArray[np.uint8], quotes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say for each quote whether it is escaped: an odd number of backslashes comes before it."""
    other = np.flatnonzero(codes != _BACKSLASH)
    before = np.searchsorted(other, quotes) - 1
    last_other = np.where(before >= 0, other[np.maximum(before, 0)], -1)
    escaped: NDArray[np.bool_] = (quotes - last_other - 1) % 2 == 1
    return escaped
