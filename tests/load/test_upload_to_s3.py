"""The function that the assignment names is found where it names it."""

from uuid import uuid4

import boto3
import pytest

from etl.errors import StateConflict
from etl.load import upload_to_s3
from etl.store import Upload
from tests.support.processes import modules_after
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
    held = modules_after("from etl.load import upload_to_s3")
    assert not {"boto3", "botocore", "pandas", "pyarrow"} & held
