"""datapackage.json and the register of columns: a stranger's library reads and verifies them."""

import gzip
import json
from pathlib import Path
from typing import Any

import frictionless
import pandas as pd
import pyarrow.parquet
import pytest
from msgspec.structs import replace

from dev.tools import data_dictionary
from etl.extract import levels
from etl.extract.levels import LEVELS
from etl.extract.sources import SAMPLES
from etl.load.package import write_package
from etl.load.publish import File
from etl.load.values import Header
from etl.settings.groups import KEEPS
from etl.store.directory import DirectoryStore
from etl.store.layout import of_page
from etl.transform import columns as fields
from etl.transform.columns import table_columns
from etl.transform.derive import tidy
from etl.transform.filters import ShownColumns
from etl.transform.repair import repair
from etl.transform.world import latest
from tests.support.builders import country, day, stats_json
from tests.support.frames import countries, days, rows
from tests.support.packages import faults
from tests.support.runs import NOW, growing, run
from tests.support.web_server import Reply, web_server

COUNTRY = levels.names("countries")
DTYPES = {
    "string": ("category",),
    "date": ("datetime64[s]",),
    "integer": ("Int64",),
    "number": ("float64",),
    "boolean": ("bool",),
}


def published(
    tmp_path: Path, source: Path, keep: str = "all", facts: str = ""
) -> tuple[Path, dict[str, Any]]:
    """A folder in which a run was published, and its datapackage.json."""
    folder = tmp_path / "out"
    made = run(DirectoryStore(folder), source, now=NOW, KEEP=keep, COUNTRIES_URL=facts)
    assert made.outcome == "published"
    package: dict[str, Any] = json.loads((folder / "datapackage.json").read_bytes())
    return folder, package


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "stats.json"
    path.write_bytes(growing(20))
    return path


@pytest.mark.parametrize("keep", KEEPS)
def test_frictionless_finds_every_file_as_described(
    source: Path, tmp_path: Path, keep: str
) -> None:
    facts = str(SAMPLES / "InfoPaisosExtra.csv")
    folder, package = published(tmp_path, source, keep, facts)
    assert faults(folder / "datapackage.json") == []
    manifest = json.loads((folder / "manifest.json").read_bytes())
    files = {f["name"]: f for f in manifest["files"] if not of_page(f["name"])}
    assert files.keys() - {r["path"] for r in package["resources"]} == {
        "datapackage.json",
        "croissant.json",
    }
    for resource in package["resources"]:
        file = files[resource["path"]]
        if file["name"] == "changes.json":  # it tells of two runs: a digest would, too
            assert not resource.keys() & {"bytes", "hash"}
            continue
        assert resource["hash"] == f"sha256:{file['sha256']}"
        if not file["name"].endswith(".gz"):  # by URL what is inside is counted
            assert resource["bytes"] == file["bytes"]
    assert faults(folder / "runs" / manifest["run_id"] / "datapackage.json") == []


def test_the_package_is_valid_by_url_too(source: Path, tmp_path: Path) -> None:
    folder, _ = published(tmp_path, source)
    with web_server() as web:
        for path in folder.rglob("*"):
            if path.is_file():
                web.on(f"/{path.relative_to(folder).as_posix()}", Reply(path.read_bytes()))
        assert faults(f"{web.url}/datapackage.json") == []
        web.on("/timeseries.csv.gz", Reply(gzip.compress(b"country_key\n")))
        assert faults(f"{web.url}/datapackage.json") != []


