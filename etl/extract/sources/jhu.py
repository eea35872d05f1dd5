"""Johns Hopkins University's time series -> a SourceTable: three CSVs with one column per day.

    Province/State,Country/Region,Lat,Long,1/22/20,1/23/20,...
    ,"Korea, South",35.9,127.7,1,1,...

A country's count is the sum of its provinces' counts; it is unknown if one of them is. Recoveries
ended on LAST_RECOVERIES; the zeros after it are not counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etl.errors import SourceChanged, one_line
from etl.extract.countries import find
from etl.extract.sources import MEASURES
from etl.extract.sources.assemble import Counts, Named, assemble
from etl.extract.sources.csv_files import header, rows
from etl.extract.sources.faults import COUNT_LIMIT, Faults, TooManyFaults, named, whole
from etl.extract.sources.table import SourceTable

PROVINCE, COUNTRY = "Province/State", "Country/Region"
ABOUT = (PROVINCE, COUNTRY, "Lat", "Long")
LAST_RECOVERIES = date(2021, 8, 4)
DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{2})")
# matches nearly every row at once, which saves checking its cells one by one
PLAIN = re.compile(r"-?[0-9]{1,9}(,-?[0-9]{1,9})*")
EPOCH = date(1970, 1, 1).toordinal()


@dataclass
class _File:
    """One measure: its days since 1970-01-01, and each country's counts on them; NaN: unknown."""

    days: list[int] = field(default_factory=list)
    counts: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def read(confirmed: Path, deaths: Path, recovered: Path) -> SourceTable:
    """Read the three files. Raises SourceChanged with every fault of all three, such as
    `time_series_covid19_deaths_global.csv, line 12, Spain, 1/23/20: expected a whole number ...`.
    """
    faults = Faults()
    files: dict[str, _File] = {}
    broken: list[str] = []
    for measure, path in zip(MEASURES, (confirmed, deaths, recovered), strict=True):
        try:
            files[measure] = _read(path, faults)
        except TooManyFaults:
            raise
        except SourceChanged as exc:
            broken += exc.faults
    if faults or broken:
        raise SourceChanged([*broken, *faults.lines()])
    names = list(dict.fromkeys(name for file in files.values() for name in file.counts))
    days = sorted({day for file in files.values() for day in file.days})
    columns = {f"cumulative_{m}": _column(file, names, days) for m, file in files.items()}
    ended = np.tile(np.array(days) > LAST_RECOVERIES.toordinal() - EPOCH, len(names))
    columns["cumulative_recoveries"].known[ended] = False
    return assemble(
        [Named(name, find(name)) for name in names],
        np.repeat(np.arange(len(names), dtype=np.int32), len(days)),
        np.tile(np.array(days, dtype=np.int32), len(names)),
        columns,
    )


def _column(file: _File, names: list[str], days: list[int]) -> Counts:
    """Return a count for every country on every day, country by country."""
    counts = np.full((len(names), len(days)), np.nan)
    at = np.searchsorted(days, file.days)
    for row, name in enumerate(names):
        if name in file.counts:
            counts[row, at] = file.counts[name]
    return Counts.of(counts.ravel())


def _read(path: Path, faults: Faults) -> _File:
    names = header(path, ABOUT)
    dated = [at for at, name in enumerate(names) if name not in ABOUT]
    file = _File(days=_days(path, [names[at] for at in dated]))
    lines: dict[tuple[str, str], int] = {}
    for line, row in rows(path, len(names), faults):
        province, country = row[names.index(PROVINCE)], row[names.index(COUNTRY)].strip()
        place = f"{path.name}, line {line}"
        try:
            named(country)
        except ValueError as exc:
            faults.add(place, str(exc))
            continue
        if lines.setdefault((province, country), line) != line:
            before = lines[province, country]
            faults.add(f"{place}, {country}", f"this province stands in line {before}, too")
            continue
        counts = np.array(list(_counts([row[at] for at in dated], f"{place}, {country}", faults)))
        file.counts[country] = file.counts.get(country, 0) + counts
    for country, counts in file.counts.items():
        for at in np.flatnonzero((counts < 0) | (counts > COUNT_LIMIT)).tolist():
            place = f"{path.name}, {country}, {names[dated[at]]}"
            faults.add(place, f"expected a count from 0 to {COUNT_LIMIT}, got {counts[at]:.0f}")
    return file


def _days(path: Path, names: list[str]) -> list[int]:
    """Parse the columns' days. Raises SourceChanged with every name that is no day or repeated."""
    days: dict[int, str] = {}
    faults = [] if names else [f"{path.name} has no column for a day"]
    for name in names:
        try:
            found = DAY.fullmatch(name)
            month, day, year = map(int, found.groups()) if found else (0, 0, 0)
            number = date(2000 + year, month, day).toordinal() - EPOCH
        except ValueError:
            got = one_line(name, 40)
            faults.append(f"{path.name}: expected a column such as 1/22/20, got '{got}'")
            continue
        if number in days:
            faults.append(f"{path.name}: the column {name} stands twice")
        days[number] = name
    if faults:
        raise SourceChanged(faults)
    return list(days)


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
