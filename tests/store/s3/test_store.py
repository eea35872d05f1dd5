"""What a folder in an S3 bucket does besides the contract."""

import pytest

from etl.store import Upload
from etl.store.parallel import upload_all
from etl.store.s3.store import S3Store
from tests.support.stores import keys


def test_s3_keeps_to_its_folder(s3: S3Store) -> None:
    beside = S3Store(s3.client, s3.bucket, f"/{s3.folder}-other/")
    whole = S3Store(s3.client, s3.bucket)
    s3.write(Upload("a", b"1"))
    beside.write(Upload("b", b"2"))
    s3.client.put_object(Bucket=s3.bucket, Key=f"{s3.folder}/")  # the console's "new folder"
    assert (keys(s3), keys(beside)) == (["a"], ["b"])
    assert keys(whole, s3.folder) == [f"{s3.folder}-other/b", f"{s3.folder}/a"]
    assert whole.address == f"s3://{s3.bucket}"
    assert s3.address == f"s3://{s3.bucket}/{s3.folder}"
    assert beside.address == f"s3://{s3.bucket}/{s3.folder}-other"


@pytest.mark.parametrize("known", [True, False])
def test_a_copy_on_s3_keeps_content_type_and_digest_and_has_its_own_cache_control(
    s3: S3Store, known: bool
) -> None:
    upload = Upload("runs/1/latest.csv", b"a,b\n", cache_control="max-age=31536000, immutable")
    s3.write(upload)
    digest = upload.sha256 if known else None
    s3.copy("runs/1/latest.csv", "latest.csv", cache_control="no-cache", sha256=digest)
    found = s3.client.head_object(Bucket=s3.bucket, Key=f"{s3.folder}/latest.csv")
    assert found["ContentType"] == "text/csv; charset=utf-8"
    assert found["CacheControl"] == "no-cache"
    assert found["Metadata"] == {"sha256": upload.sha256}


def test_an_object_that_somebody_else_put_there_can_be_copied(s3: S3Store) -> None:
    s3.client.put_object(Bucket=s3.bucket, Key=f"{s3.folder}/a.json", Body=b"1")
    s3.copy("a.json", "b.json", cache_control="no-cache")
    assert keys(s3) == ["a.json", "b.json"]
    head = s3.head("b.json")
    assert head is not None
    assert head.sha256 is None


def test_a_listing_that_needs_no_order_begins_with_the_first_page(s3: S3Store) -> None:
    upload_all(s3, [Upload(f"{number:04}", b"") for number in range(1001)])
    sent: list[str] = []
    s3.client.meta.events.register_first(
        "before-send.s3.ListObjectsV2", lambda request, **_: sent.append(request.url)
    )
    listing = s3.list(in_order=False)
    next(listing)
    assert len(sent) == 1
    assert (len(list(listing)), len(sent)) == (1000, 2)
