import csv
import gzip
import io
import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import PROJECT
from etl.errors import SourceChanged
from etl.extract import countries, facts
from etl.extract.countries import Country, lookup, normalise
from etl.extract.facts import FACT_COLUMNS, FACTS, read_facts
from etl.transform.merge import Unmatched, attach

HEADER = list(FACTS)
Cell = str | float | bool
NO_COUNTRIES = {"Cruise Ship", "Diamond Princess", "MS Zaandam", "North Ireland", "Others"}


def row(country: str = "Albania", **over: Cell) -> list[Cell]:
    cells: dict[str, Cell] = {
        "COUNTRY": country,
        "Continent": "Europe",
        "Country_Clasification": "NC",
        "Government_Type": "Constitutional monarchy",
        "Corruption_preception": "Less corrupt",
        "Development_Status": "Developed economies",
        "Land_Conditions": "Sea Access",
        "GDP_per_unit_of_energy_use_constant": 12.5,
        "Population_total": 1000000.0,
        "Urban_population_PC_of_total_population": 56.25,
    }
    return list((cells | over).values())


def csv_file(
    to: Path, *rows: Sequence[Cell], header: Sequence[str] = HEADER, bom: str = ""
) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    to.write_bytes((bom + text.getvalue()).encode())
    return to


def xlsx(*rows: Sequence[Cell]) -> bytes:
    """The least that counts as a workbook; a number or a truth stays one, the rest is text."""

    def cell(value: Cell) -> str:
        if isinstance(value, bool):
            return f'<c t="b"><v>{value:d}</v></c>'
        if isinstance(value, float):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    return workbook("".join(f"<row>{''.join(map(cell, cells))}</row>" for cells in rows))


