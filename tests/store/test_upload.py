"""Uploads over the wire: what S3 gets to see, and what a person gets to read when it fails."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Lock, get_ident

import pytest
from botocore import exceptions as boto
from botocore.config import Config

from etl import PROJECT
from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.parallel import in_parallel, upload_all
from etl.store.s3.client import CONFIG
from etl.store.s3.errors import explain
from etl.store.s3.store import S3Store
from etl.store.s3.upload import upload_to_s3
from tests.support.s3_server import (
    ACCESS_KEY,
    SECRET_KEY,
    Answer,
    answering,
    s3_error,
    s3_server,
    use,
)

ARN = r"arn:aws:s3:::bucket/covid/latest\.json"
ONE_TRY = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
Connect = Callable[[str | None], S3Store]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Make a store the way the worker does, but without second tries."""
    monkeypatch.setattr("etl.store.s3.store.CONFIG", ONE_TRY)
    stores = []

    def make(endpoint: str | None) -> S3Store:
        use(monkeypatch, endpoint)
        stores.append(S3Store.connect("bucket", "covid"))
        return stores[-1]

    yield make
    for store in stores:
        store.client.close()


@dataclass
class Scripted:
    """A store whose server answers as the test says; making a client for each would take longer."""

    store: S3Store
    reply: Callable[[Answer], None]


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    with (
        pytest.MonkeyPatch.context() as patch,
        answering(lambda answer: made.reply(answer)) as endpoint,
    ):
        use(patch, endpoint)
        with patch.context() as briefly:
            briefly.setattr("etl.store.s3.store.CONFIG", ONE_TRY)
            store = S3Store.connect("bucket", "covid")
        made = Scripted(store, s3_error(500, "InternalError"))
        yield made
        made.store.client.close()


def refused(store: S3Store) -> str:
    """Try to write, and return what a person would read."""
    with pytest.raises(StoreError) as caught:
        store.write(Upload("latest.json", b"{}"))
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET_KEY not in message
    return message


# ---- what goes over the wire


def test_an_object_arrives_with_its_type_caching_and_digest(moto: str, connect: Connect) -> None:
    client = connect(moto).client
    client.create_bucket(Bucket="wire")
    upload = Upload("countries/ESP.json", b'{"name": "Spain"}', cache_control="max-age=60")
    etag = upload_to_s3(client, "wire", "covid/countries/ESP.json", upload)
    found = client.head_object(Bucket="wire", Key="covid/countries/ESP.json")
    assert found["ETag"] == etag
    assert found["ContentLength"] == 17
    assert found["ContentType"] == "application/json; charset=utf-8"
    assert found["CacheControl"] == "max-age=60"
    assert found["Metadata"] == {"sha256": upload.sha256}
    owner = client.get_object_acl(Bucket="wire", Key="covid/countries/ESP.json")["Grants"]
    assert [grant["Permission"] for grant in owner] == ["FULL_CONTROL"]


def test_conditions_and_acls_are_sent_only_when_asked_for(connect: Connect) -> None:
    seen: list[dict[str, str]] = []

    def reply(answer: Answer) -> None:
        seen.append({name.lower(): value for name, value in answer.headers.items()})
        answer.reply(200, ETag='"new"')

    with answering(reply) as endpoint:
        send = partial(upload_to_s3, connect(endpoint).client, "bucket", "a", Upload("a", b"{}"))
        assert send() == '"new"'
        send(if_match='"old"')
        send(if_none_match=True)
    conditions = [(headers.get("if-match"), headers.get("if-none-match")) for headers in seen]
    assert conditions == [(None, None), ('"old"', None), (None, "*")]
    assert not any("x-amz-acl" in headers for headers in seen)


