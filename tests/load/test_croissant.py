"""croissant.json: MLCommons' own library checks it, and reads the tables that it describes."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import mlcroissant
import pytest

from etl.store.directory import DirectoryStore
from tests.support.pages import publish_sample
from tests.support.runs import growing, run
from tests.support.web_server import Reply, web_server

# mlcroissant 1.1 uses what rdflib 7.6 and pandas 3.1 want to end
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sample is published."""
    path = tmp_path_factory.mktemp("croissant") / "out"
    publish_sample(DirectoryStore(path), OUTPUTS="csv,world")
    return path


def described(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "croissant.json").read_bytes())
    return content


def test_the_library_finds_no_fault(folder: Path) -> None:
    issues = mlcroissant.Dataset(str(folder / "croissant.json")).metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings


def test_it_reads_the_rows_that_the_table_has(folder: Path) -> None:
    data_set = mlcroissant.Dataset(str(folder / "croissant.json"))
    rows = list(csv.DictReader((folder / "latest.csv").read_text("utf-8").splitlines()))
    read = list(data_set.records("latest"))
    assert [row["latest/country"].decode() for row in read] == [row["country"] for row in rows]
    for found, row in zip(read, rows, strict=True):
        assert found["latest/cumulative_cases"] == int(row["cumulative_cases"])
        assert str(found["latest/date"].date()) == row["date"]
        assert found["latest/stale"] is (row["stale"] == "true")
    first, table = next(iter(data_set.records("timeseries"))), folder / "timeseries.csv.gz"
    wanted = next(csv.DictReader(gzip.decompress(table.read_bytes()).decode().splitlines()))
    assert first["timeseries/country_key"].decode() == wanted["country_key"]
    assert str(first["timeseries/date"].date()) == wanted["date"]


def test_made_up_data_is_called_so(folder: Path) -> None:
    assert described(folder)["description"].startswith("Made-up sample data")


def test_it_has_the_digests_of_the_manifest(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_bytes())["files"]
    digests = {file["name"]: file["sha256"] for file in files}
    held = {one["contentUrl"]: one["sha256"] for one in described(folder)["distribution"]}
    assert held.items() <= digests.items()
    assert {"latest.csv", "timeseries.parquet", "timeseries.csv.gz", "world.json"} <= held.keys()


def test_a_file_is_read_from_its_full_address_and_not_if_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr("mlcroissant._src.core.constants.DOWNLOAD_PATH", cache)
    source, folder = tmp_path / "stats.json", tmp_path / "out"
    source.write_bytes(growing(20))
    with web_server() as web:
        run(DirectoryStore(folder), source, PUBLIC_URL=web.url, OUTPUTS="none")
        web.on("/latest.csv", Reply((folder / "latest.csv").read_bytes()))
        path = str(folder / "croissant.json")
        assert described(folder)["url"] == f"{web.url}/latest.csv"  # OUTPUTS has no page
        assert len(list(mlcroissant.Dataset(path).records("latest"))) == 3
        for file in cache.iterdir():
            file.unlink()
        web.on("/latest.csv", Reply(b"country_key\n"))
        with pytest.raises(Exception, match=r"Download\(latest\.csv\)") as caught:
            list(mlcroissant.Dataset(path).records("latest"))
        assert "hash" in str(caught.value.__cause__).lower()


def test_a_source_that_states_no_licence_is_given_none(tmp_path: Path) -> None:
    source, folder = tmp_path / "stats.json", tmp_path / "out"
    source.write_bytes(growing(20))
    run(DirectoryStore(folder), source, OUTPUTS="none")
    assert "license" not in described(folder)
    assert mlcroissant.Dataset(str(folder / "croissant.json"))
