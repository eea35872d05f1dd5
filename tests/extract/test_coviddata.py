"""stats.json: what is right becomes exactly this table, and what is wrong is named by its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from etl.errors import SourceChanged, upsetting
from etl.extract.fetch import Limits, fetch
from etl.extract.sources import SOURCES
from etl.extract.sources.coviddata import read_countries as read
from etl.extract.sources.table import SourceTable, read_table
from tests.support.builders import MEASURES, country, day, stats_json

COLUMNS = [f"{kind}_{measure}" for kind in ("new", "cumulative") for measure in MEASURES]
LARGEST = 2**31 - 1


class Reading:
    """Writes a document to a file and reads it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "stats.json"

    def __call__(self, document: bytes | list[Any]) -> SourceTable:
        content = document if isinstance(document, bytes) else stats_json(document)
        self.path.write_bytes(content)
        return read(self.path)

    def faults(self, document: bytes | list[Any]) -> list[str]:
        with pytest.raises(SourceChanged) as caught:
            self(document)
        assert "\n" not in str(caught.value)
        return caught.value.faults


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(tmp_path_factory.mktemp("coviddata"))


def naive(elements: list[Any]) -> SourceTable:
    """The same table, made the obvious way."""
    kept = [element for element in elements if element["dates"]]
    names = [(element["country"]["key"], element["country"]["name"]) for element in kept]
    rows = [
        (element["country"]["key"], date, *(int(v) for v in _counts(counts)))
        for element in sorted(kept, key=lambda element: str(element["country"]["key"]))
        for date, counts in sorted(element["dates"].items())
    ]
    frame = pd.DataFrame(rows, columns=["country_key", "date", *COLUMNS])
    types: dict[str, Any] = dict.fromkeys(COLUMNS, "int32")
    categories = pd.Index(sorted(key for key, _ in names), dtype="str")
    types |= {"date": "datetime64[s]", "country_key": pd.CategoricalDtype(categories)}
    entities = pd.DataFrame(names, columns=["country_key", "country"], dtype="str")
    return SourceTable(entities, frame.astype(types))


def _counts(counts: Any) -> list[Any]:
    return [counts[kind][measure] for kind in ("new", "cumulative") for measure in MEASURES]


def assert_same(table: SourceTable, expected: SourceTable) -> None:
    assert_frame_equal(table.entities, expected.entities)
    assert_frame_equal(table.rows, expected.rows)


# ---- what is right


def test_two_countries_become_exactly_this_table(reading: Reading) -> None:
    first = day(new_cases=3, new_deaths=2, new_recoveries=1, cumulative_cases=30)
    last = day(new_cases=-4, cumulative_cases=26, cumulative_deaths=5, cumulative_recoveries=6)
    table = reading(
        [
            country("spain", "España", {"2020-05-26": last, "2020-05-25": first}),
            country("cote-divoire", "Côte d'Ivoire", {"2020-05-25": day(cumulative_cases=7)}),
        ]
    )
    entities = {
        "country_key": ["spain", "cote-divoire"],
        "country": ["España", "Côte d'Ivoire"],
    }
    assert_frame_equal(table.entities, pd.DataFrame(entities, dtype="str"))
    keys = pd.Categorical.from_codes([0, 1, 1], pd.Index(["cote-divoire", "spain"]))
    rows = {
        "country_key": keys,
        "date": np.array(["2020-05-25", "2020-05-25", "2020-05-26"], "datetime64[s]"),
        "new_cases": [0, 3, -4],
        "new_deaths": [0, 2, 0],
        "new_recoveries": [0, 1, 0],
        "cumulative_cases": [7, 30, 26],
        "cumulative_deaths": [0, 0, 5],
        "cumulative_recoveries": [0, 0, 6],
    }
    expected = pd.DataFrame(rows).astype(dict.fromkeys(COLUMNS, "int32"))
    assert_frame_equal(table.rows, expected)


