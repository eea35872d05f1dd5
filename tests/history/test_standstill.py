"""How long a source has not changed, by its last date and by its bytes."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from etl.history.record import Document, InputsSeen, Record, Standstill, standstill
from tests.support.desk import Desk
from tests.support.differing import DAY, publish
from tests.support.page_reader import read_page
from tests.support.runs import (
    NOW,
    contents,
    growing,
    run,
)


def looked(n: int, last: str, sha256: str, **over: Any) -> Record:
    slot = date(2021, 1, 1) + n * DAY
    about: dict[str, Any] = {
        "run_id": f"run-{n}",
        "slot": slot,
        "started_at": NOW + n * DAY,
        "outcome": "published",
        "source": "coviddata",
        "source_last": date.fromisoformat(last),
        "seen": InputsSeen("f", [Document(sha256)]),
        **over,
    }
    return Record(**about)


def test_how_long_a_source_has_stood_still_is_told_by_its_date_and_by_its_bytes() -> None:
    records = [
        looked(0, "2020-12-31", "a"),
        looked(1, "2021-01-01", "b"),
        looked(2, "2021-01-01", "c"),
        looked(3, "2021-01-01", "c", outcome="unchanged"),
        looked(4, "2020-12-31", "-", outcome="restored", seen=None),
        looked(5, "2021-01-01", "c", outcome="unchanged"),
        looked(6, "2021-01-01", "-", outcome="failed", seen=None, source_last=None),
    ]
    day = date.fromisoformat
    assert standstill([]) is None
    assert standstill(records[6:]) is None
    assert standstill(records[:1]) == Standstill(*[day("2020-12-31")], *[day("2021-01-01")] * 2)
    found = standstill(records)
    assert found == Standstill(day("2021-01-01"), day("2021-01-02"), day("2021-01-03"))


def test_another_source_in_between_begins_anew() -> None:
    records = [
        looked(0, "2021-01-01", "a"),
        looked(1, "2021-01-01", "a", source="sample"),
        looked(2, "2021-01-01", "a"),
    ]
    found = standstill(records)
    assert found is not None
    assert (found.last_date_since, found.bytes_since) == (date(2021, 1, 3), date(2021, 1, 3))


def test_status_history_and_page_say_how_long_the_source_has_stood_still(
    local_desk: Desk,
) -> None:
    publish(local_desk, growing(20))
    source = Path("stats.json")
    source.write_bytes(growing(20) + b"\n")
    for n in (1, 2):
        result = run(local_desk.store, source, now=NOW + n * DAY)
        assert result.outcome == "unchanged"
    assert result.still == Standstill(date(2021, 1, 20), date(2021, 1, 25), date(2021, 1, 26))
    status = json.loads(contents(local_desk.store)["status.json"])
    assert (status["last_date_since"], status["bytes_since"]) == ("2021-01-25", "2021-01-26")
    shown = " ".join(local_desk("history", "--last", "1").out.split())
    assert (
        "2021-01-20, has not changed since the run of 2021-01-25; its bytes have not changed"
        in shown
    )
    page = read_page(contents(local_desk.store)["index.html"].decode())
    assert page.one("time", id="last-date-since").text == "2021-01-25"
