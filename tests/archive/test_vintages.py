"""Every snapshot in one data set, and how each country's figures were revised."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import jsonschema
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from etl.archive import revisions, tallies, vintages
from etl.archive.engine import Here, Progress
from etl.archive.vintages import Written
from etl.errors import EtlError, StoreError
from etl.extract.sources import SAMPLES
from etl.load.changes_file import read_changes
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from etl.transform.revision_columns import revision_fields
from etl.upkeep import prune
from tests.support.archives import DAY, LATER, fill, live, restating
from tests.support.desk import Desk
from tests.support.packages import faults
from tests.support.runs import NOW, assert_settled, contents, document, growing, run, settings
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY

dd = pytest.importorskip("dask.dataframe", reason="SKIPPED: pip install -r requirements/scale.txt")
# dask 2026.8 reads Parquet in a way that pandas 3.1 wants to end
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")
SLOTS = ["2021-01-25", "2021-01-26", "2021-01-27", "2021-01-28"]


def write(store: DirectoryStore, **variables: str) -> Written:
    wanted = settings("unused", OUTPUT_DIR=str(store.root), **variables)
    return vintages.write_vintages(wanted, store, Here(), Progress())


def revised(store: DirectoryStore, slots: list[str], **variables: str) -> pd.DataFrame:
    wanted = settings("unused", OUTPUT_DIR=str(store.root), **variables)
    return revisions.write_revisions(wanted, store, Here(), slots, Progress())


# ---- the data set


def test_the_data_set_says_what_each_days_run_said(store: DirectoryStore, source: Path) -> None:
    published = live(store, source, restating(4))
    assert write(store).slots == SLOTS
    table = dd.read_parquet(str(store.root / "vintages")).compute()
    for slot, run_id in zip(SLOTS, published, strict=True):
        ours = table[table["snapshot"] == slot].drop(columns="snapshot").reset_index(drop=True)
        theirs = pd.read_parquet(store.root / "runs" / run_id / "timeseries.parquet")
        assert len(ours) == len(theirs)
        for name in ours.columns:
            kind = "Float64" if "_cases" in name or "_deaths" in name or "_rec" in name else "str"
            pd.testing.assert_series_equal(ours[name].astype(kind), theirs[name].astype(kind))
    assert_settled(contents(store))


def test_the_data_set_can_be_joined_with_the_published_table(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    write(store)
    said = store.root / vintages.part_key(SLOTS[0])
    ours, theirs = pq.read_schema(said), pq.read_schema(store.root / "timeseries.parquet")
    for name in ours.names:
        field, same = ours.field(name), theirs.field(name)
        assert (field.type, field.metadata) == (same.type, same.metadata)
    keys = ["country_key", "iso3", "date"]
    first, last = pd.read_parquet(said), pd.read_parquet(store.root / "timeseries.parquet")
    assert len(first.merge(last, on=keys)) == len(first)
    earlier, later = pl.read_parquet(said), pl.read_parquet(store.root / "timeseries.parquet")
    assert len(earlier.join(later, on=keys, nulls_equal=True)) == len(first)


def test_days_of_other_columns_and_of_many_countries_make_one_table(
    store: DirectoryStore, source: Path
) -> None:
    # more names than fit the smallest numbers that a column of names can be made of
    many = document({f"country-{n}": [n] * 20 for n in range(300)})
    for n, (body, keep) in enumerate([(growing(20), "all"), (many, "new"), (many, "cumulative")]):
        source.write_bytes(body)
        run(store, source, now=NOW + n * DAY, KEEP=keep)
    write(store)
    folder = str(store.root / "vintages")
    for table in (pd.read_parquet(folder), dd.read_parquet(folder).compute()):
        counts = table.groupby("snapshot", observed=True)["cumulative_cases"].count()
        assert counts.tolist() == [60, 0, 6000]
        assert table["country_key"].nunique() == 303


def test_what_is_there_already_is_not_written_again(store: DirectoryStore, source: Path) -> None:
    live(store, source, restating(3))
    assert write(store).new == SLOTS[:3]
    before = {entry.key: entry.modified for entry in store.list("vintages/")}
    assert write(store).new == []
    assert {entry.key: entry.modified for entry in store.list("vintages/")} == before
    store.delete("vintages/snapshot=2021-01-26/part.parquet")
    assert write(store).new == ["2021-01-26"]


def test_a_run_made_anew_takes_the_place_of_the_one_before(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    write(store)
    fill(store, source, COUNTRIES="ESP")
    written = write(store, COUNTRIES="ESP")
    assert written.new == SLOTS[:2]
    table = pd.read_parquet(store.root / "vintages")
    assert set(table["country_key"]) == {"spain"}


def test_of_a_days_snapshots_the_last_one_stands_for_it(
    store: DirectoryStore, source: Path
) -> None:
    for hours, days in ((0, 20), (3, 21)):
        source.write_bytes(growing(days))
        run(store, source, now=NOW + hours * DAY / 24)
    assert write(store).slots == SLOTS[:1]
    assert len(pd.read_parquet(store.root / "vintages")) == 63


def test_days_of_which_no_run_is_left_are_told_until_they_are_made_anew(
    store: DirectoryStore, source: Path
) -> None:
    [first, *_] = live(store, source, restating(3))
    for entry in list(store.list(f"runs/{first}/")):
        store.delete(entry.key)
    written = write(store)
    assert (written.slots, written.missing) == (SLOTS[1:3], {SLOTS[0]: "no run of it is left"})
    fill(store, source)
    assert write(store).missing == {}


def test_the_data_set_outlives_the_runs_it_was_made_of(store: DirectoryStore, source: Path) -> None:
    live(store, source, restating(4))
    write(store)
    before = {key for key in contents(store) if key.startswith("vintages/")}
    prune.clear(store, prune.make_plan(store, 1, LATER))
    assert len({entry.key.split("/")[1] for entry in store.list("runs/")}) == 2
    assert {key for key in contents(store) if key.startswith("vintages/")} == before
    written = write(store)
    assert (written.slots, written.new) == (SLOTS, [])


def test_a_damaged_table_is_told_and_stops_no_other(store: DirectoryStore, source: Path) -> None:
    [_, damaged, _] = live(store, source, restating(3))
    store.write(Upload(f"runs/{damaged}/timeseries.parquet", b"PAR1 and nothing else"))
    written = write(store)
    assert written.slots == [SLOTS[0], SLOTS[2]]
    assert list(written.missing) == [SLOTS[1]]


@pytest.mark.parametrize("body", [b"garbage", None], ids=["no Parquet", "other columns"])
def test_a_file_that_somebody_changed_is_named_with_what_to_do(
    store: DirectoryStore, source: Path, body: bytes | None
) -> None:
    live(store, source, restating(2))
    write(store)
    key = vintages.part_key(SLOTS[1])
    stored = store.read("timeseries.parquet")
    assert stored
    table = pd.read_parquet(io.BytesIO(stored.body), columns=["date"]).to_parquet()
    store.write(Upload(key, body or table))
    with pytest.raises(StoreError, match=f"{key} can't be read .* delete it and run this again"):
        revised(store, SLOTS[:2])
    store.delete(key)
    assert write(store).new == [SLOTS[1]]
    assert len(revised(store, SLOTS[:2])) == 3


def test_another_source_does_not_mix_in(store: DirectoryStore, source: Path) -> None:
    with pytest.raises(EtlError, match="has no runs of coviddata"):
        write(store)
    live(store, source, restating(1))
    write(store)
    with pytest.raises(StoreError, match="is of coviddata, but the settings say who"):
        write(store, SOURCE="who")


def test_an_index_that_can_not_be_read_says_what_to_do(store: DirectoryStore, source: Path) -> None:
    live(store, source, restating(1))
    store.write(Upload("vintages.json", b"{"))
    with pytest.raises(StoreError, match="delete it: everything will be rewritten"):
        write(store)


# ---- the revisions


def test_the_revisions_add_up_to_what_each_run_said_of_the_one_before(
    store: DirectoryStore, source: Path
) -> None:
    days = []
    for n in range(5):
        cases = {"spain": [100 * d for d in range(1, 21 + n)], "france": [7] * (20 + n)}
        if n >= 2:
            cases["spain"][3] += 50
        if n >= 4:
            cases["spain"][19] -= 30
            cases["italy"] = [1] * 24
        days.append(document(cases))
    published = live(store, source, days)
    table = revised(store, write(store).slots).set_index("country_key")
    told = []
    for run_id in published[1:]:
        stored = store.read(f"runs/{run_id}/changes.json")
        assert stored
        told.append(read_changes(stored.body))
    assert table["cells_compared"].sum() == sum(one.cells_compared for one in told)
    assert table["cells_restated"].sum() == sum(one.cells_restated for one in told)
    net = Counter[str]()
    for one in told:
        net.update({name: measure.net for name, measure in one.measures.items()})
    assert int(table["net_cases"].sum()) == net["cumulative_cases"]
    spain = dict(table.loc["spain"])
    assert (spain["snapshots"], spain["last_revised"]) == (5, "2021-01-29")
    biggest = [spain[name] for name in table.columns if name.startswith("biggest_")]
    assert biggest == ["cases", "2021-01-04", "2021-01-27", 400, 450]
    assert table.loc["france", "cells_restated"] == 0
    stored = store.read("revisions.csv")
    assert stored
    by_key = {row[0]: row for row in csv.reader(io.StringIO(stored.body.decode()))}
    assert by_key["country_key"] == [field.name for field in revision_fields()]
    assert by_key["france"][-6:] == [""] * 6
    assert b'""' not in stored.body
    assert by_key["spain"][-6:] == ["2021-01-29", "cases", "2021-01-04", "2021-01-27", "400", "450"]
    typed = pa_csv.read_csv(io.BytesIO(stored.body)).schema
    for name in ("last_revised", "biggest_date", "biggest_snapshot"):
        assert typed.field(name).type == pa.date32()
    schema = json.loads((store.root / "schemas/vintages.json").read_bytes())
    jsonschema.validate(json.loads((store.root / "vintages.json").read_bytes()), schema)
    package = store.root / "datapackage-archive.json"
    paths = [one["path"] for one in json.loads(package.read_bytes())["resources"]]
    assert paths == ["revisions.csv", "vintages.json"]
    assert faults(package) == []
    assert table.loc["italy", "snapshots"] == 1
    assert table.index[0] == "spain"


def test_tallies_add_up_however_they_are_put_together(store: DirectoryStore, source: Path) -> None:
    live(store, source, [growing(20 + n, step=100 + n % 3) for n in range(6)])
    slots = write(store).slots
    parts = [pd.read_parquet(store.root / vintages.part_key(slot)) for slot in slots]
    found = [tallies.tally(a, b, s) for a, b, s in zip([None, *parts], parts, slots, strict=False)]
    at_once = tallies.together(pd.concat(found, ignore_index=True))
    halves = [pd.concat(found[:2]), pd.concat(found[2:])]
    in_steps = tallies.together(
        pd.concat([tallies.together(half) for half in halves], ignore_index=True)
    )
    pd.testing.assert_frame_equal(at_once, in_steps)
    pd.testing.assert_frame_equal(tallies.summary(at_once), revised(store, slots))


def test_regions_and_sources_that_lack_a_measure_are_summed_up_too(
    store: DirectoryStore, tmp_path: Path
) -> None:
    url, facts = str(SAMPLES / "regions.json.gz"), {"LEVEL": "regions"}
    run(store, url, now=NOW, LEVEL="regions")
    table = revised(store, write(store, **facts).slots, **facts)
    assert list(table.columns[:4]) == ["region_key", "region", "country_key", "country"]
    assert (table["snapshots"] == 1).all()
    other = DirectoryStore(tmp_path / "who")
    run(other, str(SAMPLES / "who.csv.gz"), now=LATER, SOURCE="who")
    table = revised(other, write(other, SOURCE="who").slots, SOURCE="who")
    assert table["net_recoveries"].isna().all()


def test_names_that_a_spreadsheet_would_run_are_made_harmless(
    store: DirectoryStore, source: Path
) -> None:
    body = growing(20).replace(b'"Spain"', b'"=cmd()"')
    live(store, source, [body])
    revised(store, write(store).slots)
    stored = store.read("revisions.csv")
    assert stored
    rows = list(csv.DictReader(io.StringIO(stored.body.decode())))
    assert {row["country"] for row in rows} == {"United States", "'=cmd()", "Diamond Princess"}


# ---- at the command line, on a folder and on servers


def test_the_command_writes_both_and_others_read_them_from_s3(s3_desk: Desk) -> None:
    s3_desk.publish_daily(NOW, 3)
    said = s3_desk("vintages", "--json")
    assert said.status == 0
    answer = said.json()
    assert (answer["slots"], answer["new"], answer["missing"]) == (SLOTS[:3], SLOTS[:3], {})
    assert len(answer["revisions"]) == 3
    again = s3_desk("vintages")
    assert "3 snapshots, 0 of them new" in again.out
    store = s3_desk.store
    assert isinstance(store, S3Store)
    files = pyarrow.fs.S3FileSystem(
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        endpoint_override=store.client.meta.endpoint_url,
        region="us-east-1",
    )
    table = dd.read_parquet(f"s3://{store.bucket}/covid/vintages", filesystem=files)
    assert table.npartitions == 3
    counts = table.groupby("snapshot", observed=True)["country_key"].count().compute()
    assert counts.tolist() == [60, 63, 66]
