"""Folders with several runs, for the tests of this room."""

from datetime import timedelta
from pathlib import Path

import pytest

from etl.store.memory import MemoryStore
from tests.support.clearing import FIRST
from tests.support.restoring import MANY, publish
from tests.support.runs import (
    growing,
    records,
    run,
)


@pytest.fixture
def days(tmp_path: Path) -> tuple[MemoryStore, list[str]]:
    """A run a day from 25 January to 5 February; their ids."""
    store, source = MemoryStore(), tmp_path / "stats.json"
    for n in range(12):
        source.write_bytes(growing(20 + n))
        run(store, source, now=FIRST + timedelta(days=n))
    return store, [record["run_id"] for record in records(store)]


@pytest.fixture
def store(source: Path) -> MemoryStore:
    """Three runs; the last has a country less, the second one more than the first."""
    store = MemoryStore()
    publish(store, source, 20, MANY[:-1])
    publish(store, source, 21)
    publish(store, source, 22, MANY[:-2])
    return store
