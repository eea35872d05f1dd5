"""What S3 servers other than Amazon's answer, and what people are to do then."""

import pytest

from etl.errors import ConfigError, StateConflict, StoreError
from etl.store import Upload
from etl.store.s3.server import server_kind
from etl.store.s3.store import S3Store
from tests.support.s3_server import s3_error, use
from tests.support.scripted_s3 import Scripted


@pytest.mark.parametrize("status", [409, 412])
def test_on_a_read_the_status_of_a_conflict_is_none(scripted: Scripted, status: int) -> None:
    scripted.reply = s3_error(status, "Conflict")
    store = scripted.store
    for attempt in (
        lambda: store.read("latest.json"),
        lambda: store.head("latest.json"),
        lambda: list(store.list()),
        lambda: store.delete("latest.json"),
        lambda: store.copy("a", "latest.json", cache_control="", sha256="0"),
    ):
        with pytest.raises(StoreError) as raised:
            attempt()
        assert not isinstance(raised.value, StateConflict)
        assert "somebody else" not in str(raised.value)


def test_a_bucket_name_is_taken_only_if_a_bucket_was_to_be_made(scripted: Scripted) -> None:
    scripted.reply = s3_error(409, "BucketAlreadyExists")
    with pytest.raises(StoreError, match="BucketAlreadyExists: it says so") as raised:
        scripted.store.write(Upload("latest.json", b"{}"))
    assert "taken" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "InvalidArgument", "Unsupported header 'x-amz-sdk-checksum-algorithm' received"),
        (501, "NotImplemented", "Transfer-Encoding aws-chunked is not supported"),
        (400, "XAmzContentSHA256Mismatch", "it differs"),
        (411, "MissingContentLength", "it is required"),
    ],
)
def test_a_server_that_refuses_the_checksums_is_met_with_a_setting(
    scripted: Scripted, status: int, code: str, text: str
) -> None:
    body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    scripted.reply = lambda answer: answer.reply(status, body)
    with pytest.raises(StoreError, match="AWS_REQUEST_CHECKSUM_CALCULATION=when_required"):
        scripted.store.write(Upload("latest.json", b"{}"))


def test_a_checksum_that_is_wrong_is_another_matter(scripted: Scripted) -> None:
    body = "<Error><Code>BadDigest</Code><Message>The CRC32 checksum differs</Message></Error>"
    scripted.reply = lambda answer: answer.reply(400, body)
    with pytest.raises(StoreError, match="BadDigest"):
        scripted.store.write(Upload("latest.json", b"{}"))


def test_an_answer_that_lacks_a_field_names_it(scripted: Scripted) -> None:
    scripted.reply = lambda answer: answer.reply(200, "")
    with pytest.raises(StoreError, match=r"latest\.json: the server's answer lacks 'ETag'"):
        scripted.store.read("latest.json")
    with pytest.raises(StoreError, match="the server's answer lacks 'ETag'"):
        scripted.store.write(Upload("latest.json", b"{}"))
    with pytest.raises(StoreError, match=r"the server's answer lacks '(LastModified|ETag)'"):
        scripted.store.head("latest.json")


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_ends_in_the_bucket_is_refused_before_anything_is_sent(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    for url in ("http://127.0.0.1:9/news", "http://127.0.0.1:9/s3/news/"):
        monkeypatch.setenv(variable, url)
        with pytest.raises(
            ConfigError, match=f"{variable}: it ends with the bucket's name, /news;"
        ):
            S3Store.connect("news")
    S3Store.connect("other").client.close()


@pytest.mark.parametrize(
    ("endpoint", "server", "request_id", "kind"),
    [
        ("https://s3.eu-west-1.amazonaws.com", "AmazonS3", "", "AWS"),
        ("https://0123.r2.cloudflarestorage.com", "cloudflare", "", "Cloudflare R2"),
        ("https://s3.eu-central-003.backblazeb2.com", "nginx", "", "Backblaze B2"),
        ("https://fra1.digitaloceanspaces.com", "", "", "Ceph (DigitalOcean)"),
        ("http://127.0.0.1:8333", "SeaweedFS 30GB 4.48", "", "SeaweedFS"),
        ("http://127.0.0.1:9000", "MinIO", "", "MinIO"),
        ("http://rgw", "", "tx000006b9a7e17a9302fe8-006b0b71b6-100d-default", "Ceph"),
        ("http://127.0.0.1:1", "nginx", "1", "unknown (nginx)"),
        ("http://127.0.0.1:1", "", "", "unknown"),
    ],
)
def test_a_server_is_known_by_its_address_or_its_headers(
    endpoint: str, server: str, request_id: str, kind: str
) -> None:
    assert server_kind(endpoint, server, request_id) == kind
