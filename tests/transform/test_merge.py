import csv
import gzip
import json
from pathlib import Path

import pandas as pd

from etl.extract.countries import Country, lookup, normalise
from etl.extract.facts import FACT_COLUMNS, read_facts
from etl.transform.merge import Unmatched, attach
from tests.support.facts import NO_COUNTRIES, csv_file, row


def entities(*names: str) -> pd.DataFrame:
    keys = [normalise(name).replace(" ", "-") for name in names]
    return pd.DataFrame({"country_key": keys, "country": list(names)}, dtype="str")


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
