"""Whole runs on S3, over the wire: the worker's own command, and a reader that is not ours."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from etl import PROJECT
from etl.store.s3.store import S3Store
from tests.support.runs import assert_settled, growing, run
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, s3_server, use

APP = PROJECT / "app.py"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plain boto3, on an empty server that has the bucket `news`."""
    import requests

    requests.post(f"{server}/moto-api/reset", timeout=10).raise_for_status()
    use(monkeypatch, server)
    client = boto3.client("s3")
    client.create_bucket(Bucket="news")
    return client


def objects(client: Any, folder: str) -> dict[str, bytes]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="news", Prefix=folder)
    return {
        item["Key"].removeprefix(folder): client.get_object(Bucket="news", Key=item["Key"])[
            "Body"
        ].read()
        for page in pages
        for item in page.get("Contents", ())
    }


def command(
    tmp_path: Path, *arguments: str, **variables: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(APP), *arguments],
        env={**os.environ, "COUNTRIES_URL": "", **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_publishes_to_a_bucket_and_a_stranger_reads_it(
    client: Any, tmp_path: Path
) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    where = {"SOURCE_URL": str(source), "S3_BUCKET": "news", "S3_FOLDER": "data/covid"}
    first = command(tmp_path, "run", **where)
    assert (first.returncode, "run.published" in first.stderr) == (0, True), first.stderr
    manifest = assert_settled(objects(client, "data/covid/"))
    head = client.head_object(Bucket="news", Key="data/covid/latest.json")
    assert head["ContentType"] == "application/json; charset=utf-8"
    assert head["CacheControl"] == "no-cache"
    [digest] = [f["sha256"] for f in manifest["files"] if f["name"] == "latest.json"]
    assert head["Metadata"] == {"sha256": digest}

    before = objects(client, "data/covid/")
    second = command(tmp_path, "run", **where)
    assert "run.unchanged" in second.stderr
    after = objects(client, "data/covid/")
    assert {key for key in after if after[key] != before.get(key)} == {
        "history.json",
        "status.json",
    }


def test_an_unchanged_day_costs_few_requests(client: Any, tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    store = S3Store.connect("news", "covid")
    assert run(store, source).outcome == "published"
    sent: list[str] = []
    store.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    assert run(store, source).outcome == "unchanged"
    assert sent.count("PUT") == 2
    assert len(sent) <= 6


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"S3_BUCKET": "no-such-bucket"}, "create it with: python app.py setup, or set S3_BUCKET"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "no AWS credentials found; set AWS_ACCESS_KEY_ID",
        ),
        ({"AWS_PROFILE": "nobody"}, "is not configured; check AWS_PROFILE"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, "can't be reached; check the network"),
    ],
    ids=["no bucket", "no credentials", "no profile", "no server"],
)
def test_what_is_wrong_with_the_bucket_is_one_line_that_says_what_to_do(
    client: Any, tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    ran = command(tmp_path, "run", **{"SOURCE_URL": str(source), "S3_BUCKET": "news", **variables})
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert line.startswith("run.failed level=error kind=StoreError")
    assert message in line
    assert SECRET_KEY not in ran.stderr + ran.stdout
    assert ACCESS_KEY not in json.dumps(line.split("error=")[1])
