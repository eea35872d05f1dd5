"""The facts about countries (InfoPaisosExtra): an .xlsx or .csv -> a frame."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from etl.errors import SourceChanged, escaped, upsetting
from etl.extract.countries import Country, find, normalise
from etl.extract.sources.faults import Faults
from etl.extract.tables.files import csv_rows
from etl.extract.workbook import read_workbook
from etl.extract.wrong_kind import wrong_kind

FACTS: Mapping[str, str] = {
    "COUNTRY": "country",
    "Continent": "continent",
    "Country_Clasification": "country_classification",
    "Government_Type": "government_type",
    "Corruption_preception": "corruption_perception",
    "Development_Status": "development_status",
    "Land_Conditions": "land_conditions",
    "GDP_per_unit_of_energy_use_constant": "gdp_per_unit_of_energy_use",
    "Population_total": "population",
    "Urban_population_PC_of_total_population": "urban_population_pct",
}
FACT_COLUMNS = tuple(FACTS.values())[1:]
NUMBERS = {
    "gdp_per_unit_of_energy_use": "float64",
    "population": "Int64",
    "urban_population_pct": "float64",
}
MISSING = {"", "NA", "NI"}  # NC is not among them: it is a code of its own
MISSPELT = {"Parlamentary": "Parliamentary", "Absolut monarchy": "Absolute monarchy"}
MAX_ROWS = 10_000  # of a file, so that one of millions of lines takes no gigabytes of memory
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


def read_facts(path: Path) -> pd.DataFrame:
    """Read InfoPaisosExtra, an .xlsx (first sheet) or .csv: one row per country, in its order.

    Columns: `country` (str), then FACT_COLUMNS: text as category, `population` Int64, the other
    numbers float64; NA, NI and blanks are missing. Countries that are not in countries.csv stay.
    Raises SourceChanged if it is no such file or lacks a column, else with every bad row and value.
    """
    header, *rows = _rows(path)
    where = _where(header)
    faults = Faults()
    rows = _sound_rows(rows, len(header), where["COUNTRY"], faults)
    columns: dict[str, list[object]] = {ours: [] for ours in FACTS.values()}
    for row in rows:
        for theirs, ours in FACTS.items():
            value = row[where[theirs]]
            try:
                columns[ours].append(_value(ours, value))
            except ValueError as exc:
                place = f"facts: {str(row[where['COUNTRY']])[:80]}, {theirs}"
                faults.add(place, f"expected {exc}, got {_shown(value)}")
    if faults:
        raise faults.error()
    if not rows:
        raise SourceChanged("country facts: no country below the header")
    return _frame(columns)


def no_facts() -> pd.DataFrame:
    """Return a table like that of `read_facts`, without rows."""
    return _frame({ours: [] for ours in FACTS.values()})


def _rows(path: Path) -> list[list[object]]:
    """Return every row, the header first, with stripped text."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise SourceChanged(f"country facts: {path} can't be read: {exc.strerror}") from exc
    rows = _xlsx_rows(path) if data.startswith(b"PK") else _csv_rows(data)
    if not rows:
        raise SourceChanged("country facts: the file is empty")
    if len(rows) > MAX_ROWS:
        raise SourceChanged(f"country facts: more than {MAX_ROWS:,} rows")
    return [[cell.strip() if isinstance(cell, str) else cell for cell in row] for row in rows]


def _xlsx_rows(path: Path) -> Sequence[Sequence[object]]:
    try:
        return read_workbook(path)
    except ValueError as exc:
        raise SourceChanged(f"country facts: an .xlsx that can't be read: {exc}") from exc


def _csv_rows(data: bytes) -> Sequence[Sequence[object]]:
    begins = f"it begins {_shown(data.decode('utf-8-sig', 'replace').lstrip())}"
    if kind := wrong_kind(data):
        raise SourceChanged(f"country facts: {kind}, not an .xlsx or .csv file, {begins}")
    try:
        text = data.decode("utf-8-sig").strip("\r\n ")
    except UnicodeDecodeError as exc:
        why = f"byte {exc.start} is not UTF-8; perhaps it is latin-1: save it as UTF-8"
        raise SourceChanged(
            f"country facts: neither .xlsx nor UTF-8 .csv ({why}), {begins}"
        ) from exc
    try:
        rows = csv_rows(text, MAX_ROWS + 1)
    except ValueError as exc:
        what = "the file was cut" if "unexpected end" in str(exc) else "not an .xlsx or .csv file"
        raise SourceChanged(f"country facts: {what} ({exc}), {begins}") from exc
    if rows and FACTS.keys().isdisjoint(cell.strip() for cell in rows[0]):
        raise SourceChanged(f"country facts: not an .xlsx or .csv file, {begins}")
    return rows


def _where(header: list[object]) -> dict[str, int]:
    """Return the position of each of FACTS' columns. Raises SourceChanged."""
    if odd := [name for name in FACTS if header.count(name) != 1]:
        got = escaped(", ".join(map(str, header)), 400)
        raise SourceChanged(
            f"country facts: columns missing or duplicated: {', '.join(odd)}; "
            f"expected: {', '.join(FACTS)}; got: {got}"
        )
    return {name: header.index(name) for name in FACTS}


def _sound_rows(
    rows: list[list[object]], width: int, name_at: int, faults: Faults
) -> list[list[object]]:
    """Return the rows that have all cells and a country's name; add the others to `faults`."""
    sound: list[list[object]] = []
    seen: dict[Country | str, int] = {}
    for number, row in enumerate(rows, start=2):
        name = row[name_at] if len(row) == width else None
        if all(cell == "" for cell in row):
            continue
        if len(row) != width:
            faults.add(f"facts: row {number}", f"expected {width} values, got {len(row)}")
        elif not isinstance(name, str) or not name:
            faults.add(f"facts: row {number}, COUNTRY", f"expected a name, got {_shown(name)}")
        else:
            other = seen.setdefault(find(name) or normalise(name), number)
            if other != number:
                place = f"facts: {name[:80]}, row {number}"
                faults.add(place, f"this country is also in row {other}")
            sound.append(row)
    return sound


def _value(column: str, value: object) -> str | float | None:
    """Convert a cell to its column's type. Raises ValueError, which says what was expected."""
    if column != "country" and value in MISSING:
        return None
    if column not in NUMBERS:
        if not isinstance(value, str):
            raise ValueError("text")
        if upsetting(value):
            raise ValueError("text without control characters")
        for wrong, right in MISSPELT.items():
            value = value.replace(wrong, right)
        return value
    if type(value) is int or (isinstance(value, str) and NUMBER.fullmatch(value)):
        value = float(value)
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError("a number")
    if NUMBERS[column] != "Int64":
        return value
    if value < 0 or not value.is_integer() or value > 1e15:
        raise ValueError("a whole number, not negative")
    return int(value)


def _frame(columns: Mapping[str, list[object]]) -> pd.DataFrame:
    """Build the frame with dtypes that don't depend on the values, even without rows."""
    series = {name: pd.Series(columns[name], dtype=NUMBERS.get(name, "str")) for name in columns}
    texts = [name for name in FACT_COLUMNS if name not in NUMBERS]
    return pd.DataFrame(series).astype(dict.fromkeys(texts, "category"))


def _shown(value: object, length: int = 80) -> str:
    return repr(value[:length] if isinstance(value, str) else value)
