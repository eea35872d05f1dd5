"""The page's JSON-LD and canonical link, as search engines read them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from etl.store.memory import MemoryStore
from tests.support.pages import LATER, page_of, publish, publish_sample
from tests.support.runs import contents, growing, run

ADDRESS = "https://data.example.org/covid"


def described(store: MemoryStore) -> dict[str, Any]:
    found = page_of(store).one("script", type="application/ld+json").text
    content: dict[str, Any] = json.loads(found)
    return content


def links(store: MemoryStore, rel: str) -> list[str]:
    all_of_them = [link.attributes for link in page_of(store).all("link")]
    return [link["href"] for link in all_of_them if link["rel"] == rel]


def test_the_linked_data_describes_the_data_set_and_its_files(sample: MemoryStore) -> None:
    manifest = json.loads(contents(sample)["manifest.json"])
    found = described(sample)
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert found["temporalCoverage"] == "2020-01-22/2021-02-24"
    assert found["license"] == "https://spdx.org/licenses/MIT.html"
    assert found["creator"] == {"@type": "Organization", "name": "Cloud ETL"}
    assert found["version"] == manifest["run_id"]
    assert found["dateModified"] == f"{LATER:%Y-%m-%dT%H:%M:%SZ}"
    assert 50 <= len(found["description"]) <= 5000
    files = {file["name"]: file for file in manifest["files"]}
    assert {"latest.csv", "timeseries.parquet"} <= {d["name"] for d in found["distribution"]}
    for download in found["distribution"]:
        assert download["@type"] == "DataDownload"
        assert download["sha256"] == files[download["contentUrl"]]["sha256"]
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", download["encodingFormat"])


def test_each_measure_has_its_unit(sample: MemoryStore) -> None:
    units = {one["name"]: one.get("unitText") for one in described(sample)["variableMeasured"]}
    assert units["cases_7d_per_100k"] == "cases per 100,000 people"
    assert units["cumulative_deaths"] == "deaths"
    assert None not in units.values()


def test_a_column_of_ones_own_has_the_unit_that_it_declares(tmp_path: Path) -> None:
    source, step, store = tmp_path / "stats.json", tmp_path / "step.py", MemoryStore()
    source.write_bytes(growing(20))
    step.write_text(
        "COLUMNS = {'load': ('beds', 'beds in use')}\n"
        "def transform(table):\n    return table.assign(load=1.5)\n"
    )
    run(store, source, TRANSFORM=str(step))
    [unit] = [m["unitText"] for m in described(store)["variableMeasured"] if m["name"] == "load"]
    assert unit == "beds"


def test_without_public_url_nothing_claims_an_address(sample: MemoryStore) -> None:
    assert not described(sample).keys() & {"@id", "url", "identifier", "publisher"}
    assert links(sample, "canonical") == []


def test_with_public_url_every_address_is_a_full_one() -> None:
    store = MemoryStore()
    publish_sample(store, PUBLIC_URL=f"{ADDRESS}/")
    found, page = described(store), f"{ADDRESS}/index.html"
    assert found["url"] == found["identifier"] == found["@id"] == page
    assert found["publisher"]["url"] == ADDRESS
    assert links(store, "canonical") == [page]
    keys = [one["contentUrl"].removeprefix(f"{ADDRESS}/") for one in found["distribution"]]
    assert set(keys) <= contents(store).keys()


def test_a_source_that_states_no_licence_is_given_none(tmp_path: Path) -> None:
    found = described(publish(tmp_path / "stats.json", growing(20)))
    assert "license" not in found
    assert found["creator"]["name"] == "coviddata"


@pytest.mark.parametrize(("address", "outcome"), [("", "unchanged"), (ADDRESS, "published")])
def test_another_address_is_another_version_and_another_run_is_not(
    tmp_path: Path, address: str, outcome: str
) -> None:
    source = tmp_path / "stats.json"
    store = publish(source, growing(20))
    again = run(store, source, now=LATER, PUBLIC_URL=address)
    assert again.outcome == outcome
