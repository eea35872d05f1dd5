"""schemas/*.json: every JSON file that is published has the form that its schema describes."""

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from etl.extract.sources import SAMPLES
from etl.store.memory import MemoryStore
from tests.support.runs import contents, growing, run

LATER = datetime(2024, 4, 1, 6, tzinfo=UTC)
OTHERS = (
    "datapackage.json",
    "croissant.json",
    "schemas/",
)  # their schemas are their standards' own


def schema_of(key: str, objects: dict[str, bytes]) -> Any:
    folder, _, name = key.rpartition("/")
    kind = "series" if folder else name.removesuffix(".json")
    schema = json.loads(objects[f"schemas/{kind}.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def published_json(objects: dict[str, bytes]) -> list[str]:
    """The stable JSON files that the public may read."""
    closed = ("runs/", "raw/", "history.json", "catalogue.json", *OTHERS)
    return [key for key in objects if key.endswith(".json") and not key.startswith(closed)]


def assert_all_valid(objects: dict[str, bytes]) -> None:
    keys = published_json(objects)
    assert {"latest.json", "manifest.json", "status.json", "changes.json"} <= set(keys)
    for key in keys:
        assert objects[key].endswith(b"\n"), key
        assert not re.search(rb"[0-9]\.0[,}\]\s]", objects[key]), key  # 5, and not 5.0
        content = json.loads(objects[key])
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        validator = jsonschema.Draft202012Validator(schema_of(key, objects), format_checker=checker)
        assert not [error.message for error in validator.iter_errors(content)], key
        if key != "stats.json":  # the source's own shape
            assert content["format"] == 1, key


@pytest.mark.parametrize("keep", ["all", "new", "cumulative"])
def test_every_file_has_the_form_of_its_schema(keep: str, tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    source.write_bytes(growing(20))
    run(store, source, KEEP=keep)
    assert_all_valid(contents(store))


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("who.csv.gz", {"SOURCE": "who"}),  # has no recoveries
        ("regions.json.gz", {"LEVEL": "regions"}),
        ("places.json.gz", {"LEVEL": "places"}),
    ],
)
def test_the_files_of_other_sources_and_levels_too(name: str, variables: dict[str, str]) -> None:
    store = MemoryStore()
    run(store, SAMPLES / name, now=LATER, options=None, **variables)
    objects = contents(store)
    assert_all_valid(objects)
    if variables.get("SOURCE") == "who":
        world = json.loads(objects["world.json"])
        assert set(world["series"]["new_recoveries"]) == {None}
        assert world["totals"]["cumulative_recoveries"] is None


def test_the_users_own_columns_are_described(tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    source.write_bytes(growing(20))
    (tmp_path / "beds.csv").write_text("iso3,beds\nESP,3.5\nUSA,2.8\n")
    (tmp_path / "vax.csv").write_text("iso3,date,kind\nESP,2021-01-02,a\nUSA,2021-01-04,b\n")
    (tmp_path / "step.py").write_text(
        "def transform(table):\n    return table.assign(many=table.new_cases > 9)\n"
    )
    tables = f"{tmp_path}/beds.csv,{tmp_path}/vax.csv"
    run(store, source, TABLES=tables, TRANSFORM=str(tmp_path / "step.py"))
    objects = contents(store)
    assert_all_valid(objects)
    for key in ("latest.json", "countries.json", "countries/ESP.json"):
        schema, content = schema_of(key, objects), json.loads(objects[key])
        row = content["countries"][0] if "countries" in content else content
        of_row = schema["properties"]["countries"]["items"] if "countries" in content else schema
        assert row.keys() <= of_row["properties"].keys(), key
    bad = json.loads(objects["countries/ESP.json"]) | {"kind": ["a", 5]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schema_of("countries/ESP.json", objects))


def test_a_schema_refuses_another_type_and_a_column_that_is_gone(tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    source.write_bytes(growing(20))
    run(store, source)
    objects = contents(store)
    for key, place in (("latest.json", ("countries", 0)), ("countries/ESP.json", ())):
        good = json.loads(objects[key])
        schema = schema_of(key, objects)
        for cell, value in (("date", 5), ("cumulative_cases", "many"), ("country", None)):
            bad = copy.deepcopy(good)
            row = bad
            for step in place:
                row = row[step]
            row[cell] = value
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(bad, schema)
            del row[cell]
            with pytest.raises(jsonschema.ValidationError, match="required"):
                jsonschema.validate(bad, schema)


def test_only_files_that_are_published_have_a_schema(tmp_path: Path) -> None:
    source, store = tmp_path / "stats.json", MemoryStore()
    source.write_bytes(growing(20))
    run(store, source, OUTPUTS="none")
    schemas = {key for key in contents(store) if key.startswith("schemas/")}
    names = ("latest", "changes", "manifest", "status", "vintages")
    assert schemas == {f"schemas/{name}.json" for name in names}
