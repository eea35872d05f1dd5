"""What a person reads when S3 gives no whole answer, or boto3's settings can't be used."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from botocore import exceptions as boto
from botocore.config import Config

from etl.errors import StoreError
from etl.store import Upload
from etl.store.s3.errors import explain
from etl.store.s3.store import S3Store
from tests.support.s3_server import (
    ACCESS_KEY,
    SECRET_KEY,
    Answer,
    answering,
    s3_error,
    use,
)
from tests.support.scripted_s3 import Connect, Scripted, refused
from tests.support.web_server import web_server


@pytest.mark.parametrize(
    "reply",
    [
        lambda answer: answer.reply(200, "half", Content_Length="9", Connection="close"),
        lambda answer: answer.reply(200, "4\r\nha", Transfer_Encoding="chunked"),
    ],
)
def test_a_body_that_breaks_off_is_no_shorter_body(
    scripted: Scripted, reply: Callable[[Answer], None], tmp_path: Path
) -> None:
    def cut(answer: Answer) -> None:
        answer.close_connection = True
        reply(answer)

    scripted.reply = cut
    with pytest.raises(StoreError, match=r"latest\.json: the answer was cut off in the middle"):
        scripted.store.read("latest.json")
    with pytest.raises(StoreError, match=r"latest\.json: the answer was cut off in the middle"):
        scripted.store.download("latest.json", tmp_path / "latest.json")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_named(connect: Connect) -> None:
    ended = Event()
    impatient = Config(read_timeout=0.1, retries={"total_max_attempts": 1})

    def wait(answer: Answer) -> None:
        ended.wait(10)

    with answering(wait) as endpoint:
        assert f"{endpoint} did not answer in time" in refused(connect(endpoint, impatient))
        ended.set()


def test_a_server_that_hangs_up_is_named(connect: Connect) -> None:
    def hang_up(answer: Answer) -> None:
        answer.close_connection = True

    with answering(hang_up) as endpoint:
        assert f"{endpoint} closed the connection" in refused(connect(endpoint))


def test_a_certificate_that_nobody_trusts_and_a_server_without_tls_are_named(
    connect: Connect,
) -> None:
    with web_server(tls=True) as untrusted:
        message = refused(connect(untrusted.url))
    assert f"{untrusted.url} shows a certificate that is not trusted; see AWS_CA" in message
    with answering(s3_error(500, "InternalError")) as endpoint:
        message = refused(connect(endpoint.replace("http:", "https:")))
    assert "no TLS connection to https://127.0.0.1" in message
    assert "check AWS_ENDPOINT_URL_S3: is it http instead of https?" in message


def test_a_proxy_that_wants_a_password_is_named(connect: Connect) -> None:
    with answering(lambda answer: answer.reply(407)) as endpoint:
        message = refused(connect(endpoint))
    assert message == (
        "the proxy wants a user and a password; check HTTPS_PROXY, or HTTP_PROXY for an endpoint "
        "without TLS"
    )


def test_an_endpoint_out_of_reach_is_named_without_its_password(connect: Connect) -> None:
    with answering(s3_error(500, "InternalError")) as endpoint:
        port = endpoint.rpartition(":")[2]  # nobody listens there any more afterwards
    message = refused(connect(f"http://user:{SECRET_KEY}@127.0.0.1:{port}"))
    assert f"http://127.0.0.1:{port} can't be reached; check the network" in message
    assert "AWS_ENDPOINT_URL_S3" in message


def test_without_credentials_both_ways_to_give_them_are_named(connect: Connect) -> None:
    message = refused(connect(None))
    assert message == (
        "no AWS credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY, "AWS credentials are incomplete; set both AWS_ACCESS"),
        ("AWS_PROFILE", "nobody", "AWS profile 'nobody' is not configured; check AWS_PROFILE"),
        (
            "AWS_DEFAULT_REGION",
            "no region",
            "'no region' is not an AWS region; correct AWS_DEFAULT_REG",
        ),
        ("AWS_ENDPOINT_URL_S3", "localhost:9000", "Invalid endpoint.*check AWS_ENDPOINT_URL_S3"),
        ("AWS_ENDPOINT_URL_S3", f"//me:{SECRET_KEY}@host", "`//host` was not a valid URI; check"),
    ],
)
def test_a_wrong_setting_of_aws_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    use(monkeypatch, None)
    monkeypatch.setenv(variable, value)
    with pytest.raises(StoreError, match=expected) as caught:
        S3Store.connect("bucket", "covid").write(Upload("latest.json", b"{}"))
    assert SECRET_KEY not in str(caught.value)


def test_a_configuration_file_that_is_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, None)
    (tmp_path / "config").write_text("[broken")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(StoreError, match=r"configuration file .*config can't be read"):
        S3Store.connect("bucket", "covid")


@pytest.mark.parametrize("bucket", ["", "Not a bucket", "a/b"])
def test_a_bucket_name_that_can_not_be_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"can't be used: .*; check S3_BUCKET and S3_FOLDER"):
        S3Store.connect(bucket, "covid").write(Upload("a", b"1"))


# What botocore raises far away from a bucket, and no server here can bring about.
@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        (boto.NoRegionError(), "no AWS region is set; set AWS_DEFAULT_REGION"),
        (boto.UnauthorizedSSOTokenError(), r"sign in again \(aws sso login\)"),
        (boto.LoginRefreshRequired(), r"sign in again \(aws sso login\)"),
        (boto.TokenRetrievalError(provider="sso", error_msg=SECRET_KEY), "sign in again"),
        (boto.CredentialRetrievalError(provider="x", error_msg=SECRET_KEY), "sign in again"),
        (
            boto.SSLError(endpoint_url="https://s3", error=OSError()),
            "no TLS connection to https://s3; check AWS_ENDPOINT_URL_S3",
        ),
        (boto.ConnectTimeoutError(endpoint_url="https://s3:9"), "https://s3:9 can't be reached"),
        (boto.ProxyConnectionError(proxy_url="http://p"), "the proxy can't be reached"),
        (boto.HTTPClientError(error=ValueError(SECRET_KEY)), "credentials contain a line break"),
        (boto.HTTPClientError(error=RecursionError()), "redirects endlessly.*AWS_ENDPOINT_URL_S3"),
        (boto.HTTPClientError(error=OSError(SECRET_KEY)), "check the network"),
        (boto.FlexibleChecksumError(error_msg="x"), "arrived damaged: its checksum differs"),
        (boto.PaginationError(message="x"), r"^s3://bucket: Error during pagination: x$"),
        (
            boto.ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"),
            r"AWS refused AssumeRole \(AccessDenied\), so there are no credentials",
        ),
    ],
)
def test_trouble_before_the_bucket_is_put_for_people(exc: Exception, expected: str) -> None:
    error = explain(exc, bucket="bucket", key=None, action="s3:ListBucket")
    with pytest.raises(StoreError, match=expected):
        raise error
    assert SECRET_KEY not in str(error)


def test_a_region_that_boto3_does_not_read_is_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return str(explain(boto.NoRegionError(), bucket="b", key=None, action="sns:Publish"))

    monkeypatch.delenv("AWS_REGION", raising=False)
    assert said() == "no AWS region is set; set AWS_DEFAULT_REGION, e.g. to eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert said().endswith("to eu-west-1; boto3 does not read AWS_REGION")