def workbook(sheet_data: str) -> bytes:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def relation(kind: str, target: str) -> str:
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        one = f'<Relationship Id="r1" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}">{one}</Relationships>'

    parts = {
        "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">'
        f"<sheetData>{sheet_data}</sheetData></worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def xlsx_file(to: Path, *rows: Sequence[Cell]) -> Path:
    to.write_bytes(xlsx(HEADER, *rows))
    return to


def faults_of(path: Path) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        read_facts(path)
    assert all("\n" not in fault and len(fault) < 1000 for fault in caught.value.faults)
    return caught.value.faults


def entities(*names: str) -> pd.DataFrame:
    keys = [normalise(name).replace(" ", "-") for name in names]
    return pd.DataFrame({"country_key": keys, "country": list(names)}, dtype="str")


def table() -> list[dict[str, str]]:
    path = Path(countries.__file__).with_name("countries.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_curly_apostrophe_matches_a_straight_one() -> None:
    assert normalise("Cote d\u2019Ivoire") == normalise("Cote d'Ivoire")


def test_case_accents_and_stray_blanks_do_not_matter() -> None:
    assert normalise("  C\u00d4TE\u00a0 d'Ivoire\n") == "cote d'ivoire"
    assert normalise("Tu\u0308rkiye") == normalise("T\u00fcrkiye") == "turkiye"


@given(st.text())
def test_normalising_twice_changes_nothing_more(name: str) -> None:
    assert normalise(normalise(name)) == normalise(name)


def test_the_table_is_sorted_and_holds_each_name_once() -> None:
    rows = table()
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    names = [name for row in rows for name in (row["name"], *row["aliases"].split("|")) if name]
    assert [name for name, n in Counter(map(normalise, names)).items() if n > 1] == []
    assert all(name == name.strip() for name in names)
    assert len(lookup()) == len(names)


def test_the_table_holds_iso_3166_kosovo_and_the_channel_islands() -> None:
    rows = table()
    coded = [row for row in rows if row["iso3"]]
    assert len(coded) == 249 + 1
    assert len({row["iso3"] for row in coded}) == len({row["iso2"] for row in coded}) == 250
    assert all(re.fullmatch("[A-Z]{3} [A-Z]{2}", f"{row['iso3']} {row['iso2']}") for row in coded)
    assert [row["name"] for row in rows if not row["iso3"]] == ["Channel Islands"]
    assert lookup()["kosovo"] == Country("Kosovo", "XK", "XKX")
    assert lookup()["channel islands"] == Country("Channel Islands", None, None)


def test_namibias_code_is_not_taken_for_a_missing_value() -> None:
    assert lookup()["namibia"].iso2 == "NA"


@pytest.mark.parametrize(
    ("iso3", "names"),
    [
        ("USA", ["US", "USA", "United States", "United States of America"]),
        ("GBR", ["UK", "The United Kingdom"]),
        ("TWN", ["Taiwan", "Taiwan*"]),
        ("KOR", ["South Korea", "Korea, South", "Korea, Rep.", "Republic of Korea"]),
        ("PRK", ["North Korea", "Korea, Dem. People\u2019s Rep.", "Korea, North"]),
        ("COG", ["Congo", "Congo (Brazzaville)", "Congo, Rep.", "Republic of the Congo"]),
        ("COD", ["Congo (Kinshasa)", "Congo, Dem. Rep.", "Democratic Republic of Congo"]),
        ("CIV", ["Ivory Coast", "Cote d'Ivoire", "C\u00f4te d\u2019Ivoire"]),
        ("MMR", ["Burma", "Myanmar"]),
        ("CZE", ["Czech Republic", "Czechia"]),
        ("TUR", ["Turkey", "Turkiye", "T\u00fcrkiye"]),
        ("VNM", ["Vietnam", "Viet Nam"]),
        ("RUS", ["Russia", "Russian Federation"]),
        ("IRN", ["Iran", "Iran (Islamic Republic of)", "Iran, Islamic Rep."]),
        ("BOL", ["Bolivia", "Bolivia (Plurinational State of)"]),
        ("VEN", ["Venezuela", "Venezuela (Bolivarian Republic of)", "Venezuela, RB"]),
        ("VAT", ["Vatican City", "Holy See", "Vatican"]),
        ("CPV", ["Cape Verde", "Cabo Verde"]),
        ("TLS", ["East Timor", "Timor-Leste", "Timor"]),
        ("MKD", ["Macedonia", "North Macedonia"]),
        ("LAO", ["Laos", "Lao PDR", "Lao People's Democratic Republic"]),
        ("NLD", ["Netherlands", "Netherlands (Kingdom of the)"]),
        ("MAF", ["St. Martin", "Saint Martin", "St. Martin (French part)"]),
        ("SXM", ["Sint Maarten", "Sint Maarten (Dutch part)"]),
        ("HKG", ["Hong Kong", "Hong Kong SAR, China", "China, Hong Kong SAR"]),
        ("FSM", ["Micronesia", "Micronesia (country)", "Micronesia (Federated States of)"]),
        ("FRO", ["Faroe Islands", "Faeroe Islands"]),
        (
            "PSE",
            [
                "Palestine",
                "West Bank and Gaza / Palestine",
                "occupied Palestinian territory, including east Jerusalem",
            ],
        ),
        (
            "XKX",
            [
                "Kosovo",
                "Kosovo[1]",
                "Kosovo (in accordance with UN Security Council resolution 1244 (1999))",
            ],
        ),
    ],
)
def test_the_names_of_every_source_lead_to_one_country(iso3: str, names: list[str]) -> None:
    assert {lookup()[normalise(name)].iso3 for name in names} == {iso3}


@pytest.mark.parametrize("name", [*sorted(NO_COUNTRIES), "World", "Korea", "Unknown", ""])
def test_what_is_no_country_stays_unmatched(name: str) -> None:
    assert normalise(name) not in lookup()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_facts_are_read_under_their_own_names_and_types(tmp_path: Path, kind: str) -> None:
    rows = [row("Spain"), row("Albania", Population_total="NA")]
    write = csv_file if kind == "csv" else xlsx_file
    facts = read_facts(write(tmp_path / "facts", *rows))
    assert list(facts.columns) == ["country", *FACT_COLUMNS]
    assert list(facts["country"]) == ["Spain", "Albania"]
    assert [str(dtype) for dtype in facts.dtypes] == [
        *["str"],
        *["category"] * 6,
        *["float64", "Int64", "float64"],
    ]
    assert facts["population"][0] == 1000000
    assert facts["population"].isna().tolist() == [False, True]
    assert facts["urban_population_pct"].tolist() == [56.25, 56.25]


def test_the_kind_of_file_goes_by_its_content_not_its_name(tmp_path: Path) -> None:
    as_xlsx = read_facts(xlsx_file(tmp_path / "facts.csv", row()))
    as_csv = read_facts(csv_file(tmp_path / "facts.xlsx", row()))
    pd.testing.assert_frame_equal(as_xlsx, as_csv)


def test_a_byte_order_mark_and_blank_rows_do_no_harm(tmp_path: Path) -> None:
    blank: list[Cell] = [""] * len(HEADER)
    facts = read_facts(csv_file(tmp_path / "f", row(), blank, [], row("Spain"), bom="\ufeff"))
    assert list(facts["country"]) == ["Albania", "Spain"]


def test_moved_and_further_columns_change_nothing(tmp_path: Path) -> None:
    moved = csv_file(
        tmp_path / "moved", [*reversed(row()), "x"], header=[*reversed(HEADER), "Capital"]
    )
    straight = csv_file(tmp_path / "straight", row())
    pd.testing.assert_frame_equal(read_facts(moved), read_facts(straight))


def test_no_information_is_missing_and_not_classified_is_not(tmp_path: Path) -> None:
    told = row(Corruption_preception="NI ", Government_Type="", Land_Conditions=" NA")
    facts = read_facts(xlsx_file(tmp_path / "f", told))
    missing = [name for name in FACT_COLUMNS if facts[name].isna()[0]]
    assert missing == ["government_type", "corruption_perception", "land_conditions"]
    assert facts["country_classification"][0] == "NC"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Parlamentary republic ", "Parliamentary republic"),
        ("Islamic Parlamentary Republic", "Islamic Parliamentary Republic"),
        ("Absolut monarchy", "Absolute monarchy"),
        ("Absolute monarchy", "Absolute monarchy"),
    ],
)
def test_misspelt_values_are_put_right(tmp_path: Path, theirs: str, ours: str) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row(Government_Type=theirs)))
    assert facts["government_type"][0] == ours


