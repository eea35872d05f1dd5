"""Johns Hopkins University's time series -> a SourceTable: three CSVs with one column per day.

    Province/State,Country/Region,Lat,Long,1/22/20,1/23/20,...
    ,"Korea, South",35.9,127.7,1,1,...

A country's count is the sum of its provinces' counts; it is unknown if one of them is. Recoveries
ended on LAST_RECOVERIES; what comes after it is no count and is not even read. A file of July 2020
has years of four digits.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from etl.errors import SourceChanged, listed, one_line
from etl.extract.countries import find
from etl.extract.sources import MEASURES
from etl.extract.sources.assemble import Counts, Named, assemble
from etl.extract.sources.csv_files import header, rows
from etl.extract.sources.faults import (
    COUNT_LIMIT,
    NEGATIVE,
    Faults,
    TooManyFaults,
    named,
    rare,
    whole,
)
from etl.extract.sources.table import SourceTable

PROVINCE, COUNTRY = "Province/State", "Country/Region"
ABOUT = (PROVINCE, COUNTRY, "Lat", "Long")
LAST_RECOVERIES = date(2021, 8, 4)
DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/(?:20)?([0-9]{2})")
# matches nearly every row at once, which saves checking its cells one by one
PLAIN = re.compile(r"-?[0-9]{1,9}(,-?[0-9]{1,9})*")
EPOCH = date(1970, 1, 1).toordinal()
LISTED = 3


@dataclass
class _File:
    """One measure: its days since 1970-01-01, and each country's counts on them; NaN: unknown.

    `negative` describes the cells that were negative and are unknown now.
    """

    days: list[int] = field(default_factory=list)
    counts: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    negative: list[str] = field(default_factory=list)
    nameless: int = 0


def read(confirmed: Path, deaths: Path, recovered: Path) -> SourceTable:
    """Read the three files. Raises SourceChanged with every fault of all three, such as
    `time_series_covid19_deaths_global.csv, line 12, Spain, 1/23/20: expected a whole number ...`.
    """
    faults = Faults()
    files: dict[str, _File] = {}
    broken: list[str] = []
    for measure, path in zip(MEASURES, (confirmed, deaths, recovered), strict=True):
        try:
            last = LAST_RECOVERIES if measure == "recoveries" else date.max
            files[measure] = _read(path, last.toordinal() - EPOCH, faults)
        except TooManyFaults:
            raise
        except SourceChanged as exc:
            broken += exc.faults
    if faults or broken:
        raise faults.error(before=broken)
    names = list(dict.fromkeys(name for file in files.values() for name in file.counts))
    days = sorted({day for file in files.values() for day in file.days})
    columns = {f"cumulative_{m}": _column(file, names, days) for m, file in files.items()}
    table = assemble(
        [Named(name, find(name)) for name in names],
        np.repeat(np.arange(len(names), dtype=np.int32), len(days)),
        np.tile(np.array(days, dtype=np.int32), len(names)),
        columns,
    )
    negative = tuple(cell for file in files.values() for cell in file.negative)
    nameless = sum(file.nameless for file in files.values())
    return replace(table, mended=replace(table.mended, negative=negative, rows_nameless=nameless))


def _column(file: _File, names: list[str], days: list[int]) -> Counts:
    """Return a count for every country on every day, country by country."""
    counts = np.full((len(names), len(days)), np.nan)
    at = np.searchsorted(days, file.days)
    for row, name in enumerate(names):
        if name in file.counts:
            counts[row, at] = file.counts[name]
    return Counts.of(counts.ravel())


def _read(path: Path, last: int, faults: Faults) -> _File:
    """Read one file up to the day `last`. Raises SourceChanged if its header is wrong."""
    names = header(path, ABOUT)
    dated = [at for at, name in enumerate(names) if name not in ABOUT]
    every = _days(path, [names[at] for at in dated], faults)
    if not every:
        return _File()
    dated = [at for at, day in zip(dated, every, strict=True) if day <= last]
    file = _File(days=[day for day in every if day <= last])
    lines: dict[tuple[str, str], int] = {}
    negative: list[tuple[str, float]] = []
    for line, row in rows(path, len(names), faults):
        province, country = (row[names.index(one)].strip(" \t") for one in (PROVINCE, COUNTRY))
        if not (province or country):
            file.nameless += 1
            continue
        shown = (one_line(n.encode("utf-8", "surrogateescape"), 80) for n in (province, country))
        place = ", ".join(filter(None, (f"{path.name}, line {line}", *shown)))
        try:
            named(country)
        except ValueError as exc:
            faults.add(place, str(exc))
            continue
        if lines.setdefault((province, country), line) != line:
            before = lines[province, country]
            faults.add(place, f"this province is also in line {before}")
            continue
        counts = np.array(list(_counts([row[at] for at in dated], place, faults)), dtype=float)
        for at in np.flatnonzero(counts < 0).tolist():
            negative.append((f"{place}, {names[dated[at]]}", counts[at]))
            counts[at] = np.nan
        file.counts[country] = file.counts.get(country, 0) + counts
    _settle(file, negative, len(lines) * len(dated), faults)
    for country, counts in file.counts.items():
        for at in np.flatnonzero(counts > COUNT_LIMIT).tolist():
            place = f"{path.name}, {country}, {names[dated[at]]}"
            faults.add(place, f"expected a count of at most {COUNT_LIMIT}, got {counts[at]:.0f}")
    return file


def _settle(file: _File, negative: Sequence[tuple[str, float]], cells: int, faults: Faults) -> None:
    """Report the negative cells: in `file` if they are rare among its `cells`, else in `faults`."""
    if rare(len(negative), cells):
        file.negative += [one_line(f"{place}: {count:.0f}") for place, count in negative]
    else:
        for place, count in negative:
            faults.add(place, f"{NEGATIVE}, got {count:.0f}")


def _days(path: Path, names: list[str], faults: Faults) -> list[int]:
    """Parse the columns' days; none if one is no day, repeated or day-first (see `faults`)."""
    if not names:
        faults.add(path.name, "there is no column for a day")
    days: dict[int, str] = {}
    odd = []
    for name in names:
        number = _day(name, month_first=True)
        if number is None:
            odd.append(repr(one_line(name, 40)))
        elif number in days:
            faults.add(f"{path.name}, {name}", "another column has the same day")
        else:
            days[number] = name
    if odd:
        expected = "expected columns such as 1/22/20, the month first"
        faults.add(path.name, f"{expected}, got {listed(odd, LISTED)}")
    if len(days) < len(names):
        return []
    swapped = [_day(name, month_first=False) for name in names]
    if _consecutive(swapped) and not _consecutive(list(days)):
        why = f"the days of the columns are consecutive only if the day comes first: {names[0]}"
        faults.add(path.name, f"{why}, {names[1]} ...; expected the month first")
        return []
    return list(days)


def _day(name: str, *, month_first: bool) -> int | None:
    """Parse 1/22/20 or 1/22/2020 as days since 1970-01-01; None if it is no such day."""
    found = DAY.fullmatch(name)
    if not found:
        return None
    first, second, year = map(int, found.groups())
    month, day = (first, second) if month_first else (second, first)
    try:
        return date(2000 + year, month, day).toordinal() - EPOCH
    except ValueError:
        return None


def _consecutive(days: Sequence[int | None]) -> bool:
    return all(a is not None and b == a + 1 for a, b in pairwise(days))


def _counts(cells: list[str], place: str, faults: Faults) -> Iterator[float]:
    """Yield a row's counts; NaN where a cell is blank or wrong. `faults` lists the wrong ones."""
    if PLAIN.fullmatch(",".join(cells)):
        yield from map(float, cells)
        return
    for cell in cells:
        try:
            count = whole(cell)
        except ValueError as exc:
            faults.add(place, str(exc))
            count = None
        yield np.nan if count is None else count
