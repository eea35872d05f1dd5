import csv
import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.extract import countries
from etl.extract.countries import Country, lookup, normalise, other_names
from tests.support.facts import NO_COUNTRIES


def table() -> list[dict[str, str]]:
    path = Path(countries.__file__).with_name("countries.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_curly_apostrophe_matches_a_straight_one() -> None:
    assert normalise("Cote d\u2019Ivoire") == normalise("Cote d'Ivoire")


def test_a_semicolon_matches_a_comma() -> None:
    assert lookup()[normalise("Egypt; Arab Rep.")].iso3 == "EGY"


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


@pytest.mark.parametrize(
    ("file", "level"), [("regions-2020-07-08", "region"), ("places-2020-04-03", "place")]
)
def test_the_real_regions_and_places_lie_in_known_countries(
    real_data: Path, file: str, level: str
) -> None:
    with gzip.open(real_data / f"{file}.json.gz") as packed:
        names = {one[level]["country"]["name"] for one in json.load(packed)}
    assert {name for name in names if normalise(name) not in lookup()} <= NO_COUNTRIES


@pytest.mark.parametrize(
    ("code", "others"),
    [
        ("ESP", ("es", "esp")),
        ("NLD", ("nl", "nld", "kingdom of the netherlands", "holland")),
        ("CIV", ("ci", "civ", "republic of cote d'ivoire")),
        ("TWN", ("tw", "twn", "taipei and environs", "chinese taipei")),
        ("XXX", ()),
    ],
)
def test_other_names_are_those_that_say_something_else(code: str, others: tuple[str, ...]) -> None:
    assert other_names(code) == others