def test_a_country_the_table_does_not_know_is_kept(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row(" Atlantis "), row()))
    assert list(facts["country"]) == ["Atlantis", "Albania"]


@pytest.mark.parametrize("value", ["many", "1,234", "1_000", "nan", "inf", "1e999", "\u0663"])
def test_a_population_that_is_no_number_is_named_with_its_country(
    tmp_path: Path, value: str
) -> None:
    faults = faults_of(csv_file(tmp_path / "f", row(Population_total=value)))
    assert faults == [f"facts: Albania, Population_total: expected a number, got {value!r}"]


@pytest.mark.parametrize("value", [12.5, -1.0, 1e300])
def test_a_population_is_a_whole_number(tmp_path: Path, value: float) -> None:
    expected = "expected a whole number, not negative"
    assert faults_of(xlsx_file(tmp_path / "f", row(Population_total=value))) == [
        f"facts: Albania, Population_total: {expected}, got {value!r}"
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "56,25"])
def test_a_number_of_a_workbook_is_finite_and_a_number(tmp_path: Path, value: Cell) -> None:
    faults = faults_of(
        xlsx_file(tmp_path / "f", row(Urban_population_PC_of_total_population=value))
    )
    assert len(faults) == 1
    assert f"expected a number, got {value!r}" in faults[0]


def test_a_number_where_text_belongs_is_refused(tmp_path: Path) -> None:
    faults = faults_of(xlsx_file(tmp_path / "f", row(Continent=5.0)))
    assert faults == ["facts: Albania, Continent: expected text, got 5.0"]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        csv_file(
            tmp_path / "f",
            row("Spain", Population_total="x", GDP_per_unit_of_energy_use_constant="y"),
            row(""),
            row("Albania")[:4],
        )
    )
    assert faults == [
        "facts: row 3, COUNTRY: expected a name, got ''",
        "facts: row 4: expected 10 values, got 4",
        "facts: Spain, GDP_per_unit_of_energy_use_constant: expected a number, got 'y'",
        "facts: Spain, Population_total: expected a number, got 'x'",
    ]


@pytest.mark.parametrize("second", ["Congo, Rep.", "CONGO", "Congo (Brazzaville)"])
def test_two_rows_for_one_country_are_refused(tmp_path: Path, second: str) -> None:
    faults = faults_of(csv_file(tmp_path / "f", row("Congo"), row(second)))
    assert faults == [f"facts: {second}, row 3: same country as row 2"]