def test_frictionless_sees_a_file_that_was_tampered_with(source: Path, tmp_path: Path) -> None:
    folder, _ = published(tmp_path, source)
    for name in ("latest.csv", "timeseries.parquet", "world.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole.replace(b"2021", b"2022").replace(b"PAR1", b"PAR2"))
        assert faults(folder / "datapackage.json") != []
        (folder / name).write_bytes(whole)
    assert faults(folder / "datapackage.json") == []


def test_the_schema_has_the_columns_that_the_files_have(source: Path, tmp_path: Path) -> None:
    folder, package = published(tmp_path, source)
    schemas = {r["path"]: r["schema"]["fields"] for r in package["resources"] if "schema" in r}
    names = {path: [field["name"] for field in listed] for path, listed in schemas.items()}
    assert set(names) == {"latest.csv", "timeseries.csv.gz", "timeseries.parquet"}
    parquet = pyarrow.parquet.read_schema(folder / "timeseries.parquet")
    assert names["timeseries.parquet"] == names["timeseries.csv.gz"] == parquet.names
    for listed in schemas.values():
        assert all(field["description"] and field["type"] for field in listed)


def test_names_that_a_source_makes_up_are_described_soundly(tmp_path: Path) -> None:
    # keys that meet a code once in lower case, names in any script or that a spreadsheet would run
    days = {"2021-01-01": day(cumulative_cases=3)}
    elements = [
        country("spain", "Spain", days),
        country("esp", "=cmd()|'/c calc'!A1", days),
        country("es-2", '"</script>, 中国', days),
    ]
    source = tmp_path / "stats.json"
    source.write_bytes(stats_json(elements))
    folder, package = published(tmp_path, source)
    names = [resource["name"] for resource in package["resources"]]
    assert {"countries/esp.json", "countries/esp_.json"} <= set(names)
    assert faults(folder / "datapackage.json") == []


def test_nothing_in_it_is_of_one_run_alone(source: Path, tmp_path: Path) -> None:
    folder, _ = published(tmp_path, source)
    first = (folder / "datapackage.json").read_bytes()
    run_id = json.loads((folder / "manifest.json").read_bytes())["run_id"]
    assert run_id.encode() not in first
    assert str(tmp_path).encode() not in first
    assert run(DirectoryStore(folder), source, COUNTRIES_URL="").outcome == "unchanged"


def test_sources_and_licences_are_named_where_they_are_known(tmp_path: Path) -> None:
    path = tmp_path / "latest.csv"
    path.write_bytes(b"country_key\n")
    header = Header("A title", "by somebody", "CC BY 4.0", "2021-01-20", notice="Made up.")
    files = [File("latest.csv", path, 0)]
    sources = [{"title": "A title", "path": "https://example.org/"}]
    for licence_id in ("CC-BY-4.0", None):
        of_source = replace(header, licence_id=licence_id)
        write_package(tmp_path, files, of_source, sources, ShownColumns("all"))
        package = json.loads((tmp_path / "datapackage.json").read_bytes())
        address = "https://spdx.org/licenses/CC-BY-4.0.html"
        known = (
            [{"name": "CC-BY-4.0", "title": "CC BY 4.0", "path": address}] if licence_id else None
        )
        assert package.get("licenses") == known
        assert package["contributors"] == [{"title": "by somebody", "role": "author"}]
        assert package["sources"] == sources
        assert package["created"] == "2021-01-20T00:00:00Z"
        assert package["attribution"] == "by somebody"
        assert package["description"].startswith("Made up.")
        assert frictionless.Package(str(tmp_path / "datapackage.json")).title == "A title"


# ---- the register


@pytest.mark.parametrize("level", LEVELS)
def test_the_register_has_exactly_the_columns_of_the_table_with_their_types(level: str) -> None:
    keys = {name: ["x"] for name in levels.names(level)}
    listed = pd.DataFrame(keys, dtype="str").join(countries("x").drop(columns=[*COUNTRY]))
    own = rows(x=days("2021-01-01", range(9))).rename(columns={COUNTRY[0]: levels.names(level)[0]})
    table = tidy(repair(own)[0], listed, set())
    assert list(table.columns) == table_columns(level)
    for register, frame in (
        (fields.table_fields(level), table),
        (fields.latest_fields(level), latest(table)),
    ):
        assert [field.name for field in register] == list(frame.columns)
        for field in register:
            assert str(frame[field.name].dtype) in DTYPES[field.type], field.name


def test_the_data_dictionary_is_made_from_the_register() -> None:
    assert data_dictionary.PAGE.read_text(encoding="utf-8") == data_dictionary.page()
