"""Uploads over the wire, byte for byte, and answers that are lost on the way."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from etl import PROJECT
from etl.errors import StateConflict
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from etl.store.s3.upload import SMALL_BYTES, upload_to_s3
from tests.support.s3_server import (
    Answer,
    answering,
    s3_error,
    use,
)
from tests.support.scripted_s3 import Connect, Scripted, refused

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


@pytest.mark.parametrize("length", [0, 1, SMALL_BYTES])
def test_a_small_object_is_sent_without_asking_for_consent(
    connect: Connect, tmp_path: Path, length: int
) -> None:
    seen: list[tuple[str | None, int]] = []

    def reply(answer: Answer) -> None:
        seen.append((answer.headers.get("Expect"), int(answer.headers["Content-Length"])))
        answer.reply(200, ETag='"new"')

    path = tmp_path / "a.json"
    path.write_bytes(b"x" * length)
    with answering(reply) as endpoint:
        send = partial(upload_to_s3, connect(endpoint).client, "bucket", "a")
        for body in (path, path.read_bytes()):
            send(Upload("a", body))
        path.write_bytes(b"x" * (SMALL_BYTES + 1))
        send(Upload("a", path))
    assert seen[:2] == [(None, length)] * 2
    assert seen[2][0] == "100-continue"  # a large one is streamed, and not before the server agrees


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


# ---- a lost answer


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
        assert "the service is busy or failing (InternalError)" in refused(patient(endpoint))
    assert len(tries) == 3
