"""Whole runs on servers that don't keep conditions: one worker, and what two of them can do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from etl import log
from etl.history import manifest as manifests
from etl.history.run import Options
from etl.store.s3.store import S3Store
from tests.support.logged import Logged
from tests.support.reader import Reader, assert_settled
from tests.support.runs import NOW, growing, run
from tests.support.s3_kinds import OtherServer
from tests.support.s3_server import s3_server
from tests.support.stores import new_bucket

IF_DUE = Options(if_due=True)
Made = tuple[OtherServer, S3Store]


@pytest.fixture(params=["refuses", "wants no quotes"])
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    with (
        s3_server() as url,
        OtherServer(url, request.param) as server,
        new_bucket(server.url) as bucket,
    ):
        yield server, S3Store(bucket.client, bucket.bucket, "covid")


def fresh(store: S3Store) -> S3Store:
    """Return the folder as another process would open it."""
    return S3Store(store.client, store.bucket, store.folder)


def test_every_day_is_published_and_each_run_warns_once(
    made: Made, source: Path, logged: Logged
) -> None:
    server, store = made
    warnings = 0 if "wants no quotes" in server.kinds else 1
    for day in range(2):
        source.write_bytes(growing(3 + day, ("spain",)))
        for minute in range(2):  # twice a slot, where a run could take its own slot for a winner
            before = len(logged.lines("store.no_conditional_writes"))
            now = NOW + timedelta(days=day, minutes=minute)
            result = run(fresh(store), source, now=now, options=Options(force=True))
            assert result.outcome == "published"
            published = manifests.read(store)
            assert published
            assert published.manifest == result.manifest
            assert len(logged.lines("store.no_conditional_writes")) == before + warnings


def test_of_two_workers_at_the_commit_the_later_one_is_published_whole(
    made: Made, source: Path
) -> None:
    server, store = made
    source.write_bytes(growing(3, ("spain",)))
    run(fresh(store), source, now=NOW)
    source.write_bytes(growing(4, ("spain",)))
    tomorrow = NOW + timedelta(days=1)
    outcomes = []

    def other() -> None:
        outcomes.append(run(fresh(store), source, now=tomorrow, options=IF_DUE))

    log.reset()
    server.before_put(f"{store.bucket}/covid/manifest.json", other)
    outcomes.append(run(fresh(store), source, now=tomorrow, options=IF_DUE))
    kept = "wants no quotes" in server.kinds
    assert [each.outcome for each in outcomes] == ["published", "yielded" if kept else "published"]
    published = manifests.read(store)
    assert published
    winner = outcomes[0 if kept else 1].manifest
    assert winner
    assert published.manifest.run_id == winner.run_id
    assert_settled(Reader(server.url, store.bucket, store.folder).contents())
