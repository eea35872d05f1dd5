"""`setup` on servers other than Amazon's: the bucket works, or it says what is missing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from etl.cli import main
from etl.store.s3.setup import BucketState
from etl.store.s3.setup.read import read_setup
from etl.store.s3.store import S3Store
from tests.support.aws_like import AwsLike
from tests.support.buckets import SetUp
from tests.support.runs import growing, run
from tests.support.s3_kinds import OtherServer
from tests.support.s3_server import use

CEPH = ("breaks when versioned", "denies when blocked", "no encryption", "lacks fields")


@pytest.fixture(params=["imitated", "real"])
def ceph(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Use a Ceph: an imitated one, then a real one if it is there."""
    if request.param == "real":
        use(monkeypatch, request.getfixturevalue("real_ceph"))
        yield "real"
        return
    with OtherServer(request.getfixturevalue("moto_s3"), *CEPH) as server:
        use(monkeypatch, server.url)
        yield "imitated"


@pytest.fixture
def on(moto_s3: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """Use a server of the kinds that the test's parameter names."""
    with OtherServer(moto_s3, *request.param) as server:
        use(monkeypatch, server.url)
        yield server


def versioning(bucket: str) -> str:
    return boto3.client("s3").get_bucket_versioning(Bucket=bucket).get("Status", "")


def settings(bucket: str) -> BucketState:
    return read_setup(S3Store.connect(bucket, "covid"), website=False)


def test_on_ceph_setup_leaves_a_bucket_in_which_every_run_is_published(
    ceph: str, bucket: str, set_up: SetUp
) -> None:
    assert "6 changes" in set_up("--dry-run")
    said = set_up("--yes")
    assert "this server refuses all uploads once public ACLs are blocked; left open" in said
    assert "encrypt stored objects (SSE-S3): not supported by this server (InvalidArg" in said
    assert "undone, since conditional writes no longer work after it: the server always" in said
    assert "done: remove from covid/" in said
    assert versioning(bucket) == "Suspended"
    store = S3Store.connect(bucket, "covid")
    for day in (3, 4):
        Path("stats.json").write_bytes(growing(day, ("spain",)))
        assert run(S3Store.connect(bucket, "covid"), "stats.json").outcome == "published"
    assert store.keeps_conditions()
    for _ in range(2):
        assert "nothing to do" in set_up("--yes")
    block = boto3.client("s3").get_public_access_block(Bucket=bucket)
    expected = {"BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    assert block["PublicAccessBlockConfiguration"] == expected | {"BlockPublicAcls": False}


def test_on_ceph_a_bucket_that_an_earlier_setup_closed_is_opened_again(
    ceph: str, bucket: str, set_up: SetUp
) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    blocked: Any = dict.fromkeys(names, True)
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    said = set_up("--yes")
    assert "done: allow uploads again: this server refuses all uploads" in said
    Path("stats.json").write_bytes(growing(3, ("spain",)))
    assert run(S3Store.connect(bucket, "covid"), "stats.json").outcome == "published"


@pytest.mark.parametrize("on", [("ignores", "no versioning")], indirect=True)
def test_a_step_that_the_server_does_not_know_is_left_out_and_the_rest_goes_on(
    on: OtherServer, bucket: str, set_up: SetUp
) -> None:
    said = set_up("--yes")
    assert "(versioning): not supported by this server (BucketAlreadyExists)" in said
    assert "taken" not in said
    assert "done: let pages on other hosts read" in said
    before = settings(bucket)
    again = set_up("--yes")
    assert "1 change\n" in again
    assert "left out: keep former versions" in again
    assert again.count("done: ") == 0
    assert settings(bucket) == before


@pytest.mark.parametrize("on", [("no encryption",)], indirect=True)
def test_programs_read_what_was_left_out(
    on: OtherServer, bucket: str, capfd: Any, as_before: None
) -> None:
    assert main.main(["setup", "--yes", "--json"]) == 0
    changes = {each["call"]: each for each in json.loads(capfd.readouterr().out)["changes"]}
    left_out = changes["put_bucket_encryption"]
    assert left_out["made"] is False
    assert left_out["why"] == "not supported by this server (InvalidArgument)"
    assert changes["put_bucket_versioning"]["made"] is True


@pytest.mark.parametrize("on", [("no checksums",)], indirect=True)
def test_a_server_that_refuses_the_checksums_is_no_success_and_the_setting_is_named(
    on: OtherServer, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = set_up("--yes", status=1)
    assert "(it refuses boto3's checksums, XAmzContentSHA256Mismatch)" in said
    assert "set AWS_REQUEST_CHECKSUM_CALCULATION=when_required" in said
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    assert "next: python app.py doctor" in set_up("--yes")  # boto3 sends settings with them anyway


@pytest.mark.parametrize("on", [()], indirect=True)
def test_a_step_that_is_denied_is_named(on: OtherServer, bucket: str, set_up: SetUp) -> None:
    on.denied = "cors"
    said = set_up("--yes", status=1)
    assert "let pages on other hosts read" in said
    assert "access denied: allow s3:PutBucketCORS" in said


def test_setup_fails_where_nothing_may_be_written_though_there_is_nothing_to_do(
    aws: AwsLike, bucket: str, set_up: SetUp, capfd: Any
) -> None:
    set_up("--yes")
    reading = {"Effect": "Allow", "Action": ["s3:Get*", "s3:ListBucket"], "Resource": "*"}
    aws.policy = {"Statement": [reading]}
    said = set_up("--yes", status=1)
    assert "nothing to do" in said
    assert "could not be tested: access denied: allow s3:PutObject" in said
    assert "next:" not in said
    assert main.main(["setup", "--yes", "--json"]) == 1
    assert "allow s3:PutObject" in json.loads(capfd.readouterr().out)["fault"]
    set_up("--dry-run")  # writes nothing, not even a test object
