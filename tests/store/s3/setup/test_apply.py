"""`setup` on a server: private buckets, what can't be, and the worker's policy."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from etl import PROJECT
from etl.errors import StoreError
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.plan import PRIVATE
from etl.store.s3.setup.policy import worker_policy
from etl.store.s3.setup.read import read_setup
from etl.store.s3.store import S3Store
from tests.support.aws_like import AwsLike
from tests.support.buckets import SetUp
from tests.support.iam import asked
from tests.support.runs import growing, run
from tests.support.s3_server import answering, s3_error, use


def state(bucket: str) -> dict[str, Any]:
    """A bucket's settings as plain boto3 sees them."""
    client = boto3.client("s3")
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    lifecycle = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {
        "block": {**block},
        "encryption": rules["Rules"][0]["ApplyServerSideEncryptionByDefault"],
        "versioning": client.get_bucket_versioning(Bucket=bucket)["Status"],
        "lifecycle": {rule["ID"]: rule for rule in lifecycle},
        "cors": client.get_bucket_cors(Bucket=bucket)["CORSRules"],
    }


# ---- private


def test_a_new_bucket_is_closed_encrypted_versioned_and_cleared_up(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    assert "6 changes" in set_up("--yes")
    found = state(bucket)
    assert found["block"] == dict.fromkeys(PRIVATE, True)
    assert found["encryption"] == {"SSEAlgorithm": "AES256"}
    assert found["versioning"] == "Enabled"
    assert found["lifecycle"]["cloud-etl:covid:former"]["Filter"] == {"Prefix": "covid/"}
    assert found["lifecycle"]["cloud-etl:covid:inbox/"]["Expiration"] == {"Days": 30}
    assert found["cors"][0]["AllowedOrigins"] == ["*"]


def test_a_second_run_has_nothing_to_do_and_sends_nothing_that_changes(
    anywhere: str, bucket: str, set_up: SetUp
) -> None:
    set_up("--yes")
    assert f"s3://{bucket}/covid: nothing to do" in set_up()
    set_up("--public", "--yes")
    assert f"s3://{bucket}/covid: nothing to do" in set_up("--public")


def test_with_an_inbox_forms_see_what_arrived(
    anywhere: str, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up("--yes")
    monkeypatch.setenv("INBOX", "on")
    assert "CORS: GET, HEAD and POST" in set_up("--yes")
    [rule] = boto3.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD", "POST"]
    assert "nothing to do" in set_up()
    assert "rekognition:DetectLabels" in set_up("--policy")


def test_a_dry_run_shows_everything_and_changes_nothing(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    said = set_up("--dry-run", "--public")
    assert "create the bucket" in said
    assert "let anyone read" in said
    assert [line for line in aws.seen if line.startswith(("PUT", "DELETE"))] == []


def test_without_anyone_to_ask_nothing_is_changed(aws: AwsLike, bucket: str, set_up: SetUp) -> None:
    assert "Make 6 changes? Use --yes to agree" in set_up(status=1)
    assert [line for line in aws.seen if line.startswith(("PUT", "DELETE"))] == []


def test_a_worker_runs_in_what_was_set_up(anywhere: str, bucket: str, set_up: SetUp) -> None:
    set_up("--yes")
    Path("stats.json").write_bytes(growing(3))
    assert run(S3Store.connect(bucket, "covid"), "stats.json").outcome == "published"


def test_what_others_have_set_up_in_the_bucket_stays(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    rule: Any = {
        "ID": "logs",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
        "Expiration": {"Days": 3},
    }
    cors: Any = {"ID": "app", "AllowedMethods": ["PUT"], "AllowedOrigins": ["https://app"]}
    theirs: Any = {
        "Sid": "theirs",
        "Effect": "Deny",
        "Principal": {"AWS": "arn:aws:iam::123456789012:user/intern"},
        "Action": "s3:PutObjectAcl",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
    )
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [cors]})
    before = json.dumps({"Version": "2012-10-17", "Statement": [theirs]})
    client.put_bucket_policy(Bucket=bucket, Policy=before)
    set_up("--public", "--yes")
    found = {rule["ID"]: rule for rule in lifecycle(client, bucket)}
    assert found["logs"] == rule
    assert len(found) == 5
    assert client.get_bucket_cors(Bucket=bucket)["CORSRules"][0] == cors
    after = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    assert [statement["Sid"][:14] for statement in after["Statement"]] == [
        "theirs",
        "CloudEtlPublic",
    ]


def lifecycle(client: Any, bucket: str) -> Any:
    return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


def test_a_region_is_the_bucket_s_own_and_requests_from_elsewhere_find_it(
    aws: AwsLike, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert f"create the bucket {bucket} in eu-west-1" in set_up("--yes")
    assert boto3.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] == (
        "eu-west-1"
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert "nothing to do" in set_up("--yes")


# ---- what can't be


def test_a_name_that_is_taken_says_so(aws: AwsLike, bucket: str, set_up: SetUp) -> None:
    aws.foreign.add(bucket)
    assert "(or the bucket belongs to someone else)" in set_up("--yes", status=1)
    said = set_up_by(s3_error(409, "BucketAlreadyExists"), set_up)
    assert f"bucket name '{bucket}' belongs to another AWS account" in said


def set_up_by(reply: Callable[[Any], None], set_up: SetUp) -> str:
    """What `setup` says where a bucket is missing and then can't be made, so answered."""

    def answer(request: Any) -> None:
        if request.command == "HEAD":
            request.reply(404)
        else:
            reply(request)

    with pytest.MonkeyPatch.context() as patch, answering(answer) as url:
        patch.setenv("AWS_ENDPOINT_URL_S3", url)
        return set_up("--yes", status=1)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "OperationAborted", "busy with an earlier change; try again in a minute"),
        (400, "TooManyBuckets", "the account can't have more buckets"),
        (403, "AccessDenied", "access denied: allow s3:CreateBucket on arn:aws:s3:::setup-"),
    ],
)
def test_a_bucket_that_can_not_be_made_says_why(
    aws: AwsLike, bucket: str, set_up: SetUp, status: int, code: str, expected: str
) -> None:
    assert expected in set_up_by(s3_error(status, code), set_up)


