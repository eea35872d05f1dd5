"""`buckets`: the account's buckets, listed and deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from etl.store import Upload
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.runs import contents
from tests.support.s3_server import Answer, answering, use


def test_the_buckets_are_listed(s3_desk: Desk) -> None:
    assert isinstance(s3_desk.store, S3Store)
    name = s3_desk.store.bucket
    rows = [line.split("\t") for line in s3_desk("buckets").out.splitlines()]
    assert name in [row[2] for row in rows]
    [found] = [b for b in s3_desk("buckets", "--json").json() if b["name"] == name]
    created = datetime.fromisoformat(found["created"])
    assert abs(created - datetime.now(UTC)) < timedelta(minutes=10)
    assert "region" in found


def test_an_empty_bucket_is_deleted_once_its_name_was_typed(s3_desk: Desk) -> None:
    assert isinstance(s3_desk.store, S3Store)
    client, name = s3_desk.store.client, f"empty-{s3_desk.store.bucket}"
    client.create_bucket(Bucket=name)
    assert "there is no terminal to ask" in s3_desk("buckets", "--delete", name).err
    for answer in ("", "y", s3_desk.store.bucket):
        said = s3_desk("buckets", "--delete", name, answer=answer)
        assert (said.status, said.err) == (1, "cancelled; nothing was changed\n")
    names = [bucket["name"] for bucket in s3_desk("buckets", "--json").json()]
    assert name in names
    assert s3_desk("buckets", "--delete", name, answer=name).status == 0
    names = [bucket["name"] for bucket in s3_desk("buckets", "--json").json()]
    assert name not in names


def test_a_bucket_that_holds_something_is_left_alone(s3_desk: Desk) -> None:
    assert isinstance(s3_desk.store, S3Store)
    name = s3_desk.store.bucket
    for number in (1, 2):
        s3_desk.store.write(Upload(f"{number}.csv", b"1"))
        said = s3_desk("buckets", "--delete", name, "--yes")
        assert said.status == 1
        assert (
            f"bucket '{name}' holds {number} object{'s' if number > 1 else ''}; empty it"
            in said.err
        )
    assert len(contents(s3_desk.store)) == 2


def test_a_bucket_that_holds_old_versions_alone_is_left_alone(s3_desk: Desk) -> None:
    store = s3_desk.store
    assert isinstance(store, S3Store)
    store.client.put_bucket_versioning(
        Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    store.write(Upload("a.csv", b"1"))
    store.delete("a.csv")
    said = s3_desk("buckets", "--delete", store.bucket, "--yes")
    assert said.status == 1
    assert "holds old versions of removed objects; empty it first" in said.err


def test_a_bucket_that_does_not_exist_is_said(s3_desk: Desk) -> None:
    said = s3_desk("buckets", "--delete", "no-such-bucket", "--yes")
    assert said.status == 1
    assert "bucket 'no-such-bucket' does not exist" in said.err


def test_without_s3_bucket_the_buckets_are_listed_too(
    s3_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(s3_desk.store, S3Store)
    monkeypatch.delenv("S3_BUCKET")
    assert s3_desk.store.bucket in s3_desk("buckets").out


def fill(desk: Desk, versioned: bool, objects: int) -> S3Store:
    store = desk.store
    assert isinstance(store, S3Store)
    if versioned:
        store.client.put_bucket_versioning(
            Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    for number in range(objects):
        store.write(Upload(f"folder/{number}.csv", b"1"))
    store.client.put_object(Bucket=store.bucket, Key="elsewhere/\u00e9 +&.txt", Body=b"2")
    store.write(Upload("folder/0.csv", b"3"))
    store.delete("folder/1.csv")
    return store


@pytest.mark.parametrize("versioned", [True, False])
def test_a_bucket_is_emptied_of_all_versions_once_its_name_was_typed(
    s3_desk: Desk, versioned: bool
) -> None:
    store = fill(s3_desk, versioned, 3)
    count = 6 if versioned else 3  # 3 and 1 objects, the former one, the mark of the deletion
    name = store.bucket
    for answer in ("", "yes"):
        assert (
            s3_desk("buckets", "--empty", name, answer=answer).err
            == "cancelled; nothing was changed\n"
        )
    assert len(list(store.list())) == 2
    said = s3_desk("buckets", "--empty", name, answer=name)
    assert (said.status, said.err) == (0, "")
    assert (
        f"Permanently remove {count} objects, including former versions, from the bucket {name}"
        in said.out
    )
    assert said.out.endswith(f"{name}: {count} removed; it is now empty\n")
    left = store.client.list_object_versions(Bucket=name)
    assert not left.get("Versions", [])
    assert not left.get("DeleteMarkers", [])
    assert f"{name}: already empty" in s3_desk("buckets", "--empty", name).out
    assert s3_desk("buckets", "--delete", name, "--yes").status == 0


def test_more_versions_than_one_request_takes_are_all_removed(moto_desk: Desk) -> None:
    store = moto_desk.store
    assert isinstance(store, S3Store)
    store.client.put_bucket_versioning(
        Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    for _ in range(1_001):
        store.client.put_object(Bucket=store.bucket, Key="a", Body=b"")
    said = moto_desk("buckets", "--empty", store.bucket, "--yes")
    assert said.out == f"{store.bucket}: 1,001 removed; it is now empty\n"


def test_what_can_not_be_removed_ends_it_with_the_reason(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = "<Key>a</Key><VersionId>1</VersionId>"
    listed = f"<ListVersionsResult><Version>{held}</Version></ListVersionsResult>"
    refused = f"<Error>{held}<Code>AccessDenied</Code><Message>locked</Message></Error>"
    answers = iter((f"<DeleteResult>{refused}</DeleteResult>", "<DeleteResult/>"))

    def reply(answer: Answer) -> None:
        answer.reply(200, next(answers) if answer.command == "POST" else listed)

    with answering(reply) as url:
        use(monkeypatch, url)
        said = local_desk("buckets", "--empty", "news", "--yes")
        assert said.status == 1
        assert "allow s3:DeleteObjectVersion on arn:aws:s3:::news/a" in said.err
        said = local_desk("buckets", "--empty", "news", "--yes")
        assert "bucket 'news': a is still there after its removal" in said.err


def test_empty_and_delete_at_once_are_wrong_usage(local_desk: Desk) -> None:
    said = local_desk("buckets", "--empty", "a", "--delete", "a")
    assert said.status == 2
    assert "use --empty first, and then --delete" in said.err