def test_a_file_arrives_as_bytes_do(moto: str, connect: Connect, tmp_path: Path) -> None:
    client = connect(moto).client
    client.create_bucket(Bucket="files")
    path = tmp_path / "raw.gz"
    path.write_bytes(b"x" * 100_000)
    etags = {
        upload_to_s3(client, "files", "raw.gz", Upload("raw.gz", body))
        for body in (path, path.read_bytes())
    }
    assert len(etags) == 1
    found = client.head_object(Bucket="files", Key="raw.gz")
    assert (found["ContentLength"], found["ContentType"]) == (100_000, "application/gzip")


@pytest.mark.parametrize("kind", ["directory", "s3"])
def test_a_file_is_never_whole_in_memory(scripted: Scripted, kind: str, tmp_path: Path) -> None:
    size = 64_000_000
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        file.truncate(size)

    def reply(answer: Answer) -> None:
        if answer.command == "PUT":
            return answer.reply(200, ETag='"1"')
        answer.reply(200, Content_Length=str(size), ETag='"1"')
        for _ in range(size // 1_000_000):
            answer.wfile.write(bytes(1_000_000))

    scripted.reply = reply
    store = DirectoryStore(tmp_path / "store") if kind == "directory" else scripted.store
    tracemalloc.start()
    try:
        store.write(Upload("raw.gz", source))
        assert store.download("raw.gz", target)
        assert tracemalloc.get_traced_memory()[1] < size / 8
    finally:
        tracemalloc.stop()
    assert target.stat().st_size == size


def test_load_is_imported_without_boto3() -> None:
    code = "import sys, etl.store.s3.upload as _; sys.exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


# ---- a lost answer


def storing(meanwhile: bytes | None = None) -> Callable[[Answer], None]:
    """A server whose first answer is lost after it has stored the object.

    `meanwhile` is what somebody else has put in its place since.
    """
    stored: dict[str, str] = {}

    def reply(answer: Answer) -> None:
        if answer.command == "HEAD":
            answer.reply(200, ETag='"ours"', **stored)
        elif stored:
            s3_error(412, "PreconditionFailed")(answer)
        else:
            digest = answer.headers["x-amz-meta-sha256"]
            stored["x_amz_meta_sha256"] = digest if meanwhile is None else "another"
            s3_error(500, "InternalError")(answer)

    return reply


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], S3Store]:
    """Make a store exactly the way the worker does."""

    def make(endpoint: str) -> S3Store:
        use(monkeypatch, endpoint)
        return S3Store.connect("bucket", "covid")

    return make


def test_a_second_try_that_meets_our_own_first_one_is_a_success(
    patient: Callable[[str], S3Store],
) -> None:
    with answering(storing()) as endpoint:
        client = patient(endpoint).client
        upload = Upload("a", b"1")
        assert upload_to_s3(client, "bucket", "a", upload, if_none_match=True) == '"ours"'


def test_a_second_try_that_meets_somebody_elses_write_is_a_conflict(
    patient: Callable[[str], S3Store],
) -> None:
    with answering(storing(meanwhile=b"2")) as endpoint:
        client = patient(endpoint).client
        with pytest.raises(StateConflict):
            upload_to_s3(client, "bucket", "a", Upload("a", b"1"), if_none_match=True)


def test_a_first_try_that_meets_the_same_bytes_is_a_conflict(
    moto: str, patient: Callable[[str], S3Store]
) -> None:
    store = patient(moto)
    store.client.create_bucket(Bucket="bucket")
    store.write(Upload("same", b"1"), if_none_match=True)
    with pytest.raises(StateConflict):
        store.write(Upload("same", b"1"), if_none_match=True)
    store.delete("same")
    store.client.delete_bucket(Bucket="bucket")


def test_the_worker_tries_three_times_and_no_more(patient: Callable[[str], S3Store]) -> None:
    tries = []

    def reply(answer: Answer) -> None:
        tries.append(answer.path)
        s3_error(500, "InternalError")(answer)

    with answering(reply) as endpoint:
        assert "the server is busy or failing (InternalError)" in refused(patient(endpoint))
    assert len(tries) == 3