def test_a_missing_column_is_named_beside_what_was_expected_and_what_came(tmp_path: Path) -> None:
    header = ["Kontinent" if name == "Continent" else name for name in HEADER]
    [fault] = faults_of(csv_file(tmp_path / "f", row(), header=header))
    assert "missing or there twice: Continent;" in fault
    assert f"expected: {', '.join(HEADER)};" in fault
    assert f"got: {', '.join(header)}" in fault


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    [fault] = faults_of(csv_file(tmp_path / "f", [*row(), "Asia"], header=[*HEADER, "Continent"]))
    assert "missing or there twice: Continent;" in fault


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html>\n<html lang='en'><body>Not found</body></html>",
        b"\xef\xbb\xbf  <html>\r\n",
        b'<p class="x">one, "two"\rthree</p>',
        b'{"error": "not found"}',
        b"404: Not Found",
        b"COUNTRY;Continent;Population_total\nAlbania;Europe;1\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
    ],
)
def test_another_kind_of_file_is_refused_and_shown(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "facts.xlsx"
    path.write_bytes(data)
    [fault] = faults_of(path)
    assert fault.startswith("country facts: n")
    assert "it begins " in fault
    assert "\ufeff" not in fault


@pytest.mark.parametrize("data", [b"", b" \n\r\n", b"\xef\xbb\xbf", workbook("")])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "facts"
    path.write_bytes(data)
    assert faults_of(path) == ["country facts: the file is empty"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_without_rows_is_refused(tmp_path: Path, kind: str) -> None:
    write = csv_file if kind == "csv" else xlsx_file
    assert faults_of(write(tmp_path / "f")) == ["country facts: no country beneath the header"]


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path / "f", row())
    path.write_bytes(path.read_bytes()[:-40])
    [fault] = faults_of(path)
    assert fault.startswith("country facts: an .xlsx that can't be read: ")


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f", "w") as archive:
        archive.writestr("facts.csv", "COUNTRY")
    assert "no worksheet in it" in faults_of(tmp_path / "f")[0]


def test_a_stray_cell_far_out_does_not_exhaust_the_memory(tmp_path: Path) -> None:
    cell = '<c r="XFD1048576"><v>1</v></c>'
    (tmp_path / "f").write_bytes(workbook(f'<row r="1"><c r="A1"/></row><row>{cell}</row>'))
    assert "a cell as far out as XFD1048576" in faults_of(tmp_path / "f")[0]


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = xlsx_file(tmp_path / "f", row())
    monkeypatch.setattr(facts, "MAX_UNPACKED_BYTES", 1000)
    assert "bytes once unpacked" in faults_of(path)[0]


def test_a_broken_quote_is_named_with_its_line(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "f", row())
    path.write_bytes(path.read_bytes() + b'"Spain"?,Europe\n')
    assert "line 3: " in faults_of(path)[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in faults_of(tmp_path / "absent.xlsx")[0]


CELLS = st.one_of(
    st.text(max_size=10),
    st.floats(),
    st.booleans(),
    st.sampled_from(["NA", "Spain", "Congo", "Congo, Rep.", "12", "1e400", "\u2028"]),
)
ROWS = st.lists(st.lists(CELLS, min_size=9, max_size=11), max_size=3)


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    return text.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[Cell]]) -> bytes:
    return xlsx(HEADER, *rows)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(as_xlsx([row(), row("Spain")]))
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[at] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda data: b"PK" + data),
        st.text().map(str.encode),
        ROWS.map(as_csv),
        ROWS.map(as_xlsx),
        damaged(),
    )
)
def test_whatever_the_bytes_the_facts_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary"
    path.write_bytes(data)
    columns, message = ["country", *FACT_COLUMNS], ""
    try:
        columns = list(read_facts(path).columns)
    except SourceChanged as exc:
        message = str(exc)
    assert columns == ["country", *FACT_COLUMNS]
    assert len(message.splitlines()) <= 1


def test_entities_keep_their_order_and_get_codes_and_facts(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row(Population_total="7"), row("Spain")))
    given_entities = entities("Spain ", "Albania").set_axis([7, 3])
    attached, unmatched = attach(given_entities, facts)
    assert list(attached.columns) == ["country_key", "country", "iso2", "iso3", *FACT_COLUMNS]
    assert attached["country_key"].tolist() == ["spain", "albania"]
    assert attached["country"].tolist() == ["Spain", "Albania"]
    assert attached["iso3"].tolist() == ["ESP", "ALB"]
    assert attached["population"].tolist() == [1000000, 7]
    assert unmatched == Unmatched([], [], [])
    assert given_entities["country"].tolist() == ["Spain ", "Albania"]


