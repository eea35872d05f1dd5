"""What AWS refuses, over the wire, and what the user is told to do about it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import requests

from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.s3.errors import explained
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.store import S3Store
from tests.support.aws_like import EXPIRED, AwsLike
from tests.support.runs import growing, run
from tests.support.s3_server import use

BUCKET = "news"


@pytest.fixture
def aws(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsLike]:
    """AWS's rules, and the bucket `news` with an object in it."""
    requests.post(f"{moto_s3}/moto-api/reset", timeout=10).raise_for_status()
    with AwsLike(moto_s3) as aws:
        use(monkeypatch, aws.url)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        S3Store.connect(BUCKET, "covid").write(Upload("there", b"1"))
        yield aws


WITH_A_BODY: list[Callable[[S3Store], object]] = [
    lambda store: store.read("there"),
    lambda store: store.write(Upload("new", b"1")),
    lambda store: store.write(Upload("new", b"1"), if_none_match=True),
    lambda store: store.copy("there", "copy", cache_control="no-cache", sha256="0"),
    lambda store: list(store.list()),
    lambda store: store.delete("there"),
]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIANOBODY", "does not know this access key; check AWS_ACCESS_KEY"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wrong",
            "secret does not match the access key; check AWS_SECRET",
        ),
        ("AWS_SESSION_TOKEN", EXPIRED, "the AWS session has expired; renew AWS_SESSION_TOKEN"),
    ],
)
def test_credentials_that_are_wrong_are_named_by_every_call(
    aws: AwsLike, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    for attempt in WITH_A_BODY:
        with pytest.raises(StoreError, match=expected) as caught:
            attempt(S3Store.connect(BUCKET, "covid"))
        assert not isinstance(caught.value, StateConflict)
        assert value not in str(caught.value)
    with pytest.raises(StoreError, match=r"credentials or the clock are wrong|renew the session"):
        S3Store.connect(BUCKET, "covid").head("there")  # an answer to HEAD has no body to say more


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong_is_named(aws: AwsLike, minutes: int) -> None:
    aws.ahead = timedelta(minutes=minutes)
    for attempt in WITH_A_BODY:
        with pytest.raises(StoreError, match=r"this machine's clock is wrong.*; set the clock"):
            attempt(S3Store.connect(BUCKET, "covid"))


def test_a_bucket_that_is_missing_is_told_from_one_that_is_somebody_elses(aws: AwsLike) -> None:
    aws.foreign.add("theirs")
    with pytest.raises(StoreError, match=r"'none' does not exist; create it with: python app\.py"):
        list(S3Store.connect("none").list())
    with pytest.raises(StoreError, match=r"or the bucket belongs to someone else"):
        list(S3Store.connect("theirs").list())


def test_without_list_permission_a_missing_object_is_denied_and_the_way_out_is_named(
    aws: AwsLike,
) -> None:
    policy = worker_policy(BucketWish(BUCKET, "covid"))
    aws.policy = {"Statement": [policy["Statement"][0]]}
    store = S3Store.connect(BUCKET, "covid")
    assert store.read("there") is not None
    with pytest.raises(
        StoreError, match=r"and s3:ListBucket on arn:aws:s3:::news: without it a missing"
    ):
        store.read("missing")
    aws.policy = policy
    assert store.read("missing") is None
    assert store.head("missing") is None


def test_a_bucket_of_another_region_is_found_by_boto3_itself(
    aws: AwsLike, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aws.regions[BUCKET] = "eu-south-2"
    source = tmp_path / "stats.json"
    source.write_bytes(growing(3))
    aws.seen.clear()
    assert run(S3Store.connect(BUCKET, "covid"), source).outcome == "published"
    first, again, *_ = aws.seen
    assert first == again  # once refused, sent again, and right from then on
    published = [seen for seen in aws.seen if "/runs/" in seen and seen.startswith("PUT")]
    assert len(set(published)) == len(published) > 3


def test_an_acl_is_refused_and_the_other_way_named(aws: AwsLike) -> None:
    client = boto3.client("s3")
    with (
        pytest.raises(
            StoreError, match=r"bucket 'news' does not accept ACLs.* setup --public.* share KEY"
        ),
        explained(BUCKET, "covid/there", "s3:PutObjectAcl"),
    ):
        client.put_object_acl(Bucket=BUCKET, Key="covid/there", ACL="public-read")
