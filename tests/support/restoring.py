"""Three runs to go back to, for tests."""

from datetime import timedelta
from pathlib import Path

from etl.history.run import Options, Result
from etl.store import Store
from etl.upkeep.restore import restore
from tests.support.runs import (
    NOW,
    assert_settled,
    contents,
    growing,
    moment,
    records,
    run,
    settings,
)

MANY = tuple(f"country-{n}" for n in range(20))
LATER = NOW + timedelta(hours=2)


def publish(store: Store, source: Path, days: int, keys: tuple[str, ...] = MANY) -> str:
    """Make the run of the slot that `days` of data belong to, and return its id."""
    source.write_bytes(growing(days, keys))
    result = run(store, source, now=NOW + timedelta(days=days - 22))
    assert result.outcome == "published"
    assert result.record is not None
    return result.record.run_id


def run_ids(store: Store) -> list[str]:
    return [r["run_id"] for r in records(store) if r["outcome"] == "published"]


def put_back(store: Store, wanted: str) -> str | None:
    record = restore(store, wanted, moment(settings("unused"), LATER))
    return record.published_run if record else None


def on_view(store: Store) -> str:
    """Return the published run, after checking that every stable name is that run's."""
    run_id: str = assert_settled(contents(store))["run_id"]
    return run_id


def scheduled(store: Store, source: Path, days_later: int) -> Result:
    options = Options(if_due=True, sleep=lambda seconds: None)
    return run(store, source, now=NOW + timedelta(days=days_later), options=options)
