"""`setup --public` and `--website` on a server: what strangers can read then."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from etl.cli import main
from etl.store import Upload
from etl.store.parallel import in_parallel
from etl.store.s3.store import S3Store
from tests.support.aws_like import AwsLike
from tests.support.buckets import SetUp
from tests.support.runs import growing, run
from tests.support.s3_server import use

# ---- public


def test_the_public_reads_what_is_published_and_nothing_else(
    anywhere: str, bucket: str, set_up: SetUp
) -> None:
    set_up("--yes")
    store = S3Store.connect(bucket, "covid")
    Path("stats.json").write_bytes(growing(3))
    run(store, "stats.json")
    for key in ("inbox/letter.txt", "_shared/1/index.html", "_doctor-1", "put-by-hand.csv"):
        store.write(Upload(key, b"private"))
    S3Store.connect(bucket, "other").write(Upload("latest.json", b"private"))
    keys = [head.key for head in S3Store.connect(bucket).list()]
    assert readable(anywhere, bucket, keys) == set()
    set_up("--public", "--yes")
    closed = ("raw/", "inbox/", "_", "history.json", "put-by-hand.csv")
    published = {key for key in keys if not key.removeprefix("covid/").startswith(closed)}
    assert len(published) > 20
    assert readable(anywhere, bucket, keys) == published - {"other/latest.json"}


def readable(url: str, bucket: str, keys: list[str]) -> set[str]:
    """Which of them a stranger may read."""
    found = set()

    def read(key: str) -> None:
        answer = requests.get(f"{url}/{bucket}/{key}", timeout=10)
        assert answer.status_code in (200, 403)
        if answer.status_code == 200:
            found.add(key)

    in_parallel(read, keys)
    return found


def test_the_public_address_is_shown_and_works(anywhere: str, bucket: str, set_up: SetUp) -> None:
    said = set_up("--public", "--yes")
    S3Store.connect(bucket, "covid").write(Upload("index.html", b"<h1>news</h1>"))
    [address] = [line.removeprefix("the page: ") for line in said.splitlines() if "page:" in line]
    assert requests.get(address, timeout=10).content == b"<h1>news</h1>"


def test_an_account_that_blocks_public_access_is_named(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    set_up("--yes")
    aws.blocked_account = True
    said = set_up("--public", "--yes", status=1)
    assert "(or the account as a whole blocks public access)" in said


# ---- website


def test_a_website_is_served_where_there_are_websites(
    aws: AwsLike, bucket: str, set_up: SetUp
) -> None:
    said = set_up("--public", "--website", "--yes")
    assert f"the website, on AWS: http://{bucket}.s3-website-us-east-1.amazonaws.com/covid/" in said
    index = boto3.client("s3").get_bucket_website(Bucket=bucket)["IndexDocument"]
    assert index == {"Suffix": "index.html"}


def test_a_website_is_never_asked_of_a_server_that_would_make_a_bucket_of_it(
    real_s3: str, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, real_s3)
    said = set_up("--public", "--website", "--yes", status=1)
    assert "this server does not support websites; leave out --website" in said
    buckets = [found["Name"] for found in boto3.client("s3").list_buckets()["Buckets"]]
    assert bucket not in buckets


def test_programs_read_what_was_changed(
    aws: AwsLike, bucket: str, capfd: Any, as_before: None
) -> None:
    assert main.main(["setup", "--public", "--yes", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["changes"][0]["call"] == "create_bucket"
    assert {change["made"] for change in answer["changes"]} == {True}
    assert answer["page"] == f"{aws.url}/{bucket}/covid/index.html"
    assert (answer["website"], answer["notes"]) == (None, [])


def test_a_private_website_is_wrong_usage(bucket: str, set_up: SetUp) -> None:
    assert "--website needs --public" in set_up("--website", status=2)


def test_without_a_page_the_address_of_the_manifest_is_shown(
    aws: AwsLike, bucket: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUTS", "none")
    said = set_up("--public", "--yes")
    assert f"{aws.url}/{bucket}/covid/manifest.json" in said
    assert "index.html" not in said
    assert "OUTPUTS: has no page" in set_up("--public", "--website", "--yes", status=2)
