"""The form of a CSV with one row per country and day, and the search for faults in such a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from etl.errors import one_line
from etl.extract.sources.csv_files import header, rows
from etl.extract.sources.faults import MOST, NEGATIVE, Fault, Faults, as_day, named, rare, whole


class CsvForm(Struct, frozen=True):
    """The columns that matter; `counts` maps our names to the source's.

    `older` maps the name that a column had in older files to today's.

    `country_code` turns the source's code into that of ISO 3166-1. It returns "" if there is none,
    so that the name is used, and None for what is no country, whose rows are left out.
    """

    date: str
    code: str
    name: str
    counts: Mapping[str, str]
    country_code: Callable[[str], str | None] = str
    older: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        return [self.date, self.code, self.name, *self.counts.values()]

    @property
    def cumulative(self) -> list[str]:
        return [theirs for ours, theirs in self.counts.items() if ours.startswith("cumulative")]


def explain(path: Path, form: CsvForm) -> Faults:
    """Find every fault in the rows. The header must be right, else it raises SourceChanged."""
    faults, negative, cells_read, below = Faults(), list[Fault](), 0, 0
    names = header(path, form.columns, form.older)
    at = {name: names.index(name) for name in form.columns}
    lines: dict[str, dict[str, int]] = {}  # the first line of each country and day
    for line, row in rows(path, len(names), faults):
        cells = {name: row[place].strip() for name, place in at.items()}
        code, name, day = form.country_code(cells[form.code]), cells[form.name], cells[form.date]
        if code is None or not (cells[form.code] or name):
            continue
        shown = one_line((name or code).encode("utf-8", "surrogateescape"), 80)
        place = f"{path.name}, line {line}, {shown}"
        faults.add_all(_row(cells, form, place))
        for theirs in form.cumulative:
            cells_read += 1
            if cells[theirs].startswith("-"):
                below += 1
                if below <= MOST:
                    where = f"{place}, {day[:10]}, {theirs}"
                    negative.append((where, f"{NEGATIVE}, got {cells[theirs][:40]}"))
        before = lines.setdefault(code or name, {}).setdefault(sys.intern(day), line)
        if before != line:
            place = f"{path.name}, line {line}, {shown}, {day[:10]}"
            faults.add(place, f"this country and day is also in line {before}")
    if not rare(below, cells_read):
        faults.add_all(negative)
    return faults


def _row(cells: Mapping[str, str], form: CsvForm, place: str) -> Iterator[Fault]:
    day = cells[form.date]
    try:
        named(cells[form.name])
    except ValueError as exc:
        yield place, str(exc)
    try:
        as_day(day)
    except ValueError as exc:
        yield place, str(exc)
    for theirs in form.counts.values():
        try:
            whole(cells[theirs])
        except ValueError as exc:
            yield f"{place}, {day[:10]}, {theirs}", str(exc)
