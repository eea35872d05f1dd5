"""coviddata's regions and places: read, joined with their country's facts, and published."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from etl.cli import main
from etl.errors import SourceChanged
from etl.extract.levels import names
from etl.extract.sources import SAMPLES, SOURCES
from etl.extract.sources.coviddata import read_places, read_regions
from etl.extract.sources.table import SourceTable, read_table
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.transform.columns import table_columns
from tests.support.builders import MEASURES, day, stats_json
from tests.support.frames import values
from tests.support.runs import NOW, assert_settled, contents, records, run

FACTS = str(SAMPLES / "InfoPaisosExtra.xlsx")
# of the files that are text: they are the same whatever the version of Arrow
SAMPLES_DIGESTS = {
    "countries.json": "2ba05e422c1cda7f",
    "countries/ESP.json": "e2c438b69d7368cd",
    "latest.csv": "a807a6c66b6d944b",
    "latest.json": "e2121fae39436e5d",
    "stats.json": "fbcaa3946c622855",
    "world.json": "a7820e74eed6b529",
}


def united_states(**over: object) -> dict[str, Any]:
    return {"key": "united-states", "name": "United States", **over}


def region(key: str = "ohio-united-states", **over: object) -> dict[str, Any]:
    about = {"key": key, "name": "Ohio", "full_name": "Ohio, United States"}
    return {**about, "country": united_states(location_type="country"), **over}


def place(key: str = "clark-ohio-united-states", **over: object) -> dict[str, Any]:
    full = "Clark, Ohio, United States"
    inside = {"location_type": "region", **region()}
    about = {"key": key, "name": "Clark", "full_name": full}
    return {**about, "country": united_states(), "region": inside, **over}


def element(what: str, about: object, **over: object) -> dict[str, Any]:
    return {what: about, "dates": {"2020-05-25": day(cumulative_cases=3)}, **over}


Reader = Callable[[Path], SourceTable]


def reading(reader: Reader, folder: Path, elements: list[Any]) -> SourceTable:
    path = folder / "stats.json"
    path.write_bytes(stats_json(elements))
    return reader(path)


def faults(reader: Reader, folder: Path, *elements: Any) -> list[str]:
    with pytest.raises(SourceChanged) as caught:
        reading(reader, folder, list(elements))
    return caught.value.faults


def published(
    source: Path, now: datetime = NOW, **variables: Any
) -> tuple[MemoryStore, dict[str, bytes]]:
    store = MemoryStore()
    result = run(store, source, now=now, COUNTRIES_URL=FACTS, **variables)
    assert result.outcome == "published"
    objects = contents(store)
    assert_settled(objects)
    return store, objects


def frame(objects: dict[str, bytes]) -> pd.DataFrame:
    content = pyarrow.BufferReader(objects["timeseries.parquet"])
    table: pd.DataFrame = pyarrow.parquet.read_table(content).to_pandas()
    return table


# ---- reading


def test_a_region_keeps_its_country(tmp_path: Path) -> None:
    canada = {"key": "canada", "name": "Canada"}
    montreal = region("montreal-qc-canada", name=" Montreal, QC", country=canada)
    table = reading(read_regions, tmp_path, [element("region", r) for r in (region(), montreal)])
    assert table.entities.to_dict("list") == {
        "region_key": ["ohio-united-states", "montreal-qc-canada"],
        "region": ["Ohio", " Montreal, QC"],
        "country_key": ["united-states", "canada"],
        "country": ["United States", "Canada"],
    }
    assert table.rows.columns[:2].tolist() == ["region_key", "date"]


def test_a_place_keeps_its_region_and_country_and_may_lie_in_no_region(tmp_path: Path) -> None:
    alone = place("guam-united-states")
    del alone["region"]
    table = reading(read_places, tmp_path, [element("place", p) for p in (place(), alone)])
    assert list(table.entities.columns) == names("places")
    assert values(table.entities, "region_key") == ["ohio-united-states", None]
    assert values(table.entities, "region") == ["Ohio", None]
    assert values(table.entities, "country") == ["United States"] * 2


@pytest.mark.parametrize(
    ("reader", "wrong", "messages"),
    [
        (
            read_regions,
            element("country", united_states()),
            ["united-states: expected field 'region', got 'country', 'dates'"],
        ),
        (
            read_regions,
            element("region", {"key": "ohio", "name": 7}),
            [
                "ohio, region: expected field 'country', got 'key', 'name'",
                "ohio, region.name: expected str, got int",
            ],
        ),
        (
            read_regions,
            element("region", region(country=united_states(key="US"))),
            ["ohio-united-states, region.country.key: expected a-z, 0-9 and hyphens, got 'US'"],
        ),
        (
            read_places,
            element("place", place(region={"key": "ohio", "name": "Ohio"})),
            ["clark-ohio-united-states, place.region: expected field 'country', got 'key', 'name'"],
        ),
        (
            read_places,
            element("place", place(region=None)),
            ["clark-ohio-united-states, place.region: expected object, got null"],
        ),
    ],
)
def test_a_fault_is_named_by_its_place(
    tmp_path: Path, reader: Reader, wrong: object, messages: list[str]
) -> None:
    assert faults(reader, tmp_path, wrong) == messages


def test_a_region_that_stands_twice_is_named(tmp_path: Path) -> None:
    twice = [element("region", region())] * 2
    assert faults(read_regions, tmp_path, *twice) == [
        "ohio-united-states: this region appears twice in the source"
    ]


def test_a_key_that_stands_twice_inside_is_seen_beside_a_stray_field(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    for about in (region(), region(country=united_states())):
        text = stats_json([element("region", about)]).decode()
        path.write_text(text.replace('"name":"Ohio"', '"name":"Ohio","name":"Iowa"'))
        with pytest.raises(SourceChanged, match="ohio-united-states, region: field 'name' appears"):
            read_regions(path)


def test_a_key_that_stands_twice_is_seen_where_the_region_is_missing(tmp_path: Path) -> None:
    """Together with stray fields it must not make up for the keys of the region."""
    about = place()
    del about["region"]
    text = stats_json([element("place", about)]).decode()
    path = tmp_path / "stats.json"
    assert "location_type" not in text
    for strays in range(7):
        fields = '"name":"Clark",' + '"location_type":"x",' * strays
        fields += '"name":"Wrong",' * (7 - strays)
        path.write_text(text.replace('"name":"Clark",', fields, 1))
        with pytest.raises(SourceChanged, match="field 'name' appears twice"):
            read_places(path)


# ---- a whole run


def test_regions_are_published_with_their_countries_facts() -> None:
    _, objects = published(SAMPLES / "regions.json.gz", LEVEL="regions")
    table = frame(objects)
    assert list(table.columns) == table_columns("regions")
    montreal = table[table["region_key"] == "montreal-qc-canada"].iloc[-1]
    assert (montreal["region"], montreal["country"], montreal["iso3"]) == (
        "Montreal, QC",
        "Canada",
        "CAN",
    )
    assert montreal["continent"] == "America"
    assert montreal["population"] > 30_000_000  # Canada's
    assert table["cases_7d_per_100k"].isna().all()  # nobody knows how many live in the region
    assert table["cases_7d_avg"].notna().any()
    files = {name for name in objects if not name.startswith(("runs/", "raw/"))}
    assert "regions/georgia-united-states.json" in files
    assert "regions.json" in files
    assert "world.json" not in files  # the regions are not the world
    listed = json.loads(objects["regions.json"])["regions"]
    assert listed[0]["file"] == "regions/new-york-united-states.json"
    assert len(json.loads(objects["latest.json"])["regions"]) == 5


def test_stats_json_has_the_sources_own_shape_without_the_stray_field() -> None:
    for level in ("regions", "places"):
        _, objects = published(SAMPLES / f"{level}.json.gz", LEVEL=level)
        theirs = gzip.decompress((SAMPLES / f"{level}.json.gz").read_bytes())
        stray = (b'"location_type":"country",', b'"location_type":"region",')
        for field in stray:
            theirs = theirs.replace(field, b"")
        theirs = theirs.replace(b'" Montreal', b'"Montreal')
        assert json.loads(objects["stats.json"]) == json.loads(theirs)


def test_countries_and_keys_of_any_level_filter() -> None:
    source = SAMPLES / "places.json.gz"
    for wanted, found in (
        ("USA", {"Nassau", "Bronx", "Clinch"}),
        ("united states", {"Nassau", "Bronx", "Clinch"}),
        ("georgia-united-states", {"Clinch"}),
        ("bronx-new-york-united-states,Spain", {"Bronx"}),
    ):
        _, objects = published(source, LEVEL="places", COUNTRIES=wanted)
        assert set(frame(objects)["place"]) == found


def test_another_level_in_the_same_folder_is_another_data_set() -> None:
    store, _ = published(SAMPLES / "regions.json.gz", LEVEL="regions")
    result = run(store, SAMPLES / "places.json.gz", COUNTRIES_URL=FACTS, LEVEL="places")
    assert result.outcome == "published"  # not refused for having fewer rows
    assert [record["source"] for record in records(store)] == [
        "coviddata-regions",
        "coviddata-places",
    ]
    assert_settled(contents(store))
    assert not [name for name in contents(store) if name.startswith("regions")]
    manifest = json.loads(contents(store)["manifest.json"])
    assert manifest["settings"]["LEVEL"] == "places"
    assert "lacks" not in manifest["source"]


def test_a_second_day_names_the_regions_whose_figures_were_restated(tmp_path: Path) -> None:
    def document(step: int) -> bytes:
        dates = {f"2021-01-{n:02}": day(cumulative_cases=step * n) for n in range(1, 21)}
        return stats_json([{"region": region(), "dates": dates}])

    path = tmp_path / "stats.json"
    path.write_bytes(document(10))
    store, _ = published(path, LEVEL="regions")
    path.write_bytes(document(11))
    assert run(store, path, LEVEL="regions", COUNTRIES_URL=FACTS).outcome == "published"
    restated = json.loads(contents(store)["manifest.json"])["checks"]["restated"]
    [most] = restated["most"]
    assert (most["key"], most["name"]) == ("ohio-united-states", "Ohio, United States")


def test_a_lost_run_is_on_record_as_of_its_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEVEL", "places")
    slot = ["--slot", "2021-01-25", "--started", "2021-01-25T06:00:00Z"]
    done = CliRunner().invoke(main.cli, ["record-failure", *slot, "--error", "it was killed"])
    assert done.exit_code == 0, done.output
    assert records(DirectoryStore(tmp_path / "out"))[0]["source"] == "coviddata-places"


def test_a_file_of_another_level_is_refused() -> None:
    path = SAMPLES / "regions.json.gz"
    with pytest.raises(SourceChanged) as caught:
        run(MemoryStore(), path, LEVEL="places")
    assert caught.value.faults == [f"{path}: regions, not places: set LEVEL=regions"]
    with pytest.raises(SourceChanged, match="in the format of who, not of owid: set SOURCE=who"):
        run(MemoryStore(), SAMPLES / "who.csv.gz", SOURCE="owid")


def test_the_sample_of_countries_gives_these_very_bytes() -> None:
    now = datetime(2021, 2, 25, tzinfo=UTC)
    _, objects = published(Path(SOURCES["sample"].url), now, SOURCE="sample")
    found = {name: hashlib.sha256(objects[name]).hexdigest()[:16] for name in SAMPLES_DIGESTS}
    assert found == SAMPLES_DIGESTS


# ---- the sources' own files


@pytest.mark.parametrize(
    ("level", "name", "entities", "rows"),
    [
        ("regions", "regions-2020-07-08", 578, 35_164),
        ("places", "places-2020-04-03", 2_318, 28_486),
    ],
)
def test_the_sources_own_file_is_read_whole(
    level: str, name: str, entities: int, rows: int, real_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(gzip.decompress((real_data / f"{name}.json.gz").read_bytes()))
    table = read_table(SOURCES[f"coviddata-{level}"], [path])
    assert (len(table.entities), len(table.rows)) == (entities, rows)
    theirs = json.loads(path.read_bytes())
    totals = {m: 0 for m in MEASURES}
    for one in theirs:
        for counts in one["dates"].values():
            for measure in MEASURES:
                totals[measure] += counts["cumulative"][measure]
    assert {m: int(table.rows[f"cumulative_{m}"].astype("int64").sum()) for m in MEASURES} == totals
