"""Read a source's CSV: check that its header has the wanted columns and that its end is whole."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from etl.errors import SourceChanged, one_line
from etl.extract.sources.faults import Faults

LONGEST_LINE = 1 << 20


def header(path: Path, wanted: Sequence[str]) -> list[str]:
    """Return the names of the columns, in the file's order.

    Raises SourceChanged unless each wanted column is there exactly once, and if the last line has
    no line break: it may have been cut in the middle of a number, which nothing else would show.
    """
    names, first = _first_row(path)
    expected = f"expected {', '.join(wanted)}"
    if not names:
        raise SourceChanged(f"{path.name} is empty; {expected}")
    if set(wanted).isdisjoint(names):
        begins = one_line(first, 80)
        raise SourceChanged(f"{path.name} is no such CSV: {expected}; it begins '{begins}'")
    if odd := [name for name in wanted if names.count(name) != 1]:
        got = one_line(", ".join(names), 2000)
        raise SourceChanged(
            f"{path.name}: columns missing or there twice: {', '.join(odd)}; {expected}; got {got}"
        )
    if last := _unfinished(path):
        raise SourceChanged(f"{path.name} breaks off in its last line: '...{one_line(last)}'")
    return names


def _first_row(path: Path) -> tuple[list[str], str]:
    """Return the cells of the first row, and the beginning of the first line."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        start = file.read(LONGEST_LINE)
    lines = csv.reader(io.StringIO(start, newline=""))
    try:
        names = next(lines, [])
    except csv.Error as exc:
        raise SourceChanged(f"{path.name}, line {lines.line_num}: not CSV: {exc}") from exc
    return names, start[:320].partition("\n")[0]


def _unfinished(path: Path) -> bytes:
    """Return the end of the last line if it has no line break."""
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(max(end - 60, 0))
        return re.split(b"[\r\n]", file.read())[-1]


def rows(path: Path, width: int, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row after the header that has `width` cells.

    Other rows are reported in `faults`. The number is that of a row's last line. Bytes that are not
    UTF-8 are escaped as surrogates.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file)
        try:
            next(lines)
            for row in lines:
                if len(row) == width:
                    yield lines.line_num, row
                elif row:
                    place = f"{path.name}, line {lines.line_num}"
                    faults.add(place, f"expected {width} values, got {len(row)}")
        except csv.Error as exc:
            faults.add(f"{path.name}, line {lines.line_num}", f"not CSV: {exc}")
