"""The month in one file: the last row of each snapshot, with the day it was taken and the facts."""

import csv
import gzip
import io
from pathlib import Path

import pytest

from etl.extract.sources import SAMPLES
from etl.history import history
from etl.report.monthly import make
from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.transform import report_columns
from tests.support.archives import bring
from tests.support.reports import JANUARY, january, made, publish, table
from tests.support.runs import contents, document, growing

FACTS = str(SAMPLES / "InfoPaisosExtra.csv")


def rows(store: Store) -> list[dict[str, str]]:
    stored = store.read("reports/2021-01/snapshots.csv.gz")
    assert stored is not None
    return list(csv.DictReader(io.StringIO(gzip.decompress(stored.body).decode())))


def test_each_snapshot_has_a_row_a_country_with_the_day_it_was_taken(tmp_path: Path) -> None:
    store = MemoryStore()
    january(store, tmp_path)
    made(store)
    found = rows(store)
    assert list(found[0]) == [field.name for field in report_columns.snapshot_fields()]
    assert len(found) == 3 * 3
    spain = [row for row in found if row["country_key"] == "spain"]
    shown = [
        (row["snapshot_date"], row["date"], row["cumulative_cases"], row["new_cases"])
        for row in spain
    ]
    assert shown == [
        ("2021-01-21", "2021-01-20", "2000", "100"),
        ("2021-01-22", "2021-01-21", "2100", "100"),
        ("2021-01-23", "2021-01-22", "2300", "200"),
    ]
    assert {row["run_id"][:10] for row in spain} == {row["snapshot_date"] for row in spain}
    assert {row["iso3"] for row in spain} == {"ESP"}
    assert {row["continent"] for row in spain} == {"Europe"}
    assert {row["population"] for row in spain} == {table(store)["spain"]["population"]}
    france = [row["date"] for row in found if row["country_key"] == "france"]
    assert france == ["2021-01-20"] * 3  # its own last day, not the snapshot's


def test_a_country_that_has_gone_keeps_its_rows_of_before(tmp_path: Path) -> None:
    store = MemoryStore()
    first = {f"land-{n}": [5] * 20 for n in range(15)}
    publish(store, tmp_path, "2021-01-21T07:00", document(first))
    publish(store, tmp_path, "2021-01-22T07:00", document(dict(list(first.items())[1:])))
    made(store)
    gone = [row["snapshot_date"] for row in rows(store) if row["country_key"] == "land-0"]
    assert gone == ["2021-01-21"]
    assert len(rows(store)) == 15 + 14


def imported(tmp_path: Path) -> DirectoryStore:
    versions, store = tmp_path / "versions", DirectoryStore(tmp_path / "out")
    versions.mkdir()
    (versions / "stats-2021-01-21.json").write_bytes(growing(20))
    assert [one.new for one in bring(store, versions)] == [True]
    return store


@pytest.mark.parametrize("before", ["nothing", "a run of another month", "a report"])
def test_snapshots_that_were_imported_are_merged_without_a_backfill(
    tmp_path: Path, before: str
) -> None:
    store = imported(tmp_path)
    url = FACTS
    if before == "a run of another month":
        publish(store, tmp_path, "2021-03-01T07:00", growing(40), FACTS)
        url = str(tmp_path / "gone.csv")
    past, _ = history.read(store)

    def report(facts_url: str) -> make.MonthlyReport:
        return make.make_report(store, past, JANUARY, max_bytes=10**7, facts_url=facts_url)

    if before == "a report":
        report(FACTS)
        url = str(tmp_path / "gone.csv")
    assert not any("no population" in note for note in report(url).notes)
    assert {row["continent"] for row in rows(store)} - {""}
    assert len([key for key in contents(store) if key.startswith("raw/facts/")]) == (
        0 if before == "a run of another month" else 1
    )


def test_facts_that_can_not_be_had_are_a_note_and_no_failure(tmp_path: Path) -> None:
    store = imported(tmp_path)
    past, _ = history.read(store)
    gone = str(tmp_path / "gone.csv")
    made = make.make_report(store, past, JANUARY, max_bytes=10**7, facts_url=gone)
    [note] = [note for note in made.notes if "no population" in note]
    assert "gone.csv: No such file or directory" in note
    made = make.make_report(store, past, JANUARY, max_bytes=10**7)
    assert any(note.endswith("no incidence.") for note in made.notes)
    assert {row["population"] for row in rows(store)} == {""}