def test_a_name_that_can_not_be_is_refused_before_anything_is_made(
    aws: AwsLike, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET", "news..paper")
    assert "two dots follow each other" in set_up("--yes", status=2)
    assert aws.seen == ["HEAD /news..paper"]


def test_a_directory_needs_no_setup(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3_BUCKET", raising=False)
    assert "S3_BUCKET: not set; the folder out needs no setup" in set_up(status=2)


def documented() -> list[str]:
    """The actions that docs/deploy.md names for setup: in one paragraph and a table."""
    text = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    told = text[text.index("`s3:CreateBucket`") : text.index("Why no lifecycle rule")]
    return re.findall(r"`(s3:\w+)`", told)


def test_the_permissions_that_are_documented_are_enough_and_each_is_needed(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    def allow(*actions: str) -> None:
        whole = {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::*"}
        aws.policy = {"Statement": [whole]}

    allow(*documented())
    set_up("--public", "--website", "--yes")
    asked_for = {
        one.action
        for method, path in (line.split(" ", 1) for line in aws.seen)
        for one in asked(method, path, {})
    }
    set_up("--public", "--website")
    assert asked_for - set(documented()) == set()
    store = S3Store.connect(bucket, "covid")
    for action in (one for one in documented() if re.match("s3:Get(?!Object)", one)):
        allow(*(set(documented()) - {action}))
        with pytest.raises(StoreError, match=f"denied: allow {action} on arn:aws:s3:::{bucket}"):
            read_setup(store, website=True)


# ---- the worker's policy


def test_the_policy_is_printed_alone_and_needs_no_credentials(
    monkeypatch: pytest.MonkeyPatch, bucket: str, set_up: SetUp
) -> None:
    use(monkeypatch, None)
    monkeypatch.setenv("S3_FOLDER", "data/covid")
    printed = json.loads(set_up("--policy"))
    assert printed == worker_policy(BucketWish(bucket, "data/covid"))
    monkeypatch.setenv("TRANSLATE_TO", "ca")
    added = [
        one
        for one in json.loads(set_up("--policy"))["Statement"]
        if one not in printed["Statement"]
    ]
    assert [one["Action"] for one in added] == ["translate:TranslateText"]
