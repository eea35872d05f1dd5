"""WHO's and OWID's CSV: what is right becomes exactly this table, and what is wrong is named."""

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import SourceChanged
from etl.extract import sources
from etl.extract.countries import find, find_code
from etl.extract.sources import SOURCES, owid, who
from etl.extract.sources import long_csv as long_csv_module
from etl.extract.sources.long_csv_form import CsvForm
from etl.extract.sources.table import SourceTable, read_table
from samples.living import OWID_HEADER, WHO_HEADER
from tests.support.frames import values

WHO = "WHO-COVID-19-global-daily-data.csv"
HEADER = WHO_HEADER.split(",")
LARGEST = 2**31 - 1
COUNTS = ["new_cases", "new_deaths", "cumulative_cases", "cumulative_deaths"]


@dataclass
class Reading:
    """Writes a document to a file and reads it."""

    path: Path
    form: CsvForm

    def __call__(self, document: bytes | str) -> SourceTable:
        content = document if isinstance(document, bytes) else document.encode()
        self.path.write_bytes(content)
        return long_csv_module.read_long(self.path, self.form)

    def faults(self, document: bytes | str) -> list[str]:
        with pytest.raises(SourceChanged) as caught:
            self(document)
        assert "\n" not in str(caught.value)
        return [fault.removeprefix(f"{self.path.name}, ") for fault in caught.value.faults]


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(tmp_path_factory.mktemp("who") / WHO, who.FORM)


@pytest.fixture(scope="module")
def reading_owid(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(tmp_path_factory.mktemp("owid") / "compact.csv", owid.FORM)


def lines(*rows: str, header: str = WHO_HEADER) -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


def spain(day: str = "2020-03-01", *counts: object) -> str:
    new, cases, newly, deaths = counts or (1, 10, 0, 2)
    return f"{day},ES,Spain,EURO,{new},{cases},{newly},{deaths}"


def owid_line(**cells: object) -> str:
    names = OWID_HEADER.split(",")
    assert set(cells) <= set(names)
    return ",".join(str(cells.get(name, "")) for name in names)


# ---- what is right


def test_three_countries_become_exactly_this_table(reading: Reading) -> None:
    table = reading(
        lines(
            spain("2020-03-02", -3, 17, "", 3),
            spain("2020-03-01", "", 20, 0, 2),
            "2020-03-01,NA,Namibia,AFRO,,0,,0",
            "2020-03-01,,International commercial vessel,OTHER,5,700,1,9",
        )
    )
    assert table.entities.to_dict("list") == {
        "country_key": ["spain", "namibia", "international-commercial-vessel"],
        "country": ["Spain", "Namibia", "International commercial vessel"],
        "iso3": ["ESP", "NAM", pytest.approx(float("nan"), nan_ok=True)],
    }
    rows = table.rows
    assert list(rows.columns) == ["country_key", "date", *COUNTS]
    assert rows["country_key"].cat.categories.tolist() == sorted(table.entities["country_key"])
    assert values(rows, "date", "spain") == ["2020-03-01", "2020-03-02"]
    assert values(rows, "new_cases", "spain") == [None, -3]
    assert values(rows, "new_deaths", "spain") == [0, None]
    assert values(rows, "cumulative_cases", "spain") == [20, 17]
    assert values(rows, "new_cases", "namibia") == [None]
    assert values(rows, "cumulative_deaths") == [9, 0, 2, 3]
    types = [str(rows[name].dtype) for name in COUNTS]
    assert types == ["Int32", "Int32", "int32", "int32"]


def test_a_column_may_move_and_others_may_come(reading: Reading) -> None:
    moved = lines(
        "2,Spain,x,10,2020-03-01,0,ES,1",
        header="Cumulative_deaths,Country,Note,Cumulative_cases,"
        "Date_reported,New_deaths,Country_code,New_cases",
    )
    assert reading(moved).rows.equals(reading(lines(spain())).rows)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("Spain", '"Spain"').replace("Date_reported", '"Date_reported"'),
        lambda text: text.replace(",10,", ",10.0,").replace(",2\n", ",2e0\n"),
    ],
    ids=["BOM", "CRLF", "blank lines", "quotes", "decimal points"],
)
def test_the_ways_of_writing_the_same_change_nothing(
    reading: Reading, change: Callable[[str], str]
) -> None:
    plain = lines(spain("2020-03-01"), spain("2020-03-02"))
    table, other = reading(plain), reading(change(plain))
    assert table.rows.equals(other.rows)
    assert table.entities.equals(other.entities)


def test_a_name_with_a_comma_is_one_name(reading: Reading) -> None:
    name = "occupied Palestinian territory, including east Jerusalem"
    table = reading(lines(f'2020-03-01,PS,"{name}",EMRO,1,1,0,0'))
    assert table.entities["country"].tolist() == [name]
    assert table.entities["country_key"].tolist() == ["palestine"]


