"""What a person reads when S3 refuses, fails or can't be reached."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from botocore import exceptions as boto
from botocore.config import Config

from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.s3.errors import explain
from etl.store.s3.store import S3Store
from etl.store.s3.upload import upload_to_s3
from tests.support.s3_server import (
    ACCESS_KEY,
    SECRET_KEY,
    Answer,
    answering,
    s3_error,
    use,
)
from tests.support.scripted_s3 import Connect, Scripted, refused

ARN = r"arn:aws:s3:::bucket/covid/latest\.json"


@pytest.mark.parametrize(
    ("status", "code", "fields", "expected"),
    [
        (
            404,
            "NoSuchBucket",
            "",
            "bucket 'bucket' does not exist; create it with: python app.py setup, or set S3_B",
        ),
        (400, "InvalidBucketName", "", r"bucket name 'bucket' is not valid; set S3_BUCKET"),
        (403, "AccessDenied", "", rf"access denied: allow s3:PutObject on {ARN}$"),
        (403, "AllAccessDisabled", "", "the account, or its billing, is not in order"),
        (403, "Forbidden", "", rf"access denied: allow s3:PutObject on {ARN}$"),
        (403, "Odd", "", rf"allow s3:PutObject on {ARN} \(AWS says Odd: it says so\)$"),
        (403, "InvalidAccessKeyId", "<AWSAccessKeyId>AK</AWSAccessKeyId>", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", f"<Hint>{SECRET_KEY}</Hint>", "AWS_SECRET_ACCESS_KEY$"),
        (400, "ExpiredToken", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (400, "ExpiredTokenException", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (400, "InvalidToken", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (
            403,
            "RequestTimeTooSkewed",
            "",
            "clock is wrong, so the server refuses it; set the clock",
        ),
        (301, "PermanentRedirect", "", "lives in another region; set AWS_DEFAULT_REGION"),
        (
            301,
            "PermanentRedirect",
            "<Endpoint>bucket.s3.eu-south-2.amazonaws.com</Endpoint>",
            "lives in region eu-south-2; set AWS_DEFAULT_REGION",
        ),
        (
            400,
            "AuthorizationHeaderMalformed",
            "<Region>eu-west-3</Region>",
            "lives in region eu-west-3; set AWS_DEFAULT_REGION",
        ),
        (400, "IllegalLocationConstraintException", "", "lives in another region; set AWS_"),
        (503, "SlowDown", "", r"busy or failing \(SlowDown\); it passes: try again"),
        (503, "ServiceUnavailable", "", r"busy or failing \(ServiceUnavailable\)"),
        (500, "InternalError", "", r"busy or failing \(InternalError\)"),
        (502, "BadGateway", "", r"busy or failing \(BadGateway\)"),
        (
            400,
            "AccessControlListNotSupported",
            "",
            "takes no ACLs, as is usual; make the whole folder public",
        ),
        (501, "NotImplemented", "", r"does not know PutObject \(NotImplemented\); see docs"),
        (403, "QuotaExceeded", "", r"takes no more for s3://bucket/covid/latest\.json .*quota"),
        (400, "EntityTooLarge", "", r"takes no more for s3://bucket/covid/latest\.json"),
        (507, "InsufficientStorage", "", "takes no more"),
        (400, "Teapot", "", r"^s3://bucket/covid/latest\.json: Teapot: it says so$"),
    ],
)
def test_an_answer_of_s3_is_put_for_people(
    scripted: Scripted, status: int, code: str, fields: str, expected: str
) -> None:
    error, bare = s3_error(status, code, fields), s3_error(403, "Forbidden")
    # A HEAD is botocore's own search for the bucket's region.
    scripted.reply = lambda answer: (bare if answer.command == "HEAD" else error)(answer)
    with pytest.raises(StoreError, match=expected) as caught:
        scripted.store.write(Upload("latest.json", b"{}"))
    assert not isinstance(caught.value, StateConflict)
    assert isinstance(caught.value.__cause__, boto.ClientError)
    for secret in (SECRET_KEY, "<AWSAccessKeyId>"):
        assert secret not in str(caught.value)


def test_a_header_may_name_the_region_too(scripted: Scripted) -> None:
    scripted.reply = s3_error(301, "PermanentRedirect", x_amz_bucket_region="ap-south-1")
    assert "lives in region ap-south-1" in refused(scripted.store)


def test_a_server_that_redirects_everything_is_no_endless_loop(scripted: Scripted) -> None:
    scripted.reply = lambda answer: answer.reply(301, Location="https://elsewhere")
    assert "redirects for ever, or to no region; check AWS_END" in refused(scripted.store)


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")],
)
def test_a_lost_condition_is_a_conflict(scripted: Scripted, status: int, code: str) -> None:
    scripted.reply = s3_error(status, code)
    store = scripted.store
    with pytest.raises(StateConflict, match=r"latest\.json was written by somebody else"):
        upload_to_s3(store.client, store.bucket, "latest.json", Upload("a", b""), if_match='"old"')


def test_a_reader_without_permission_hears_of_both_that_it_needs(scripted: Scripted) -> None:
    both = rf"allow s3:GetObject on {ARN}, and s3:ListBucket on arn:aws:s3:::bucket: a missing"
    scripted.reply, store = s3_error(403, "AccessDenied"), scripted.store
    with pytest.raises(StoreError, match=both):
        store.read("latest.json")
    with pytest.raises(StoreError, match=both + ".* credentials or the clock are wrong"):
        store.head("latest.json")
    with pytest.raises(StoreError, match=r"allow s3:ListBucket on arn:aws:s3:::bucket \(or the"):
        list(store.list())
    with pytest.raises(StoreError, match=rf"allow s3:DeleteObject on {ARN}$"):
        store.delete("latest.json")
    with pytest.raises(StoreError, match=rf"allow s3:PutObject on {ARN} and s3:GetObject on"):
        store.copy("runs/1/latest.json", "latest.json", cache_control="", sha256="0")


def test_a_head_that_is_refused_without_a_word_says_what_it_may_be(scripted: Scripted) -> None:
    scripted.reply = s3_error(400, "ExpiredToken")
    with pytest.raises(StoreError, match="renew the session, or check AWS_DEFAULT_REGION"):
        scripted.store.head("latest.json")


def test_a_missing_bucket_is_no_missing_object(moto: str, connect: Connect) -> None:
    store = connect(moto)
    for attempt in (
        lambda: store.read("a"),
        lambda: list(store.list()),
        lambda: store.write(Upload("a", b"1")),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StoreError, match=r"bucket 'bucket' does not exist; create it"):
            attempt()


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
    with pytest.raises(StoreError, match=r"latest\.json: the answer broke off in the middle"):
        scripted.store.read("latest.json")
    with pytest.raises(StoreError, match=r"latest\.json: the answer broke off in the middle"):
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
        ("AWS_DEFAULT_REGION", "no region", "'no region' is no AWS region; set AWS_DEFAULT_REG"),
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
            "https://s3 shows a certificate",
        ),
        (boto.ConnectTimeoutError(endpoint_url="https://s3:9"), "https://s3:9 can't be reached"),
        (boto.ProxyConnectionError(proxy_url="http://p"), "the proxy can't be reached"),
        (boto.HTTPClientError(error=ValueError(SECRET_KEY)), "credentials contain a line break"),
        (boto.HTTPClientError(error=RecursionError()), "redirects for ever.*AWS_ENDPOINT_URL_S3"),
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
