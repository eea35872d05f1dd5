"""What a person reads when S3 refuses or fails."""

import pytest
from botocore import exceptions as boto

from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.s3.upload import upload_to_s3
from tests.support.s3_server import (
    SECRET_KEY,
    s3_error,
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
        (403, "AllAccessDisabled", "", "there is a problem with the account or its billing"),
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
        (301, "PermanentRedirect", "", "is in another region; set AWS_DEFAULT_REGION"),
        (
            301,
            "PermanentRedirect",
            "<Endpoint>bucket.s3.eu-south-2.amazonaws.com</Endpoint>",
            "is in region eu-south-2; set AWS_DEFAULT_REGION",
        ),
        (
            400,
            "AuthorizationHeaderMalformed",
            "<Region>eu-west-3</Region>",
            "is in region eu-west-3; set AWS_DEFAULT_REGION",
        ),
        (400, "IllegalLocationConstraintException", "", "is in another region; set AWS_"),
        (503, "SlowDown", "", r"busy or failing \(SlowDown\); try again"),
        (503, "ServiceUnavailable", "", r"busy or failing \(ServiceUnavailable\)"),
        (500, "InternalError", "", r"busy or failing \(InternalError\)"),
        (502, "BadGateway", "", r"busy or failing \(BadGateway\)"),
        (
            400,
            "AccessControlListNotSupported",
            "",
            "does not accept ACLs, which is the default; make the whole folder public",
        ),
        (501, "NotImplemented", "", r"does not support PutObject \(NotImplemented\); see docs"),
        (403, "QuotaExceeded", "", r"has no space left for s3://bucket/covid/latest\.json .*quota"),
        (400, "EntityTooLarge", "", r"has no space left for s3://bucket/covid/latest\.json"),
        (507, "InsufficientStorage", "", "has no space left"),
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
    assert "is in region ap-south-1" in refused(scripted.store)


def test_a_server_that_redirects_everything_is_no_endless_loop(scripted: Scripted) -> None:
    scripted.reply = lambda answer: answer.reply(301, Location="https://elsewhere")
    assert "redirects endlessly, or to no region; check AWS_END" in refused(scripted.store)


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")],
)
def test_a_lost_condition_is_a_conflict(scripted: Scripted, status: int, code: str) -> None:
    scripted.reply = s3_error(status, code)
    store = scripted.store
    with pytest.raises(StateConflict, match=r"latest\.json was changed by another process"):
        upload_to_s3(store.client, store.bucket, "latest.json", Upload("a", b""), if_match='"old"')


def test_a_reader_without_permission_hears_of_both_that_it_needs(scripted: Scripted) -> None:
    both = rf"allow s3:GetObject on {ARN}, and s3:ListBucket on arn:aws:s3:::bucket: without"
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
