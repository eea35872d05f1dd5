"""The form of a CSV with one row per country and day, and the search for faults in such a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.errors import one_line
from etl.extract.sources.csv_files import header, rows
from etl.extract.sources.faults import Fault, Faults, as_date, named, whole


@dataclass(frozen=True)
class CsvForm:
    """The columns that matter; `counts` maps our names to the source's.

    `country_code` turns the source's code into that of ISO 3166-1. It returns "" if there is none,
    so that the name is used, and None for what is no country, whose rows are left out.
    """

    date: str
    code: str
    name: str
    counts: Mapping[str, str]
    country_code: Callable[[str], str | None] = str

    @property
    def columns(self) -> list[str]:
        return [self.date, self.code, self.name, *self.counts.values()]


def explain(path: Path, form: CsvForm) -> Faults:
    """Find every fault in the rows. The header must be right, else it raises SourceChanged."""
    faults = Faults()
    names = header(path, form.columns)
    at = {name: names.index(name) for name in form.columns}
    lines: dict[str, dict[str, int]] = {}  # the first line of each country and day
    for line, row in rows(path, len(names), faults):
        cells = {name: row[place] for name, place in at.items()}
        code, name, day = form.country_code(cells[form.code]), cells[form.name], cells[form.date]
        if code is None:
            continue
        shown = one_line((name or code).encode("utf-8", "surrogateescape"), 80)
        faults.add_all(_row(cells, form, f"{path.name}, line {line}, {shown}"))
        before = lines.setdefault(code or name, {}).setdefault(sys.intern(day), line)
        if before != line:
            place = f"{path.name}, line {line}, {shown}, {day[:10]}"
            faults.add(place, f"this country and day stands in line {before}, too")
    return faults


def _row(cells: Mapping[str, str], form: CsvForm, place: str) -> Iterator[Fault]:
    day = cells[form.date]
    try:
        named(cells[form.name])
    except ValueError as exc:
        yield place, str(exc)
    try:
        as_date(day)
    except ValueError:
        yield place, f"expected a date such as 2020-01-22, got {day[:40]!r}"
    for ours, theirs in form.counts.items():
        try:
            count = whole(cells[theirs])
            if count is not None and count < 0 and ours.startswith("cumulative"):
                raise ValueError(f"expected a count that is not negative, got {count}")
        except ValueError as exc:
            yield f"{place}, {day[:10]}, {theirs}", str(exc)
