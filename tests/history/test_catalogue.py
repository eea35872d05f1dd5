"""The catalogue of the archive, when many add to it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from etl.history import catalogue
from etl.history.catalogue import Imported
from etl.store import Store


def imported(n: int) -> Imported:
    run_id = f"2021-01-01T06{n:04}Z-0123456789ab"
    return Imported(
        run_id, date(2021, 1, 1), "sample", [], "made up", datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_thirty_additions_at_once_lose_none(store: Store) -> None:
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda n: catalogue.add(store, [imported(n)]), range(30)))
    assert [one.run_id for one in catalogue.read(store).imported] == [
        imported(n).run_id for n in range(30)
    ]
