"""Whatever form of its file a publisher wrote, a naive reader that is as lenient as ours agrees.

Each file is padded with a long series, so that one or two negative counts are rare.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import SourceChanged
from etl.extract.countries import find_code, find_key
from etl.extract.sources import MEASURES, SOURCES, jhu, owid, who
from etl.extract.sources.coviddata import read_countries, read_places, read_regions
from etl.extract.sources.long_csv import read_long
from etl.extract.sources.long_csv_form import CsvForm
from etl.extract.sources.table import SourceTable, measures
from tests.support.frames import values

Counts = list[int | None]
Found = dict[tuple[str, str], Counts]  # name or key, and day -> cumulative counts, then new ones

few = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lenient") / "data"


def settled(found: Found, cumulative: int) -> Found | None:
    """Take negative totals as missing; None: there are too many. Rows without any are left out."""
    there = {at: row for at, row in found.items() if any(c is not None for c in row[:cumulative])}
    cells = [count for row in there.values() for count in row[:cumulative]]
    negative = sum(count is not None and count < 0 for count in cells)
    if negative * 1000 >= max(len(cells), 1):
        return None
    for row in there.values():
        row[:cumulative] = [None if c is not None and c < 0 else c for c in row[:cumulative]]
    return {at: row for at, row in there.items() if any(c is not None for c in row[:cumulative])}


def read_back(table: SourceTable, new: bool = True) -> Found:
    key = table.entities.columns[0]
    name_of = dict(zip(table.entities[key], table.entities["country"], strict=True))
    kinds = ("cumulative", "new") if new else ("cumulative",)
    columns = [f"{kind}_{measure}" for kind in kinds for measure in measures(table.rows)]
    counts = zip(*(values(table.rows, column) for column in columns), strict=True)
    names, days = [name_of[one] for one in table.rows[key]], values(table.rows, "date")
    return {(name, day): list(row) for name, day, row in zip(names, days, counts, strict=True)}


def assert_agrees(read: Callable[[], Found], expected: Found | None) -> None:
    if expected is None:
        with pytest.raises(SourceChanged, match="not negative"):
            read()
    else:
        assert read() == expected


# ---- WHO and OWID

PLACES = [("ES", "Spain"), ("NA", "Namibia"), ("TR", "T\ufffdrkiye"), ("", "A ship"), ("", "")]
TOTAL = st.integers(0, 2**31 - 1).map(str) | st.sampled_from(["", "7.0", "0"])
CHANGE = TOTAL | st.integers(-999, -1).map(str)
ROW = st.tuples(
    st.sampled_from(PLACES), st.integers(1, 28), st.booleans(), CHANGE, TOTAL, CHANGE, TOTAL
)
ROWS = st.lists(ROW, min_size=1, max_size=12, unique_by=lambda row: (row[0], row[1]))
BELOW = st.lists(st.tuples(st.integers(0, 599), st.sampled_from([1, 2])), max_size=2)
PADDING = [str(date(2021, 1, 1) + timedelta(days=n)) for n in range(600)]


def naive(text: str, form: CsvForm, older: Mapping[str, str]) -> Found | None:
    """Read the counts by name and day the obvious way."""
    lines = csv.reader(io.StringIO(text))
    names = [older.get(name.strip(), name.strip()) for name in next(lines)]
    found: Found = {}
    for line in lines:
        row = dict(zip(names, (cell.strip() for cell in line), strict=True))
        code, name = row[form.code], row[form.name]
        left_out = form is owid.FORM and find_code(code) is None
        if left_out or not (code or name):
            continue
        country = find_code(code)
        name = country.name if country and "\ufffd" in name else name
        new_cases, new_deaths, *totals = (
            int(float(row[one])) if row[one] else None for one in form.counts.values()
        )
        found[name, row[form.date][:10]] = [*totals, new_cases, new_deaths]
    return settled(found, 2)


def written(
    rows: Sequence[Any], below: Sequence[tuple[int, int]], columns: Sequence[str], spaces: bool
) -> str:
    """Write rows of CSV, then a long series of France with some totals `below` zero."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f" {name}" if spaces else name for name in columns])
    for (code, name), day, long, new, total, newly, deaths in rows:
        at = f"2020-02-{day:02}" + ("T00:00:00Z" if long else "")
        writer.writerow([at, code, name, new, newly, total, deaths])
    code = "FRA" if "New_cases" not in columns else "FR"
    for n, day in enumerate(PADDING):
        totals = [-5 if (n, which) in below else 9 for which in (1, 2)]
        writer.writerow([day, code, "France", 0, 0, *totals])
    return text.getvalue().removesuffix("\n")


@few
@given(rows=ROWS, below=BELOW, spaces=st.booleans(), end=st.sampled_from(["\n", "", "\r\n"]))
def test_whos_forms_give_what_a_naive_reader_reads(
    path: Path, rows: Sequence[Any], below: Sequence[tuple[int, int]], spaces: bool, end: str
) -> None:
    text = written(rows, below, who.FORM.columns, spaces) + end
    path.write_text(text)
    assert_agrees(lambda: read_back(read_long(path, who.FORM)), naive(text, who.FORM, {}))