def test_the_form_of_march_2020_gives_the_same_table(reading: Reading) -> None:
    elements = [
        country("spain", "España", {"2020-03-01": day(cumulative_cases=7)}),
        country("france", "France", {"2020-03-01": day(cumulative_cases=3.0)}),
    ]
    early = [{"country": one["country"], "data": one["dates"]} for one in elements]
    assert_same(reading(early), naive(elements))
    early[0]["data"] = {"2020-03-01": day(cumulative_cases="7")}
    assert reading.faults(early) == ["spain, 2020-03-01, cumulative.cases: expected int, got str"]
    both = [one | {"data": {}} for one in elements]
    assert_same(reading(both), naive(elements))


def test_an_empty_array_is_an_empty_table_of_the_same_types(reading: Reading) -> None:
    assert_same(reading(b"[]"), naive([]))


def test_a_country_without_days_is_left_out(reading: Reading) -> None:
    table = reading([country("italy", days=0), country("spain"), country("japan", days=0)])
    assert table.entities["country_key"].tolist() == ["spain"]
    assert table.rows["country_key"].cat.categories.tolist() == ["spain"]


def test_days_out_of_order_are_sorted_with_their_values(reading: Reading) -> None:
    days = {f"2020-03-{n:02}": day(new_cases=n) for n in (7, 30, 1, 15, 2)}
    table = reading([country("spain", days=days)])
    assert table.rows["new_cases"].tolist() == [1, 2, 7, 15, 30]
    assert table.rows["date"].dt.day.tolist() == [1, 2, 7, 15, 30]


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "=cmd()", "@x", " Montreal, QC", "🦠", "x" * 200, '":'],
)
def test_a_name_is_data_and_read_as_it_is(reading: Reading, name: str) -> None:
    table = reading([country("spain", name)])
    assert table.entities["country"].tolist() == [name]


def test_fields_that_are_not_known_are_left_aside(reading: Reading) -> None:
    known = [country("spain", days=2), country("italy")]
    more: list[Any] = json.loads(json.dumps(known))
    more[0]["location_type"] = {"dates": {}, "a": [1, None, 1.5, "}"]}
    more[0]["country"]["population"] = 47e6
    more[0]["dates"]["2020-01-22"] |= {"new": day()["new"] | {"tests": -1}, "active": {}}
    assert_same(reading(more), naive(known))


def test_white_space_and_escapes_change_nothing(reading: Reading) -> None:
    elements = [country("spain", 'a "\\ é', 3), country("italy", days=2)]
    for indent, ascii_only in ((None, True), (4, False)):
        content = json.dumps(elements, indent=indent, ensure_ascii=ascii_only).encode()
        assert_same(reading(b"\xef\xbb\xbf" + content), naive(elements))
    blanks = json.dumps(elements, separators=(" ,", " : ")).encode()
    assert_same(reading(blanks), naive(elements))


def test_a_whole_number_may_be_written_with_a_point(reading: Reading) -> None:
    counts = day(new_cases=-3.0, cumulative_cases=3.0, cumulative_deaths=1e2)
    table = reading([country("spain", days={"2020-05-25": counts}), country("italy")])
    assert table.rows["new_cases"].tolist() == [0, -3]
    assert table.rows["cumulative_cases"].tolist() == [0, 3]
    assert table.rows["cumulative_deaths"].tolist() == [0, 100]
    assert table.rows["cumulative_deaths"].dtype == "int32"


def test_the_largest_numbers_are_taken(reading: Reading) -> None:
    counts = day(new_cases=-LARGEST, new_deaths=LARGEST, cumulative_cases=LARGEST)
    rows = reading([country("spain", days={"0001-01-01": day(), "9999-12-31": counts})]).rows
    assert rows["new_cases"].tolist() == [0, -LARGEST]
    assert rows["date"].dt.year.tolist() == [1, 9999]


