"""Read a source's CSV: check that its header has the wanted columns and that its end is whole."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from etl.errors import SourceChanged, one_line
from etl.extract.sources.faults import Faults
from etl.extract.wrong_kind import LOOKED_AT, wrong_kind

LONGEST_LINE = 1 << 20


def header(path: Path, wanted: Sequence[str], older: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the columns, in the file's order, without the spaces around them.

    `older` gives the wanted name of a column that was called otherwise in older files. Raises
    SourceChanged unless each wanted column is there exactly once, and if the last line has no line
    break and fewer cells than the header: the file was cut.
    """
    names, begins = first_row(path)
    for name, today in (older or {}).items():
        if today not in names:
            names = [today if one == name else one for one in names]
    expected = f"expected {', '.join(wanted)}"
    if not begins:
        raise SourceChanged(f"{path.name} is empty; {expected}")
    if set(wanted).isdisjoint(names):
        kind = wrong_kind(begins.encode())
        what = f"{kind}, not" if kind else "not"
        shown = one_line(begins[:320], 80)
        raise SourceChanged(
            f"{path.name} is {what} a CSV of this source: {expected}; it begins '{shown}'"
        )
    if odd := [name for name in wanted if names.count(name) != 1]:
        got = one_line(", ".join(names), 2000)
        raise SourceChanged(
            f"{path.name}: columns missing or duplicated: {', '.join(odd)}; {expected}; got {got}"
        )
    last = _unfinished_line(path)
    if last and (len(_cells(last)) < len(names) or len(last) == path.stat().st_size):
        raise SourceChanged(_breaks_off(path.name, last))
    return names


def refuse_cut(path: Path, name: str) -> None:
    """Raise SourceChanged, which calls the file `name`, if its last line has no line break.

    For files that may be incomplete: a number may have been cut, which nothing else would show.
    """
    if last := _unfinished_line(path):
        raise SourceChanged(f"{_breaks_off(name, last)}; the server did not announce its length")


def _unfinished_line(path: Path) -> bytes:
    """Return the last line if it has no line break; empty if it has one."""
    with path.open("rb") as file:
        file.seek(max(file.seek(0, io.SEEK_END) - LONGEST_LINE, 0))
        end = file.read()
    return end[max(end.rfind(b"\r"), end.rfind(b"\n")) + 1 :]


def _breaks_off(name: str, last: bytes) -> str:
    return f"{name} ends in the middle of its last line: '...{one_line(last[-60:])}'"


def first_row(path: Path) -> tuple[list[str], str]:
    """Return the cells of the first row, stripped, and what the file begins with.

    Raises SourceChanged if the row is no CSV.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        start = file.read(LONGEST_LINE)
    lines = csv.reader(io.StringIO(start, newline=""))
    try:
        names = next(lines, [])
    except csv.Error as exc:
        raise SourceChanged(f"{path.name}, line {lines.line_num}: not CSV: {exc}") from exc
    return [name.strip() for name in names], start.lstrip()[:LOOKED_AT]


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8", "replace")]), [])
    except csv.Error:
        return []


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
