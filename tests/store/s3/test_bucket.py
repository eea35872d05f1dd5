"""What is learnt of a bucket when the connection, and not the bucket, fails."""

from collections.abc import Callable
from threading import Event

import pytest
from botocore.config import Config

from etl.errors import StoreError
from etl.store.s3.bucket import greet, list_buckets
from tests.support.s3_server import Answer, answering, s3_error
from tests.support.scripted_s3 import ONE_TRY, Connect

ENDED = Event()


def close(answer: Answer) -> None:
    answer.close_connection = True


def hang(answer: Answer) -> None:
    ENDED.wait(2)


def garbage(answer: Answer) -> None:
    answer.close_connection = True
    answer.wfile.write(b"hello, this is not HTTP\r\n\r\n")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (close, "closed the connection"),
        (hang, "did not answer in time"),
        (garbage, "closed the connection"),
        (s3_error(301, "PermanentRedirect"), "redirects endlessly, or to no region"),
    ],
)
def test_a_connection_that_fails_is_the_buckets_fault_in_one_line(
    connect: Connect, reply: Callable[[Answer], None], expected: str
) -> None:
    ENDED.clear()
    with answering(reply) as endpoint:
        seen = greet(connect(endpoint, ONE_TRY.merge(Config(read_timeout=0.2))))
        ENDED.set()
    assert seen.exists
    assert expected in str(seen.error)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (close, "closed the connection.*check AWS_ENDPOINT_URL_S3"),
        (s3_error(301, "PermanentRedirect"), "redirects endlessly, or to no region"),
        (
            s3_error(301, "PermanentRedirect", x_amz_bucket_region="eu-west-1"),
            "^the server redirects endlessly, or to no region",
        ),
        (s3_error(404, "NoSuchKey"), "the list of buckets does not exist"),
        (s3_error(403, "AccessDenied"), "allow s3:ListAllMyBuckets on arn:aws:s3:::[*]"),
    ],
)
def test_buckets_that_cant_be_listed_are_an_error_in_one_line(
    connect: Connect, reply: Callable[[Answer], None], expected: str
) -> None:
    with answering(reply) as endpoint, pytest.raises(StoreError, match=expected):
        list(list_buckets(connect(endpoint, ONE_TRY).client))