def test_more_countries_than_16_bits_can_count_are_read(reading: Reading) -> None:
    table = reading([country(f"c{n}") for n in range(33_000)])
    assert table.rows["country_key"].nunique() == len(table.entities) == 33_000


def test_the_register_reads_by_this_module(reading: Reading) -> None:
    reading([country("spain")])
    assert len(read_table(SOURCES["coviddata"], [reading.path]).rows) == 1


# ---- what is wrong


def spain(change: Callable[[Any], object] | None = None, **over: object) -> list[Any]:
    """Spain with one day, 2020-05-25, of these counts; `change` is made to the whole of it."""
    element = country("spain", days={"2020-05-25": day(**over)})
    if change:
        change(element)
    return [country("italy"), element]


def renamed(old: str, new: str) -> Callable[[Any], object]:
    def rename(element: Any) -> None:
        element[new] = element.pop(old)

    return rename


def on_that_day(change: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda element: change(element["dates"]["2020-05-25"])


def dated(text: str) -> list[Any]:
    return [country("spain", days={text: day()})]


THAT_DAY = "spain, 2020-05-25"
LISTED = "expected a date such as 2020-01-22, got"
FAULTS: dict[str, tuple[list[Any], str]] = {
    "text for a number": (
        spain(new_cases="12"),
        f"{THAT_DAY}, new.cases: expected int, got str",
    ),
    "null for a number": (
        spain(new_deaths=None),
        f"{THAT_DAY}, new.deaths: expected int, got null",
    ),
    "a bool for a number": (
        spain(cumulative_cases=True),
        f"{THAT_DAY}, cumulative.cases: expected int, got bool",
    ),
    "a list for a number": (
        spain(cumulative_cases=[1]),
        f"{THAT_DAY}, cumulative.cases: expected int, got array",
    ),
    "an object for a number": (
        spain(cumulative_cases={}),
        f"{THAT_DAY}, cumulative.cases: expected int, got object",
    ),
    "a fraction": (
        spain(new_recoveries=1.5),
        f"{THAT_DAY}, new.recoveries: expected int, got 1.5",
    ),
    "not a number": (
        spain(new_cases=float("nan")),
        f"{THAT_DAY}, new.cases: expected int, got nan",
    ),
    "infinite": (
        spain(new_cases=float("inf")),
        f"{THAT_DAY}, new.cases: expected int, got inf",
    ),
    "a number of 30 digits": (
        spain(cumulative_cases=10**29),
        f"{THAT_DAY}, cumulative.cases: expected at most {LARGEST}, got {10**29}",
    ),
    "a number one too large": (
        spain(cumulative_cases=LARGEST + 1),
        f"{THAT_DAY}, cumulative.cases: expected at most {LARGEST}, got {LARGEST + 1}",
    ),
    "a change one too large": (
        spain(new_cases=-LARGEST - 1),
        f"{THAT_DAY}, new.cases: expected at most {LARGEST}, got -{LARGEST + 1}",
    ),
    "a number of 300 digits with an exponent": (
        spain(cumulative_cases=1e300),
        f"{THAT_DAY}, cumulative.cases: expected at most {LARGEST}, got {str(int(1e300))[:40]}",
    ),
    "a negative count": (
        spain(cumulative_deaths=-1),
        f"{THAT_DAY}, cumulative_deaths: expected a count that is not negative, got -1",
    ),
    "`days` for `dates`": (
        spain(renamed("dates", "days")),
        "spain: expected field 'dates', got 'country', 'days'",
    ),
    "no country": (
        spain(renamed("country", "region")),
        "spain: expected field 'country', got 'dates', 'region'",
    ),
    "no recoveries": (
        spain(on_that_day(lambda counts: counts["new"].pop("recoveries"))),
        f"{THAT_DAY}, new: expected field 'recoveries', got 'cases', 'deaths'",
    ),
    "no cumulative counts": (
        spain(on_that_day(lambda counts: counts.pop("cumulative"))),
        f"{THAT_DAY}: expected field 'cumulative', got 'new'",
    ),
    "a number for a day": (
        [country("spain", days={"2020-05-25": 7})],
        f"{THAT_DAY}: expected object, got int",
    ),
    "a list of days": (
        [country("spain", dates=["2020-05-25"])],
        "spain, dates: expected object, got array",
    ),
    "a text for a country": (
        [{"country": "spain", "dates": {}}],
        "country 1, country: expected object, got str",
    ),
    "no object": ([country("italy"), [1]], "country 2: expected object, got array"),
    "no name": (
        spain(lambda element: element["country"].pop("name")),
        "spain, country: expected field 'name', got 'key'",
    ),
    "an empty name": (
        [country("spain", "")],
        "spain, country.name: expected 1 to 200 characters, got 0",
    ),
    "a name of 300 characters": (
        [country("spain", "x" * 300)],
        "spain, country.name: expected 1 to 200 characters, got 300",
    ),
    "a number for a name": (
        spain(lambda element: element["country"].update(name=1)),
        "spain, country.name: expected str, got int",
    ),
    "an empty key": (
        [country("", "Spain")],
        "country 1, country.key: expected 1 to 200 characters, got 0",
    ),
    "a key with a slash": (
        [country("spain"), country("../spain")],
        "country 2, country.key: expected a-z, 0-9 and hyphens, got '../spain'",
    ),
    "a key in capitals": (
        [country("Spain")],
        "country 1, country.key: expected a-z, 0-9 and hyphens, got 'Spain'",
    ),
    "a key that ends a line": (
        [country("spain\n", "Spain")],
        "country 1, country.key: expected a-z, 0-9 and hyphens, got 'spain\\n'",
    ),
    "a key that ends in a hyphen": (
        [country("spain-")],
        "spain-, country.key: expected a-z, 0-9 and hyphens, got 'spain-'",
    ),
    "a country that stands twice": (
        [country("spain"), country("italy"), country("spain", "Spain (again)")],
        "spain: this country appears twice in the source",
    ),
    "a country that stands twice, first without days": (
        [country("spain", days=0), country("spain")],
        "spain: this country appears twice in the source",
    ),
    "a day that does not exist": (dated("2020-02-30"), f"spain: {LISTED} '2020-02-30'"),
    "a date without hyphens": (dated("20200101"), f"spain: {LISTED} '20200101'"),
    "a date without zeros": (dated("2020-1-1"), f"spain: {LISTED} '2020-1-1'"),
    "a day of a week": (dated("2020-W10-1"), f"spain: {LISTED} '2020-W10-1'"),
    "a date with a time": (dated("2020-01-01T00:00"), f"spain: {LISTED} '2020-01-01T00:00'"),
    "a date with a blank": (dated("2020-01-01 "), f"spain: {LISTED} '2020-01-01 '"),
    "a date in other digits": (dated("２０２０-01-01"), f"spain: {LISTED} '２０２０-01-01'"),  # noqa: RUF001
    "no date": (dated("yesterday"), f"spain: {LISTED} 'yesterday'"),
}


@pytest.mark.parametrize(("document", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_by_its_place(reading: Reading, document: list[Any], message: str) -> None:
    assert reading.faults(document) == [message]


def test_every_field_that_is_missing_is_named(reading: Reading) -> None:
    found = reading.faults(spain(on_that_day(lambda counts: counts["new"].clear())))
    assert found == [f"{THAT_DAY}, new: expected field {name!r}, got none" for name in MEASURES]


GOOD = stats_json([country("spain", days={"2020-05-25": day()})])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"new":{"cases":0', b'"new":{"cases":0,"cases":1', ", new: field 'cases' appears twice"),
        (b'"new":{', b'"new":{},"new":{', ": field 'new' appears twice"),
        # as many keys before a colon as there should be, had they been counted by `":`
        (b'"new":{"cases":0', b'"new" :{"cases":0,"cases":1', ", new: field 'cases' appears twice"),
    ],
    ids=["a measure", "a kind", "a measure, and a blank elsewhere"],
)
def test_a_field_that_stands_twice_in_a_day_is_named(
    reading: Reading, old: bytes, new: bytes, message: str
) -> None:
    assert reading.faults(GOOD.replace(old, new)) == [THAT_DAY + message]


def test_a_day_that_stands_twice_in_a_country_is_named(reading: Reading) -> None:
    one = GOOD[GOOD.index(b'"2020-05-25"') : -3]
    assert reading.faults(GOOD.replace(one, one + b"," + one)) == [
        f"{THAT_DAY}: this day appears twice"
    ]
    escaped = one.replace(b"2020", b"\\u0032020")
    assert reading.faults(GOOD.replace(one, one + b"," + escaped)) == [
        f"{THAT_DAY}: this day appears twice"
    ]


def test_a_country_with_two_keys_is_named(reading: Reading) -> None:
    twice = GOOD.replace(b'"key":"spain"', b'"key":"spain","key":"italy"')
    assert reading.faults(twice) == ["spain, country: field 'key' appears twice"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"Spain", b"Espa\xf1a", "spain: not UTF-8 at byte 38 of the country"),
        (b'"dates"', b'"x":"\xff","dates"', "spain: not UTF-8 at byte 47 of the country"),
        (b'"dates":', b'"dates"', "spain: not JSON: Expecting ':' delimiter: "),
        (b'"cases":0', b'"cases":01', "spain: not JSON: Expecting ',' delimiter: "),
        (b'"cases":0', b'"cases":' + b"9" * 5000, "spain: not JSON: Exceeds the limit (4300 "),
        (b'"dates"', b'"x":' + b"[" * 99_999 + b"]" * 99_999 + b',"dates"', "spain: not JSON: "),
        (b"Spain", b"\\ud800", "spain, country.name: expected a name without control characters"),
        (b"Spain", b"\0", "spain: not JSON: Invalid control character at: "),
    ],
    ids=[
        "Latin-1",
        "no UTF-8 in a field that is not known",
        "a colon missing",
        "a leading zero",
        "a number of 5,000 digits",
        "arrays 99,999 deep",
        "half of a surrogate pair",
        "a control character",
    ],
)
def test_a_country_that_is_no_json_is_named(
    reading: Reading, old: bytes, new: bytes, message: str
) -> None:
    (fault,) = reading.faults(GOOD.replace(old, new, 1))
    assert fault.startswith(message)


def test_faults_of_several_countries_are_all_collected(reading: Reading) -> None:
    found = reading.faults(
        [
            country("spain", days={"2020-05-25": day(new_cases="1")}),
            country("italy"),
            country("france", dates=None),
            country("Japan", "", days={"soon": day()}),
        ]
    )
    assert found == [
        f"{THAT_DAY}, new.cases: expected int, got str",
        "france, dates: expected object, got null",
        "country 4, country.key: expected a-z, 0-9 and hyphens, got 'Japan'",
        "country 4, country.name: expected 1 to 200 characters, got 0",
        f"country 4: {LISTED} 'soon'",
    ]


def test_faults_before_the_place_where_the_document_breaks_off_are_told_too(
    reading: Reading,
) -> None:
    cut = stats_json([*spain(new_cases="1"), country("france")])[:-20]
    first, last = reading.faults(cut)
    assert first == f"{THAT_DAY}, new.cases: expected int, got str"
    assert last.startswith("the source ends inside element 3: '...")


def test_many_faults_alike_are_summarised(reading: Reading) -> None:
    broken = {f"2020-05-{n:02}": day(new_cases="1") for n in range(1, 31)}
    keys = [f"c{n}" for n in range(30)]
    found = reading.faults([country(key, days=broken) for key in keys])
    assert found == ["c0, 2020-05-01, new.cases: expected int, got str (and 899 more like it)"]
    renamed_everywhere = [{"country": {"key": key, "name": key}, "days": {}} for key in keys]
    found = reading.faults(renamed_everywhere)
    assert found == ["c0: expected field 'dates', got 'country', 'days' (and 29 more like it)"]


def test_reading_stops_after_a_thousand_faults_however_alike(reading: Reading) -> None:
    assert reading.faults(b"[" + b"{}," * 400 + b"{}]")[-1].endswith("(and 400 more like it)")
    found = reading.faults(b"[" + b"{}," * 5_000 + b"{}]")
    assert found[0] == "reading stopped after 1,000 faults"
    assert found[-1].endswith("(and 499 more like it)")
    differing = {
        f"{year}-05-01": day(cumulative_cases=-year, new_cases=str(year))
        for year in range(1000, 3000)
    }
    with pytest.raises(SourceChanged) as caught:
        reading([country("spain", days=differing)])
    assert len(str(caught.value)) < 3_000


# ---- any document


COUNTS = st.builds(
    lambda values: dict(zip(MEASURES, values, strict=True)),
    st.tuples(*[st.integers(0, LARGEST) | st.integers(0, 9)] * 3),
)
CHANGES = st.builds(
    lambda values: dict(zip(MEASURES, values, strict=True)),
    st.tuples(*[st.integers(-LARGEST, LARGEST) | st.integers(0, 9)] * 3),
)
DAYS = st.dictionaries(
    st.dates().map(str), st.fixed_dictionaries({"new": CHANGES, "cumulative": COUNTS}), max_size=5
)
COUNTRIES = st.builds(
    country,
    st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,3}){0,2}", fullmatch=True),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
        lambda name: name.strip() and not upsetting(name)
    ),
    DAYS,
)
DOCUMENTS = st.lists(COUNTRIES, max_size=5, unique_by=lambda element: element["country"]["key"])


