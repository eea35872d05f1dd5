"""The function that the assignment names is found where it names it."""

import subprocess
import sys
from uuid import uuid4

import boto3
import pytest

from etl import PROJECT
from etl.errors import StateConflict
from etl.load import upload_to_s3
from etl.store import Upload
from tests.support.s3_server import use


def test_it_puts_one_object_and_keeps_its_conditions(
    s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, s3_url)
    client, bucket = boto3.client("s3"), f"load-{uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    upload = Upload("latest.json", b"{}")
    etag = upload_to_s3(client, bucket, "covid/latest.json", upload, if_none_match=True)
    found = client.get_object(Bucket=bucket, Key="covid/latest.json")
    assert (found["Body"].read(), found["ETag"]) == (b"{}", etag)
    assert found["ContentType"].startswith("application/json")
    with pytest.raises(StateConflict):
        upload_to_s3(client, bucket, "covid/latest.json", upload, if_none_match=True)
    upload_to_s3(client, bucket, "covid/latest.json", Upload("latest.json", b"[]"), if_match=etag)
    with pytest.raises(StateConflict):
        upload_to_s3(client, bucket, "covid/latest.json", upload, if_match=etag)


def test_importing_it_brings_no_boto3() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from etl.load import upload_to_s3;"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-c", program, str(PROJECT)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not {"boto3", "botocore", "pandas", "pyarrow"} & set(child.stdout.split())