def test_a_file_without_a_row_is_an_empty_table(reading: Reading) -> None:
    table = reading(lines())
    assert table.rows.empty
    assert list(table.rows.columns) == ["country_key", "date", *COUNTS]


def test_keys_are_those_of_every_other_source(reading: Reading) -> None:
    table = reading(
        lines(
            "2020-03-01,US,United States of America,AMRO,1,1,0,0",
            "2020-03-01,CI,Côte d'Ivoire,AFRO,1,1,0,0",
            "2020-03-01,XK,Kosovo (under UNSC res. 1244),EURO,1,1,0,0",
        )
    )
    assert table.entities["country_key"].tolist() == ["united-states", "ivory-coast", "kosovo"]
    assert table.entities["iso3"].tolist() == ["USA", "CIV", "XKX"]


def test_parts_of_one_country_go_by_their_own_names(reading: Reading) -> None:
    table = reading(
        lines("2020-03-01,CN,China,WPRO,1,1,0,0", "2020-03-01,,Mainland China,WPRO,1,1,0,0")
    )
    assert table.entities["country_key"].tolist() == ["china", "mainland-china"]
    assert table.entities["iso3"].tolist() == ["CHN", "CHN"]


def test_the_largest_counts_are_taken(reading: Reading) -> None:
    table = reading(lines(spain("0001-01-01", -LARGEST, LARGEST, LARGEST, 0)))
    assert values(table.rows, "new_cases") == [-LARGEST]
    assert values(table.rows, "cumulative_cases") == [LARGEST]


def test_aggregates_are_left_out_and_kosovo_is_not(reading_owid: Reading) -> None:
    codes = {"World": "OWID_WRL", "Kosovo": "OWID_KOS", "World excl. China": "", "Spain": "ESP"}
    rows = [
        owid_line(
            country=name, date="2020-03-01", code=code, total_cases="9e9" if not code else 5.0
        )
        for name, code in codes.items()
    ]
    table = reading_owid(lines(*rows, header=OWID_HEADER))
    assert table.entities["country"].tolist() == ["Kosovo", "Spain"]
    assert table.entities["iso3"].tolist() == ["XKX", "ESP"]


def test_a_day_that_tells_no_total_is_no_row(reading_owid: Reading) -> None:
    cells = {"country": "Spain", "code": "ESP", "people_vaccinated": 5.0}
    rows = [
        owid_line(**cells, date="2020-03-01", total_cases=7.0),
        owid_line(**cells, date="2020-03-02", new_cases=0.0),
        owid_line(**cells, date="2020-03-03", total_deaths=1.0),
        owid_line(country="Pitcairn", code="PCN", date="2020-03-03", new_cases=0.0),
    ]
    table = reading_owid(lines(*rows, header=OWID_HEADER))
    assert values(table.rows, "date") == ["2020-03-01", "2020-03-03"]
    assert values(table.rows, "cumulative_cases") == [7, None]
    assert values(table.rows, "cumulative_deaths") == [None, 1]
    assert table.entities["country"].tolist() == ["Spain"]