# ---- what a person reads


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
        (403, "AllAccessDisabled", "", rf"access denied: allow s3:PutObject on {ARN}$"),
        (403, "InvalidAccessKeyId", "<AWSAccessKeyId>AK</AWSAccessKeyId>", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", f"<Hint>{SECRET_KEY}</Hint>", "AWS_SECRET_ACCESS_KEY$"),
        (400, "ExpiredToken", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (400, "ExpiredTokenException", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (400, "InvalidToken", "", "session has expired; renew AWS_SESSION_TOKEN"),
        (403, "RequestTimeTooSkewed", "", "clock is wrong, so S3 refuses it; set the clock"),
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
        (501, "NotImplemented", "", r"can't do this \(NotImplemented\); use one with"),
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
    assert "sends on and on elsewhere; check AWS_ENDPOINT_URL_S3" in refused(scripted.store)


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")],
)
def test_a_lost_condition_is_a_conflict(scripted: Scripted, status: int, code: str) -> None:
    scripted.reply = s3_error(status, code)
    with pytest.raises(StateConflict, match=r"latest\.json was written by somebody else"):
        scripted.store.write(Upload("latest.json", b"{}"), if_match='"old"')


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


def test_a_server_that_does_not_answer_is_named(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()
    impatient = Config(read_timeout=0.1, retries={"total_max_attempts": 1})
    monkeypatch.setattr("etl.store.s3.store.CONFIG", impatient)

    def wait(answer: Answer) -> None:
        ended.wait(10)

    with answering(wait) as endpoint:
        assert f"{endpoint} did not answer in time" in refused(connect(endpoint))
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
        (boto.HTTPClientError(error=ValueError(SECRET_KEY)), "check the network"),
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


# ---- many at a time


def test_uploads_run_side_by_side_sixteen_at_most() -> None:
    full, lock = Barrier(16), Lock()

    class Counting(MemoryStore):
        running = most = 0

        def write(
            self, upload: Upload, *, if_match: str | None = None, if_none_match: bool = False
        ) -> str:
            with lock:
                self.running += 1
                self.most = max(self.most, self.running)
            full.wait(timeout=10)  # falls only when sixteen are inside
            with lock:
                self.running -= 1
            return super().write(upload)

    store = Counting()
    upload_all(store, [Upload(f"{number}", b"1") for number in range(48)])
    assert store.most == 16
    assert len(list(store.list())) == 48


def test_progress_hears_of_every_upload_in_the_callers_thread() -> None:
    heard: list[tuple[str, int]] = []
    uploads = [Upload(f"{number}", b"1") for number in range(20)]
    upload_all(
        MemoryStore(), uploads, progress=lambda upload: heard.append((upload.key, get_ident()))
    )
    assert sorted(heard) == sorted((upload.key, get_ident()) for upload in uploads)


def test_nothing_to_upload_is_nothing_done() -> None:
    upload_all(MemoryStore(), [])


def test_the_first_error_is_raised_when_the_running_ones_have_ended() -> None:
    started: list[int] = []
    ended: list[int] = []
    failed = Event()

    def work(number: int) -> None:
        started.append(number)
        if number == 1:
            failed.set()
            raise StoreError("the second one failed")
        failed.wait(10)
        ended.append(number)

    with pytest.raises(StoreError, match="the second one failed"):
        in_parallel(work, range(20_000), at_a_time=2)
    assert len(started) < 20_000
    assert sorted(ended) == sorted(number for number in started if number != 1)


def test_an_error_in_progress_stops_the_rest_too() -> None:
    started: list[int] = []
    told = Event()

    def work(number: int) -> None:
        started.append(number)
        if number:
            told.wait(10)

    def interrupted(number: int) -> None:
        told.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(20_000), at_a_time=2, progress=interrupted)
    assert len(started) < 20_000
