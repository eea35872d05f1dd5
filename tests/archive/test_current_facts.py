"""Snapshots without facts get today's."""

from pathlib import Path

import pytest

from etl.store.directory import DirectoryStore
from tests.support.archives import FACTS, fill, live, manifest_of, outcomes, restating
from tests.support.reports import made, table


def test_snapshots_without_facts_are_merged_with_todays_which_are_kept_once(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))
    done = fill(store, source, COUNTRIES_URL=FACTS)
    keys = {manifest_of(store, day.run_id).inputs[-1].key for day in done.days}
    [key] = keys
    assert key.startswith("raw/facts/")
    stored = store.read(key)
    assert stored
    assert stored.body == Path(FACTS).read_bytes()
    assert outcomes(fill(store, source, COUNTRIES_URL=FACTS)) == ["there"] * 2


def test_a_month_whose_snapshots_have_no_facts_is_reported_with_those_they_were_merged_with(
    store: DirectoryStore, source: Path
) -> None:
    live(store, source, restating(2))

    assert [note for note in made(store).notes if "no population and no incidence" in note]
    assert table(store)["spain"]["cases_per_100k"] == ""
    fill(store, source, COUNTRIES_URL=FACTS)
    assert not [note for note in made(store).notes if "population" in note]
    spain = table(store)["spain"]
    people = int(spain["population"])
    per_100k = int(spain["new_cases"]) / people * 100_000
    assert float(spain["cases_per_100k"]) == pytest.approx(per_100k, abs=0.01)
