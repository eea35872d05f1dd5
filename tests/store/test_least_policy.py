"""The policy that `setup --policy` prints: enough for all that the worker does, and no more.

AWS's rules are kept by tests/support/aws_like.py, requests are read on the wire.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from etl.errors import DataRejected, StoreError
from etl.history.run import Options
from etl.store import Upload
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.store import S3Store
from etl.upkeep import prune
from etl.upkeep.doctor import published
from etl.upkeep.doctor.trial import trial
from tests.support.aws_like import AwsLike
from tests.support.iam import asked
from tests.support.runs import NOW, growing, run
from tests.support.s3_server import use

BUCKET, FOLDER = "news", "data/covid"
POLICY = worker_policy(BucketWish(BUCKET, FOLDER))
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]


@pytest.fixture
def aws(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsLike]:
    requests.post(f"{moto_s3}/moto-api/reset", timeout=10).raise_for_status()
    with AwsLike(moto_s3) as aws:
        use(monkeypatch, aws.url)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        aws.seen.clear()
        yield aws


def work(tmp_path: Path) -> None:
    """What a worker does in its life: publishes, finds nothing new, is refused, loses a country,
    finishes what broke off, is examined and mended."""
    store, source = S3Store.connect(BUCKET, FOLDER), tmp_path / "stats.json"
    source.write_bytes(growing(20))
    assert run(store, source, now=NOW - timedelta(days=3)).outcome == "published"
    assert run(store, source, now=NOW - timedelta(days=2)).outcome == "unchanged"
    source.write_bytes(growing(19))
    with pytest.raises(DataRejected):
        run(store, source, now=NOW - timedelta(days=1))
    source.write_bytes(growing(21, ("united-states", "spain")))
    assert run(store, source, options=Options(force=True)).outcome == "published"
    store.write(Upload("latest.csv", b"half"))
    store.delete("history.json")
    assert len(list(published.heal(store))) == 2
    assert {finding.level for finding in published.published_findings(store)} == {"ok"}
    assert {finding.level for finding in trial(store)} == {"ok"}
    prune.clear(store, prune.make_plan(store, 1, NOW + timedelta(days=30)))


def without(action: str) -> dict[str, Any]:
    statements = []
    for statement in POLICY["Statement"]:
        listed = statement["Action"]
        actions = [listed] if isinstance(listed, str) else listed
        statements.append(statement | {"Action": [one for one in actions if one != action]})
    return {"Statement": statements}


def test_the_policy_covers_exactly_what_the_worker_asks_for(aws: AwsLike, tmp_path: Path) -> None:
    aws.policy = POLICY
    work(tmp_path)
    used = {
        one.action
        for method, path in (line.split(" ", 1) for line in aws.seen)
        for one in asked(method, path, {})
    }
    assert used == set(ACTIONS)
    granted = [statement["Action"] for statement in POLICY["Statement"]]
    assert sorted([*granted[0], granted[1]]) == sorted(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_without_any_one_of_its_actions_the_worker_fails_and_names_it(
    aws: AwsLike, tmp_path: Path, action: str
) -> None:
    aws.policy = without(action)
    with pytest.raises((StoreError, AssertionError)) as caught:
        work(tmp_path)
    assert isinstance(caught.value, StoreError)
    assert action in str(caught.value)


def test_the_policy_opens_nothing_beside_the_folder(aws: AwsLike) -> None:
    S3Store.connect(BUCKET, "data/covid-2").write(Upload("a", b"1"))
    aws.policy = POLICY
    attempts: list[Callable[[S3Store], object]] = [
        lambda store: store.read("a"),
        lambda store: list(store.list()),
        lambda store: store.delete("a"),
    ]
    for folder in ("data/covid-2", "data", ""):
        for attempt in attempts:
            with pytest.raises(StoreError, match="access denied"):
                attempt(S3Store.connect(BUCKET, folder))