def test_two_names_of_one_country_both_get_its_facts(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row("Congo, Rep.")))
    attached, unmatched = attach(entities("Congo", "Congo (Brazzaville)"), facts)
    assert attached["iso3"].tolist() == ["COG", "COG"]
    assert attached["population"].tolist() == [1000000] * 2
    assert unmatched == Unmatched([], [], [])


def test_the_channel_islands_join_without_a_code(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row("Channel Islands")))
    attached, unmatched = attach(entities("Channel Islands", "Others"), facts)
    assert attached["population"].isna().tolist() == [False, True]
    assert attached[["iso2", "iso3"]].isna().all(axis=None)
    assert unmatched.source_names == ["Others"]


def test_what_finds_no_partner_is_told_sorted_and_once(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row("Spain"), row("Mu"), row("Atlantis")))
    names = entities("Taiwan", "Others", "Atlantis", "Spain", "Others ", "France", "Taiwan")
    attached, unmatched = attach(names, facts)
    assert unmatched == Unmatched(
        source_names=["Atlantis", "Others"],
        facts_names=["Atlantis", "Mu"],
        without_facts=["France", "Taiwan"],
    )
    assert attached["population"].notna().tolist() == [name == "Spain" for name in names["country"]]


def test_without_facts_the_columns_and_types_are_the_same(tmp_path: Path) -> None:
    facts = read_facts(csv_file(tmp_path / "f", row("Spain")))
    some, _ = attach(entities("Spain", "Namibia", "Others"), facts)
    none, unmatched = attach(entities("Spain", "Namibia", "Others"), None)
    assert none.dtypes.astype(str).to_dict() == some.dtypes.astype(str).to_dict()
    assert none[list(FACT_COLUMNS)].isna().all(axis=None)
    assert none["iso2"].fillna("?").tolist() == ["ES", "NA", "?"]
    assert unmatched == Unmatched(["Others"], [], [])


def test_no_entity_at_all_gives_an_empty_frame() -> None:
    attached, unmatched = attach(entities(), None)
    assert attached.shape == (0, 4 + len(FACT_COLUMNS))
    assert unmatched == Unmatched([], [], [])


@pytest.fixture
def real_data() -> Path:
    beside = PROJECT.parent / "shared" / "data"
    folder = Path(os.environ.get("CLOUD_ETL_REAL_DATA") or beside)
    if not (folder / "InfoPaisosExtra.xlsx").is_file():
        pytest.skip("the real inputs are not here; CLOUD_ETL_REAL_DATA names their folder")
    return folder


def test_the_real_names_all_find_their_countries(real_data: Path) -> None:
    facts = read_facts(real_data / "InfoPaisosExtra.xlsx")
    assert facts.shape == (217, 10)
    with gzip.open(real_data / "countries-2020-09-07.json.gz") as file:
        series = json.load(file)
    found, unmatched = attach(entities(*(one["country"]["name"] for one in series)), facts)
    assert set(unmatched.source_names) == NO_COUNTRIES
    assert unmatched.facts_names == []
    alive = {one["country"]["name"] for one in series if max(one["dates"]) >= "2020-08-24"}
    assert alive & set(found["country"][found["continent"].isna()]) == {
        "Taiwan",
        "Vatican City",
        "Western Sahara",
        "Diamond Princess",
        "MS Zaandam",
    }
    with (real_data / "country-names.csv").open(encoding="utf-8", newline="") as pairs:
        for pair in csv.DictReader(pairs):
            for name in filter(None, (pair["coviddata_name"], pair["infopaisos_name"])):
                country = lookup().get(normalise(name), Country(name, None, None))
                assert (country.iso3 or "") == pair["iso3"], name


@pytest.mark.parametrize(
    ("file", "level"), [("regions-2020-07-08", "region"), ("places-2020-04-03", "place")]
)
def test_the_real_regions_and_places_lie_in_known_countries(
    real_data: Path, file: str, level: str
) -> None:
    with gzip.open(real_data / f"{file}.json.gz") as packed:
        names = {one[level]["country"]["name"] for one in json.load(packed)}
    assert {name for name in names if normalise(name) not in lookup()} <= NO_COUNTRIES
