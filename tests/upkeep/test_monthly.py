"""The report that a run makes by itself."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from etl.errors import StoreError
from etl.history.run import Options
from etl.store import Store, Upload
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.reports import at, table
from tests.support.runs import contents, growing, records, run
from tests.support.s3_server import use

IF_DUE = Options(if_due=True)


def due(store: Store, folder: Path, when: str, body: bytes) -> dict[str, Any]:
    """A run of the worker's own, and its record."""
    source = folder / "stats.json"
    source.write_bytes(body)
    run(store, source, now=at(when), options=IF_DUE)
    return records(store)[-1]


def test_the_first_run_of_a_month_makes_the_report_of_the_one_before(tmp_path: Path) -> None:
    store = MemoryStore()
    assert "report" not in due(store, tmp_path, "2021-01-31T07:00", growing(30))
    assert not any(key.startswith("reports/") for key in contents(store))
    first = due(store, tmp_path, "2021-02-01T07:00", growing(30))
    assert (first["outcome"], first["report"]) == ("unchanged", "2021-01")
    assert table(store)["spain"]["new_cases"] == "3000"
    before = contents(store)
    assert "report" not in due(store, tmp_path, "2021-02-02T07:00", growing(30))
    after = contents(store)
    assert {key for key in after if after[key] != before.get(key)} == {
        "history.json",
        "status.json",
    }


def test_a_month_without_a_publication_has_no_report_made_for_it(tmp_path: Path) -> None:
    store = MemoryStore()
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    due(store, tmp_path, "2021-02-01T07:00", growing(30))
    silent = due(store, tmp_path, "2021-03-01T07:00", growing(30))
    assert "report" not in silent
    stale, none = silent["warnings"]
    assert stale.startswith("the source is stale: its last date is 2021-01-30, 30 days ago")
    assert none == "nothing was published in 2021-02, so it has no report"
    (stale,) = due(store, tmp_path, "2021-03-02T07:00", growing(30))["warnings"]
    assert stale.endswith("31 days ago")
    assert not any(key.startswith("reports/2021-02") for key in contents(store))


class NoShelf(MemoryStore):
    """Refuses what goes to reports/, for as long as `full`."""

    full: Exception | None = StoreError("no room for a report")

    def write(
        self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        if self.full and upload.key.startswith("reports/"):
            raise self.full
        return super().write(upload, if_match=if_match, if_none_match=if_none_match)


@pytest.mark.parametrize("why", [StoreError("no room"), ZeroDivisionError("no room")])
def test_a_report_that_fails_leaves_the_run_a_success_and_is_tried_again(
    tmp_path: Path, why: Exception
) -> None:
    store = NoShelf()
    store.full = why
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    failed = due(store, tmp_path, "2021-02-01T07:00", growing(31))
    assert failed["outcome"] == "published"
    kind = "ZeroDivisionError: " if isinstance(why, ZeroDivisionError) else ""
    assert failed["warnings"][-1] == f"the report of 2021-01 could not be made: {kind}no room"
    assert "report" not in failed
    assert b"Warnings: 1." in contents(store)["feed.xml"]
    store.full = None
    again = due(store, tmp_path, "2021-02-02T07:00", growing(31))
    assert (again["outcome"], again["report"]) == ("unchanged", "2021-01")
    assert [r["outcome"] for r in records(store)] == ["published", "published", "unchanged"]


def test_a_run_by_hand_or_a_dry_run_makes_no_report(tmp_path: Path) -> None:
    store = MemoryStore()
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    run(store, tmp_path / "stats.json", now=at("2021-02-01T07:00"))
    run(
        store,
        tmp_path / "stats.json",
        now=at("2021-02-02T07:00"),
        options=Options(if_due=True, dry_run=True),
    )
    assert not any(key.startswith("reports/") for key in contents(store))


def test_an_unchanged_day_behind_the_report_costs_no_more_requests(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, s3_url)
    bucket = f"reports-{uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    store = S3Store.connect(bucket, "covid")
    due(store, tmp_path, "2021-01-31T07:00", growing(30))
    due(store, tmp_path, "2021-02-01T07:00", growing(30))
    sent: list[str] = []
    store.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    due(store, tmp_path, "2021-02-02T07:00", growing(30))
    assert (sent.count("PUT"), len(sent)) == (2, 6)  # the last one is this test's own look