def test_a_file_of_many_blocks_is_read_as_one(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lines(
        *(
            f"2020-{month:02}-{day:02},{code},{name},EURO,,{month * day},,0"
            for code, name in (("ES", "Spain"), ("NA", "Namibia"), ("", "Ship"))
            for month in range(1, 13)
            for day in range(1, 29)
        )
    )
    whole = reading(text)
    monkeypatch.setattr(long_csv_module, "BLOCK", 300)
    pieces = reading(text)
    assert pieces.rows.equals(whole.rows)
    assert len(pieces.rows) == 3 * 12 * 28


# ---- what is wrong

BAD = {
    "a count that is text": (
        spain("2020-03-01", "many", 10, 0, 2),
        "line 3, Spain, 2020-03-01, New_cases: expected a whole number, got 'many'",
    ),
    "half a case": (
        spain("2020-03-01", 1, "10.5", 0, 2),
        "line 3, Spain, 2020-03-01, Cumulative_cases: expected a whole number, got '10.5'",
    ),
    "a negative total": (
        spain("2020-03-01", 1, 10, 0, -2),
        "line 3, Spain, 2020-03-01, Cumulative_deaths: "
        "expected a count that is not negative, got -2",
    ),
    "too many": (
        spain("2020-03-01", 1, 2**31, 0, 2),
        "line 3, Spain, 2020-03-01, Cumulative_cases: expected at most 2147483647, got 2147483648",
    ),
    "not a number": (
        spain("2020-03-01", "nan", 10, 0, 2),
        "line 3, Spain, 2020-03-01, New_cases: expected a whole number, got 'nan'",
    ),
    "without end": (
        spain("2020-03-01", 1, "inf", 0, 2),
        "line 3, Spain, 2020-03-01, Cumulative_cases: expected a whole number, got 'inf'",
    ),
    "NA, which is a country": (
        spain("2020-03-01", "NA", 10, 0, 2),
        "line 3, Spain, 2020-03-01, New_cases: expected a whole number, got 'NA'",
    ),
    "a day in another form": (
        spain("01/03/2020"),
        "line 3, Spain: expected a date such as 2020-01-22, got '01/03/2020', "
        "where the day or the month may come first",
    ),
    "a day there is not": (
        spain("2020-02-30"),
        "line 3, Spain: expected a date such as 2020-01-22, got '2020-02-30'",
    ),
    "no day": (
        spain(""),
        "line 3, Spain: expected a date such as 2020-01-22, got ''",
    ),
    "a country twice": (
        "2020-02-01,ES,Espana,EURO,1,1,0,0",
        "line 3, Espana, 2020-02-01: this country and day is also in line 2",
    ),
    "no name": (
        "2020-03-01,ES,,EURO,1,1,0,0",
        "line 3, ES: expected a name of 1 to 200 characters, got 0",
    ),
    "a cell too few": ("2020-03-01,ES,Spain,EURO,1,1,0", "line 3: expected 8 values, got 7"),
    "a cell too many": (spain() + ",9", "line 3: expected 8 values, got 9"),
    "a stray quote": (
        '2020-03-01,ES,"Spain,EURO,1,1,0,0',
        "line 3: expected 8 values, got 3",
    ),
}


@pytest.mark.parametrize(("line", "message"), BAD.values(), ids=BAD)
def test_a_fault_is_named_by_its_place(reading: Reading, line: str, message: str) -> None:
    good = spain("2020-02-01")
    assert reading.faults(lines(good, line)) == [message]


def test_a_name_that_is_no_utf_8_is_named(reading: Reading) -> None:
    document = lines(spain(), "2020-03-01,TR,Turk\xfcye,EURO,1,1,0,0").encode("latin-1")
    assert reading.faults(document) == ["line 3, Turk\ufffdye: not UTF-8"]


def test_faults_are_all_collected(reading: Reading) -> None:
    wrong = [spain(f"2020-03-{n:02}", "x", -1, 0, 0) for n in range(1, 9)]
    found = reading.faults(lines(*wrong, "cut,off"))
    assert found == [
        "line 2, Spain, 2020-03-01, New_cases: expected a whole number, got 'x' "
        "(and 7 more like it)",
        "line 10: expected 8 values, got 2",
        "line 2, Spain, 2020-03-01, Cumulative_cases: expected a count that is not negative, "
        "got -1 (and 7 more like it)",
    ]


@pytest.mark.parametrize("name", [name for name in HEADER if name != "WHO_region"])
def test_a_column_that_is_renamed_or_gone_or_there_twice_is_named(
    reading: Reading, name: str
) -> None:
    expected = ", ".join(who.FORM.columns)
    for header in (
        WHO_HEADER.replace(name, f"{name}_new", 1)
        if name != "Country"
        else WHO_HEADER.replace(",Country,", ",Nation,"),
        ",".join("" if column == name else column for column in HEADER),
        f"{WHO_HEADER},{name}",
    ):
        (fault,) = reading.faults(lines(spain(), header=header))
        got = header.replace(",", ", ").strip()
        assert fault == (
            f"{WHO}: columns missing or duplicated: {name}; expected {expected}; got {got}"
        )


@pytest.mark.parametrize(
    ("document", "begins"),
    [
        ('{"error": "gone"}\n', '{"error": "gone"}'),
        ("\x00\x01\x02\n", "\ufffd\ufffd\ufffd"),
    ],
)
def test_what_is_no_such_csv_is_shown_from_its_start(
    reading: Reading, document: str, begins: str
) -> None:
    expected = ", ".join(who.FORM.columns)
    assert reading.faults(document) == [
        f"{WHO} is not a CSV of this source: expected {expected}; it begins '{begins}'"
    ]


def test_an_empty_file_says_so(reading: Reading) -> None:
    for document in ("", "\n"):
        (fault,) = reading.faults(document)
        assert fault.startswith(f"{WHO} is empty; expected Date_reported")


def test_a_file_that_is_cut_in_mid_row_is_refused_wherever_it_is(reading: Reading) -> None:
    text = lines(spain("2020-03-01", 1, 10, 0, 234), spain("2020-03-02", 1, 11, 0, 235))
    body = len(WHO_HEADER) + 1
    for end in range(1, len(text)):
        last = text[:end].rpartition("\n")[2]
        if last and (last.count(",") < 7 or end < body):
            assert reading.faults(text[:end])
    assert (
        "ends in the middle of its last line: '...2020-03-01,ES,Spain,EURO,1,10'"
        in (reading.faults(text[: text.index("10,") + 2])[0])
    )
    assert len(reading(text[: text.index("\n", body) + 1]).rows) == 1


def test_two_names_that_make_one_key_are_named(reading: Reading) -> None:
    found = reading.faults(
        lines("2020-03-01,,Ship A,OTHER,1,1,0,0", "2020-03-01,,Ship (A),OTHER,1,1,0,0")
    )
    assert found == [
        "'Ship A': another country of the source also has the key ship-a (and 1 more like it)"
    ]


def test_a_name_that_makes_no_key_is_named(reading: Reading) -> None:
    assert reading.faults(lines("2020-03-01,,船,OTHER,1,1,0,0")) == [
        "'船': no key can be derived from this name"
    ]


# ---- whatever comes

DAY = st.dates(min_value=pd.Timestamp("2019-12-01").date()).map(str)
TOTAL = st.integers(0, LARGEST) | st.just("") | st.integers(0, 999).map(lambda n: f"{n}.0")
CHANGE = st.integers(-LARGEST, LARGEST) | st.just("")
PLACES = [("ES", "Spain"), ("NA", "Namibia"), ("", 'A "ship", far'), ("PS", "Gaza, and more")]


def naive(text: str, form: CsvForm) -> dict[tuple[str, str], list[int | None]]:
    """By name and day, the counts, read the obvious way."""
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        counts = {
            ours: int(float(row[theirs])) if (row[theirs] or "").strip() else None
            for ours, theirs in form.counts.items()
        }
        if counts["cumulative_cases"] is not None or counts["cumulative_deaths"] is not None:
            found[row[form.name], row[form.date].strip()] = list(counts.values())
    return found


def read_back(table: SourceTable) -> dict[tuple[str, str], list[int | None]]:
    name_of = dict(zip(table.entities["country_key"], table.entities["country"], strict=True))
    names = [name_of[key] for key in table.rows["country_key"]]
    counts = zip(*(values(table.rows, name) for name in COUNTS), strict=True)
    days = values(table.rows, "date")
    return {(name, day): list(row) for name, day, row in zip(names, days, counts, strict=True)}


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(PLACES), DAY, CHANGE, TOTAL, CHANGE, TOTAL),
        max_size=30,
        unique_by=lambda row: (row[0], row[1]),
    ),
    order=st.permutations(HEADER),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_right_file_gives_what_the_csv_module_reads(
    reading: Reading, rows: Sequence[Any], order: list[str], end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(order)
    for (code, name), day, *counts in rows:
        new, total, newly, deaths = counts
        cells = (day, code, name, "EURO", new, total, newly, deaths)
        writer.writerow([dict(zip(HEADER, cells, strict=True))[column] for column in order])
    table = reading(text.getvalue())
    assert read_back(table) == naive(text.getvalue(), who.FORM)
    assert table.rows["country_key"].cat.codes.is_monotonic_increasing


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_as_the_csv_module_reads_it(
    reading: Reading, data: st.DataObject
) -> None:
    text = lines(*(spain(f"2020-03-0{n}", n, n * 10, "", n) for n in range(1, 5)))
    start = data.draw(st.integers(len(WHO_HEADER) + 1, len(text) - 1))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    wild = data.draw(st.text(st.sampled_from('0123456789-+.,eExX"_ \n\ufeffÀñ'), max_size=4))
    damaged = text[:start] + wild + text[end:]
    try:
        table = reading(damaged)
    except SourceChanged:
        return
    # a code that stands with two names is one country
    read, expected = (
        sorted((day, str(counts)) for (_, day), counts in found.items())
        for found in (read_back(table), naive(damaged, who.FORM))
    )
    assert read == expected


# ---- the register, and the samples


@pytest.mark.parametrize("name", ["who", "owid"])
def test_the_sample_is_read_by_the_register_as_the_csv_module_reads_it(
    name: str, tmp_path: Path
) -> None:
    source, form = SOURCES[name], {"who": who.FORM, "owid": owid.FORM}[name]
    content = gzip.decompress((sources.SAMPLES / f"{name}.csv.gz").read_bytes())
    path = tmp_path / source.files[0]
    path.write_bytes(content)
    table = read_table(source, [path])
    expected = naive(content.decode("utf-8-sig"), form)
    if name == "owid":
        aggregates = {"World", "World excl. China", "Europe"}
        expected = {at: row for at, row in expected.items() if at[0] not in aggregates}
    assert read_back(table) == expected
    assert len(expected) > 300


def test_codes_and_names_find_the_same_countries() -> None:
    assert find_code("NA") == find_code("NAM") == find("Namibia")
    assert find_code("XKX") == find("Kosovo")
    assert find_code("") is find_code("ZZ") is None
