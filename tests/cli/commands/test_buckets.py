"""`buckets`: the account's buckets, listed and deleted."""

from datetime import UTC, datetime, timedelta

from etl.store import Upload
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.runs import contents


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
    assert "no terminal to ask on" in s3_desk("buckets", "--delete", name).err
    for answer in ("", "y", s3_desk.store.bucket):
        said = s3_desk("buckets", "--delete", name, answer=answer)
        assert (said.status, said.err) == (1, "nothing was done\n")
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


def test_a_folder_of_this_machine_has_no_buckets(local_desk: Desk) -> None:
    said = local_desk("buckets")
    assert said.status == 2
    assert "S3_BUCKET: not set, so everything is kept in the folder out of this machine" in said.err
