"""Documents are checked before they are imported, and a snapshot can be removed again."""

import gzip
from pathlib import Path

import pytest

from etl.archive.engine import Progress
from etl.archive.import_versions import forget_snapshot, import_archive
from etl.errors import EtlError
from etl.extract.sources import SAMPLES
from etl.history import catalogue
from etl.store.directory import DirectoryStore
from tests.support.archives import LATER, bring, fill
from tests.support.runs import contents, growing, settings


def unpacked(name: str) -> bytes:
    return gzip.decompress((SAMPLES / name).read_bytes())


OTHERS = {
    "2021-01-20": (b"", "empty"),
    "2021-01-21": (b"\n\n<!DOCTYPE html>\n", "an HTML page"),
    "2021-01-22": (unpacked("places.json.gz"), "places, not countries: set LEVEL=places"),
    "2021-01-23": (unpacked("regions.json.gz"), "regions, not countries: set LEVEL=regions"),
    "2021-01-24": (
        unpacked("who.csv.gz"),
        "in the format of who, not of coviddata: set SOURCE=who",
    ),
    "2021-01-25": (
        unpacked("owid.csv.gz"),
        "in the format of owid, not of coviddata: set SOURCE=owid",
    ),
    "2021-01-26": (b'{"a": 1}', "not in the format of coviddata; it begins '{\"a\": 1}'"),
}


def test_documents_of_other_sources_and_levels_are_left_out_with_the_reason(
    store: DirectoryStore, versions: Path
) -> None:
    for day, (body, _) in OTHERS.items():
        (versions / f"{day}.json").write_bytes(body)
    (versions / "2021-01-27.json").write_bytes(growing(20))
    *others, good = bring(store, versions)
    assert [one.why for one in others] == [why for _, why in OTHERS.values()]
    assert good.new
    assert len(catalogue.read(store).imported) == 1
    assert len([key for key in contents(store) if key.startswith("raw/")]) == 1


@pytest.mark.parametrize(
    ("name", "source", "level"),
    [
        ("regions", "coviddata", "regions"),
        ("places", "coviddata", "places"),
        ("stats", "sample", "countries"),
    ],
)
def test_each_level_takes_its_own(
    store: DirectoryStore, versions: Path, name: str, source: str, level: str
) -> None:
    (versions / "2021-01-27.json").write_bytes(unpacked(f"{name}.json.gz"))
    [one] = bring(store, versions, SOURCE=source, LEVEL=level)
    assert (one.new, one.why) == (True, "")


def test_csv_of_another_source_is_left_out_and_the_older_form_is_not(
    store: DirectoryStore, versions: Path
) -> None:
    older = b"iso_code,location,date,total_cases,new_cases,total_deaths,new_deaths\n"
    (versions / "2021-01-20.csv").write_bytes(older)
    (versions / "2021-01-21.csv").write_bytes(unpacked("who.csv.gz"))
    (versions / "2021-01-22.csv").write_bytes(b"Province/State,Country/Region,Lat,Long,1/22/20\n")
    (versions / "2021-01-23.csv").write_bytes(growing(20))
    assert [one.why for one in bring(store, versions, SOURCE="owid")] == [
        "",
        "in the format of who, not of owid: set SOURCE=who",
        "in the format of jhu, not of owid: set SOURCE=jhu",
        "a JSON array, not in the format of owid",
    ]


def test_a_dry_run_lists_what_would_happen_and_writes_nothing(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "2021-01-26.json").write_bytes(growing(20))
    (versions / "2021-01-27.json").write_bytes(growing(20))
    (versions / "2021-01-28.json").write_bytes(OTHERS["2021-01-22"][0])
    wanted = settings("unused", OUTPUT_DIR=str(store.root))
    would = import_archive(wanted, store, versions, LATER, Progress(), dry_run=True)
    assert contents(store) == {}
    assert would == bring(store, versions)


def test_a_snapshot_can_be_forgotten_by_its_day_or_id_alone(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "2021-01-26.json").write_bytes(growing(20))
    bring(store, versions)
    before = contents(store)
    (versions / "2021-01-27.json").write_bytes(growing(21))
    [_, new] = bring(store, versions)
    for name, why in (("2021-01", "names several imported"), ("2020", "names no imported")):
        with pytest.raises(
            EtlError, match=f"'{name}' {why} snapshots?; existing ones: 2021-01-26T"
        ):
            forget_snapshot(store, name)
    with pytest.raises(EtlError, match="names no imported snapshot"):
        forget_snapshot(store, "")
    assert forget_snapshot(store, "2021-01-27") == new.run_id
    assert not (store.root / "raw" / new.run_id).exists()
    assert contents(store) == before
    assert [day.outcome for day in fill(store).days] == ["made"]
    (versions / "2021-01-26.json").unlink()
    [again] = bring(store, versions)
    assert again.new