@few
@given(
    rows=ROWS,
    below=BELOW,
    older=st.sampled_from([{}, {"iso_code": "code", "location": "country"}]),
)
def test_owids_forms_give_what_a_naive_reader_reads(
    path: Path, rows: Sequence[Any], below: Sequence[tuple[int, int]], older: dict[str, str]
) -> None:
    found = ((find_code(code), name, rest) for (code, name), *rest in rows)
    rows = [((c.iso3 if c else "OWID_X", name), *rest) for c, name, rest in found]
    then = {today: name for name, today in older.items()}
    text = written(rows, below, [then.get(name, name) for name in owid.FORM.columns], spaces=False)
    path.write_text(text)
    assert_agrees(lambda: read_back(read_long(path, owid.FORM)), naive(text, owid.FORM, older))


# ---- coviddata

NAMED = {"spain": "Spain", "cote-d-ivoire": "C\ufffdte d'Ivoire", "no-where": "N\ufffdwhere"}
READERS = {"country": read_countries, "region": read_regions, "place": read_places}
CELL = st.tuples(st.sampled_from(list(NAMED)), st.integers(0, 149), st.sampled_from(MEASURES))


@few
@given(
    what=st.sampled_from(list(READERS)),
    below=st.lists(CELL, max_size=2),
    days=st.sampled_from(["dates", "data"]),
    whole=st.sampled_from([7, 7.0]),
)
def test_coviddatas_forms_give_what_a_naive_reader_reads(
    path: Path, what: str, below: Sequence[Any], days: str, whole: float
) -> None:
    document: list[dict[str, Any]] = []
    expected: Found = {}
    for key, name in NAMED.items():
        about = {"key": key, "name": name}
        inside = about if what == "country" else {"key": f"x-{key}", "name": "X", "country": about}
        country, dates = find_key(key), {}
        for n, day in enumerate(PADDING[:150]):
            totals = {m: -3 if (key, n, m) in below else whole for m in MEASURES}
            dates[day] = {"new": dict.fromkeys(MEASURES, -1), "cumulative": totals}
            shown = country.name if country else name
            expected[shown, day] = [*map(int, totals.values()), *(-1,) * 3]
        document.append({what: inside, days: dates})
    path.write_text(json.dumps(document))
    assert_agrees(lambda: read_back(READERS[what](path)), settled(expected, 3))


# ---- JHU

PROVINCES = [
    ("", "Spain"),
    ("North", "Canada"),
    ("South", "Canada"),
    ("", "Korea, South"),
    ("", ""),
]
DAYS = [date(2020, 11, 1) + timedelta(days=n) for n in range(300)]  # beyond the last recoveries


def wide(below: Sequence[tuple[int, int]], after: str, long_years: bool, end: str) -> str:
    """Write one of JHU's files; `after` is what its cells hold behind the last recoveries."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    year = "%Y" if long_years else "%y"
    writer.writerow([*jhu.ABOUT, *(f"{d.month}/{d.day}/{d.strftime(year)}" for d in DAYS)])
    for row, place in enumerate(PROVINCES):
        cells = [str(-1 if (row, n) in below else row + n) for n in range(len(DAYS))]
        late = [after if day > jhu.LAST_RECOVERIES and after else None for day in DAYS]
        writer.writerow([*place, 0, 0, *(b or a for a, b in zip(cells, late, strict=True))])
    return text.getvalue().removesuffix("\n") + end


def naive_wide(text: str, last: date) -> dict[tuple[str, str], int | None] | None:
    found: dict[tuple[str, str], int | None] = {}
    cells = negative = 0
    for row in csv.DictReader(io.StringIO(text)):
        if not row["Country/Region"]:
            continue
        for day in DAYS:
            cell = row.get(
                f"{day.month}/{day.day}/{day:%Y}", row.get(f"{day.month}/{day.day}/{day:%y}")
            )
            if day > last:
                continue
            at, count = (row["Country/Region"], str(day)), int(cell or "0")
            cells, negative = cells + 1, negative + (count < 0)
            before = found.get(at, 0)
            found[at] = None if before is None or count < 0 else before + count
    return found if negative * 1000 < cells else None


@few
@given(
    below=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 299)), max_size=2),
    after=st.sampled_from(["-1", "x", "99999999999"]),
    long_years=st.booleans(),
    end=st.sampled_from(["\n", "", "\r\n"]),
)
def test_jhus_forms_give_what_a_naive_reader_reads(
    path: Path, below: Sequence[tuple[int, int]], after: str, long_years: bool, end: str
) -> None:
    texts = [wide(below, "", long_years, end)] * 2 + [wide([], after, long_years, end)]
    paths = [path.with_name(name) for name in SOURCES["jhu"].files]
    for one, text in zip(paths, texts, strict=True):
        one.write_text(text)
    lasts = [date.max, date.max, jhu.LAST_RECOVERIES]
    columns = [naive_wide(text, last) for text, last in zip(texts, lasts, strict=True)]
    expected: Found | None = None
    cases = columns[0]
    if cases is not None:
        rows = {at: [(column or {}).get(at) for column in columns] for at in cases}
        expected = {at: row for at, row in rows.items() if row != [None] * 3}
    assert_agrees(lambda: read_back(jhu.read(*paths), new=False), expected)