@settings(max_examples=60)
@given(DOCUMENTS)
def test_any_right_document_gives_the_table_made_the_obvious_way(
    reading: Reading, elements: list[Any]
) -> None:
    assert_same(reading(elements), naive(elements))


BYTES = st.sampled_from([bytes([n]) for n in range(256)])
PIECES = st.sampled_from(
    [b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"-", b"0", b".0", b"e9", b"null", b" "]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 9999), st.integers(0, 2) | st.integers(0, 200), PIECES | BYTES),
    min_size=1,
    max_size=3,
)
SMALL = stats_json([country("spain", "España", 2), country("italy", days=1)])


def edited(document: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Each edit puts some bytes in the place of so many others: flips, deletions, insertions."""
    for at, length, instead in edits:
        at %= len(document) + 1
        document = document[:at] + instead + document[at + length :]
    return document


@settings(max_examples=400)
@given(EDITS)
def test_a_damaged_document_is_refused_or_says_what_json_says(
    reading: Reading, edits: list[tuple[int, int, bytes]]
) -> None:
    document = edited(SMALL, edits)
    try:
        table = reading(document)
    except SourceChanged:
        return
    assert_same(table, naive(json.loads(document.decode("utf-8-sig"))))


def test_a_document_that_ends_anywhere_inside_is_refused(reading: Reading) -> None:
    for end in range(len(SMALL)):
        reading.faults(SMALL[:end])


# ---- the real thing


def test_the_sources_own_file_is_read_whole(real_data: Path, tmp_path: Path) -> None:
    packed = real_data / "countries-2020-09-07.json.gz"
    fetched = fetch(str(packed), tmp_path / "stats.json", Limits(10**8))
    assert fetched is not None
    table = read(fetched.path)
    assert len(table.entities) == 213
    assert len(table.rows) == 35_232
    assert table.rows["date"].max() == pd.Timestamp("2020-09-06")
    assert_same(table, naive(json.loads(fetched.path.read_bytes())))
