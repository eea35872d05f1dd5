"""Runs of one file, which are all that vintages needs; and the run of one snapshot."""

from pathlib import Path

import pytest

from etl.archive import vintages
from etl.archive.backfill import Span
from etl.archive.engine import Here, Progress
from etl.errors import EtlError, StoreError
from etl.store.directory import DirectoryStore
from etl.upkeep.restore import restore
from tests.support.archives import LATER, fill, live, outcomes, raw_alone, restating
from tests.support.desk import Desk
from tests.support.runs import NOW, contents, moment, settings

TABLE = Span(only="timeseries.parquet")


def test_a_run_of_the_table_alone_costs_two_objects_and_serves_vintages(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    whole, other = raw_alone(store, tmp_path / "whole"), raw_alone(store, tmp_path / "other")
    wanted = settings(source, OUTPUT_DIR=str(other.root))
    for there in (whole, other):
        span = Span() if there is whole else TABLE
        assert outcomes(fill(there, source, span=span)) == ["made"] * 2
        there_settings = settings(source, OUTPUT_DIR=str(there.root))
        vintages.write_vintages(there_settings, there, Here(), Progress())
    runs = {key.partition("/")[2] for key in contents(other) if key.startswith("runs/")}
    assert sorted(key.partition("/")[2] for key in runs) == [
        *["manifest.json"] * 2,
        *["timeseries.parquet"] * 2,
    ]
    made = [
        {key: body for key, body in contents(one).items() if key.startswith("vintages/")}
        for one in (whole, other)
    ]
    assert made[0] == made[1]
    assert outcomes(fill(other, source, span=TABLE)) == ["there"] * 2
    assert outcomes(fill(whole, source, span=TABLE)) == ["there"] * 2  # whole runs serve too
    with pytest.raises(StoreError, match=r"nothing is published yet.*backfill --publish"):
        restore(other, "2021-01-25", moment(wanted, LATER))
    done = fill(other, source)
    assert outcomes(done) == ["made"] * 2


def test_what_outputs_switches_off_is_not_made(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    other = raw_alone(store, tmp_path / "other")
    assert outcomes(fill(other, source, OUTPUTS="none")) == ["made"] * 2
    made = [key.split("/")[2] for key in contents(other) if key.startswith("runs/")]
    assert sorted(set(made)) == [
        "changes.json",
        "croissant.json",
        "datapackage.json",
        "latest.csv",
        "latest.json",
        "manifest.json",
        "schemas",
        "timeseries.parquet",
    ]
    assert len(made) - made.count("schemas") == 14


def test_readers_are_never_given_a_table_alone(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    live(store, source, restating(2))
    done = fill(store, source, span=TABLE, KEEP="new")
    with pytest.raises(StoreError, match=r"has only its table .* backfill --from 2021-01-25 --to"):
        restore(store, str(done.days[0].run_id), moment(settings(source), LATER))


def test_one_snapshot_is_made_as_backfill_makes_it(
    store: DirectoryStore, source: Path, tmp_path: Path
) -> None:
    [_, second, _] = live(store, source, restating(3))
    whole, other = raw_alone(store, tmp_path / "whole"), raw_alone(store, tmp_path / "other")
    every, [one] = fill(whole, source).days, fill(other, source, span=Span(snapshot=second)).days
    assert one.run_id == every[1].run_id
    with pytest.raises(EtlError, match=rf"called '2021-01-26x'; there are {second}$"):
        fill(other, source, span=Span(snapshot="2021-01-26x"))


def test_the_commands_say_what_was_made(bench: Desk) -> None:
    [first, _] = bench.publish_daily(NOW, 2)
    said = bench("rebuild", first, "--json")
    assert [(day["snapshot"], day["outcome"]) for day in said.json()["days"]] == [(first, "made")]
    assert bench("backfill", "--only", "table", "--publish").status == 2
