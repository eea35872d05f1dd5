"""One contract, three stores: what is promised of one is tried on all."""

import hashlib
import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import StateConflict, StoreError
from etl.store import Store, Upload, content_type, valid_key
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.parallel import in_parallel, upload_all
from etl.store.s3.store import S3Store
from tests.support.s3_server import s3_server, use

UNICODE_KEY = "països/Côte d'Ivoire + 100% #1? 🦠.json"
BAD_KEYS = ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\\b", "a\nb", "a\x7f", "a\x85"]
BAD_KEYS += ["é" * 451, "a\ud800"]


@contextmanager
def new_bucket(url: str) -> Iterator[S3Store]:
    with pytest.MonkeyPatch.context() as patch:
        use(patch, url)
        store = S3Store.connect(f"contract-{uuid4().hex}")
        store.client.create_bucket(Bucket=store.bucket)
        yield store
        store.client.close()


@pytest.fixture(scope="module")
def moto_bucket() -> Iterator[S3Store]:
    with s3_server() as url, new_bucket(url) as store:
        yield store


@pytest.fixture(scope="module")
def real_bucket(real_s3: str) -> Iterator[S3Store]:
    with new_bucket(real_s3) as store:
        yield store


def new_folder(bucket: S3Store) -> S3Store:
    return S3Store(bucket.client, bucket.bucket, f"folder-{uuid4().hex}")


@pytest.fixture
def s3(moto_bucket: S3Store) -> S3Store:
    return new_folder(moto_bucket)


@pytest.fixture
def real(real_bucket: S3Store) -> S3Store:
    return new_folder(real_bucket)


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "published")


@pytest.fixture(params=["memory", "directory", "s3", "real"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    made: Store = request.getfixturevalue(request.param)
    return made


def keys(store: Store, prefix: str = "") -> list[str]:
    return [entry.key for entry in store.list(prefix)]


def body(store: Store, key: str) -> bytes:
    stored = store.read(key)
    assert stored is not None
    return stored.body


# ---- what every store does


def test_bytes_come_back_as_they_were_written(store: Store) -> None:
    etag = store.write(Upload("latest.json", b'{"cases": 1}'))
    stored = store.read("latest.json")
    assert stored is not None
    assert (stored.body, stored.etag) == (b'{"cases": 1}', etag)


def test_a_file_comes_back_as_it_was_written_the_empty_one_too(
    store: Store, tmp_path: Path
) -> None:
    for content in (b"", os.urandom(3_000_000)):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(content)
        store.write(Upload("raw/input.gz", source))
        assert store.download("raw/input.gz", target)
        assert target.read_bytes() == content
        assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_what_is_missing_is_none_and_no_error(store: Store, tmp_path: Path) -> None:
    assert store.read("latest.json") is None
    assert store.head("latest.json") is None
    assert not store.download("latest.json", tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert keys(store) == []


def test_a_key_below_an_object_and_a_folder_of_objects_are_missing_too(store: Store) -> None:
    store.write(Upload("countries/ESP.json", b"{}"))
    for key in ("countries", "countries/ESP.json/x"):
        assert store.read(key) is None
        assert store.head(key) is None
    assert keys(store, "countries/ESP.json/") == []


def test_head_tells_size_etag_digest_and_when(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    etag = store.write(Upload("latest.csv", b"a,b\n"))
    head = store.head("latest.csv")
    assert head is not None
    assert (head.key, head.size, head.etag) == ("latest.csv", 4, etag)
    assert head.sha256 == hashlib.sha256(b"a,b\n").hexdigest()
    assert head.content_type == "text/csv; charset=utf-8"
    assert head.cache_control in ("no-cache", None)  # None: a directory does not keep it
    assert head.modified.tzinfo is UTC
    assert before <= head.modified <= datetime.now(UTC) + timedelta(seconds=2)


def test_a_write_replaces_what_was_there_and_changes_the_etag(store: Store) -> None:
    first, second = store.write(Upload("a", b"1")), store.write(Upload("a", b"2"))
    assert first != second
    assert body(store, "a") == b"2"


def test_if_none_match_writes_the_first_time_alone(store: Store) -> None:
    store.write(Upload("manifest.json", b"1"), if_none_match=True)
    with pytest.raises(StateConflict, match=r"manifest\.json was written by somebody else"):
        store.write(Upload("manifest.json", b"2"), if_none_match=True)
    assert body(store, "manifest.json") == b"1"


def test_if_match_takes_the_etag_that_was_read_and_no_older_one(store: Store) -> None:
    stale = store.write(Upload("manifest.json", b"1"))
    fresh = store.write(Upload("manifest.json", b"2"), if_match=stale)
    with pytest.raises(StateConflict):
        store.write(Upload("manifest.json", b"3"), if_match=stale)
    store.write(Upload("manifest.json", b"4"), if_match=fresh)
    assert body(store, "manifest.json") == b"4"


def test_if_match_fails_where_the_object_is_gone(store: Store) -> None:
    etag = store.write(Upload("manifest.json", b"1"))
    store.delete("manifest.json")
    with pytest.raises(StateConflict):
        store.write(Upload("manifest.json", b"2"), if_match=etag)
    assert store.read("manifest.json") is None


def test_of_ten_racing_first_writers_exactly_one_wins(store: Store) -> None:
    start = Barrier(10)

    def race(number: int) -> bool:
        start.wait()
        try:
            store.write(Upload("manifest.json", f"{number}".encode()), if_none_match=True)
        except StateConflict:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(race, range(10)))
    assert won.count(True) == 1
    assert body(store, "manifest.json") == f"{won.index(True)}".encode()


def test_more_than_a_thousand_objects_are_listed_in_order(store: Store) -> None:
    names = [f"runs/{number:04}.json" for number in range(1001)]
    upload_all(store, [Upload(name, b"1") for name in reversed(names)])
    assert keys(store, "runs/") == names
    assert sorted(entry.key for entry in store.list("runs/", in_order=False)) == names


def test_a_list_keeps_to_its_prefix_and_sorts_by_bytes(store: Store) -> None:
    written = ["a.json", "a/b.json", "a0.json", "b/c/d.json", "b/e.json", "ba.json", "é.json"]
    for key in written:
        store.write(Upload(key, b"1"))
    assert keys(store) == written
    assert keys(store, "a") == ["a.json", "a/b.json", "a0.json"]
    assert keys(store, "b/") == ["b/c/d.json", "b/e.json"]
    assert keys(store, "b/c/d") == ["b/c/d.json"]
    assert keys(store, "nothing/") == []
    assert [head.size for head in store.list()] == [1] * 7


def test_a_key_may_be_written_in_any_language(store: Store) -> None:
    store.write(Upload(UNICODE_KEY, b"1"))
    store.copy(UNICODE_KEY, f"copies/{UNICODE_KEY}", cache_control="no-cache")
    assert body(store, UNICODE_KEY) == b"1"
    assert keys(store) == [f"copies/{UNICODE_KEY}", UNICODE_KEY]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_could_leave_the_folder_is_refused(
    store: Store, key: str, tmp_path: Path
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: store.read(key),
        lambda: store.download(key, tmp_path / "target"),
        lambda: store.write(Upload(key, b"1")),
        lambda: store.copy(key, "a", cache_control="no-cache"),
        lambda: store.copy("a", key, cache_control="no-cache"),
        lambda: store.head(key),
        lambda: store.delete(key),
    ]
    store.write(Upload("a", b"1"))
    for attempt in attempts:
        with pytest.raises(ValueError, match=r"key .*"):
            attempt()
    if key.removesuffix("/") not in ("", "a"):
        with pytest.raises(ValueError, match=r"key .*"):
            keys(store, key)


def test_a_copy_has_the_bytes_and_the_digest_of_its_source(store: Store) -> None:
    digest = hashlib.sha256(b"1").hexdigest()
    store.write(Upload("runs/1/latest.json", b"1"))
    store.write(Upload("latest.json", b"0"))
    for known in (None, digest):
        store.copy("runs/1/latest.json", "latest.json", cache_control="no-cache", sha256=known)
        head = store.head("latest.json")
        assert head is not None
        assert (head.key, head.size, head.sha256) == ("latest.json", 1, digest)
    assert body(store, "latest.json") == b"1"


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_what_is_missing_can_not_be_copied(store: Store, sha256: str | None) -> None:
    with pytest.raises(StoreError, match=r"runs/1/latest\.json does not exist"):
        store.copy("runs/1/latest.json", "latest.json", cache_control="no-cache", sha256=sha256)
    assert keys(store) == []


def test_deleting_twice_is_no_error(store: Store) -> None:
    store.write(Upload("countries/ESP.json", b"1"))
    for _ in range(2):
        store.delete("countries/ESP.json")
    assert keys(store) == []


def test_a_download_to_a_place_that_is_not_there_names_it(store: Store, tmp_path: Path) -> None:
    store.write(Upload("a", b"1"))
    with pytest.raises(StoreError, match=r"can't write .*nowhere/a: No such file or directory"):
        store.download("a", tmp_path / "nowhere" / "a")


def test_a_file_to_upload_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"can't read .*missing"):
        store.write(Upload("a", tmp_path / "missing"))


def test_conditions_are_kept(store: Store) -> None:
    assert store.keeps_conditions()


def test_only_a_server_signs(store: Store) -> None:
    store.write(Upload("latest.csv", b"a,b\n"))
    signer = store.signer()
    if not isinstance(store, S3Store):
        assert signer is None
        return
    assert signer
    link = signer.link("latest.csv", timedelta(minutes=1))
    assert requests.get(link.url, timeout=10).content == b"a,b\n"
    assert link.url not in repr(link)
    assert signer.address("latest.csv") == link.url.split("?")[0]
    with pytest.raises(ValueError, match="not relative"):
        signer.link("../latest.csv", timedelta(minutes=1))


def test_what_is_whole_is_not_unfinished_and_a_folder_that_holds_it_stays(store: Store) -> None:
    store.write(Upload("runs/1/latest.csv", b"1"))
    store.remove_empty("runs/1")
    assert list(store.unfinished()) == []
    assert keys(store) == ["runs/1/latest.csv"]
    store.delete("runs/1/latest.csv")
    store.remove_empty("runs/1")
    assert keys(store) == []


# ---- keys and uploads


@given(st.text())
def test_no_valid_key_leads_out_of_a_directory(key: str) -> None:
    try:
        valid_key(key)
    except ValueError:
        return
    assert Path("/root/folder", key).is_relative_to("/root/folder")
    assert os.path.normpath(f"/root/folder/{key}") == f"/root/folder/{key}"


def test_the_content_type_is_told_by_the_ending() -> None:
    assert Upload("countries/ESP.json", b"").content_type == "application/json; charset=utf-8"
    assert content_type("LATEST.CSV") == "text/csv; charset=utf-8"
    assert content_type("timeseries.csv.gz") == "application/gzip"
    assert content_type("timeseries.parquet") == "application/vnd.apache.parquet"
    assert content_type("feed.xml") == "application/atom+xml; charset=utf-8"
    assert content_type("sitemap.xml") == "application/xml; charset=utf-8"
    assert content_type("unknown") == "application/octet-stream"


def test_digest_and_size_are_the_same_of_bytes_and_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"x" * 2_000_000)
    of_bytes, of_file = Upload("a", b"x" * 2_000_000), Upload("a", path)
    assert of_bytes.sha256 == of_file.sha256 == hashlib.sha256(b"x" * 2_000_000).hexdigest()
    assert of_bytes.size == of_file.size == 2_000_000


# ---- the directory alone


def increment(root: Path, times: int) -> None:
    store = DirectoryStore(root)
    while times:
        stored = store.read("count")
        assert stored is not None
        try:
            store.write(Upload("count", b"%d" % (int(stored.body) + 1)), if_match=stored.etag)
        except StateConflict:
            continue
        times -= 1


def write_more_than_the_limit(root: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # stands in for a full disk
    with pytest.raises(StoreError, match=r"latest\.json: File too large; .*OUTPUT_DIR"):
        DirectoryStore(root).write(Upload("latest.json", b"x" * 101))


def write_without_permission(root: Path) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write anywhere
    with pytest.raises(StoreError, match=r"Permission denied; make it writable or set OUTPUT_DIR"):
        DirectoryStore(root).write(Upload("latest.json", b"2"))


def in_processes(*calls: Callable[[], None]) -> None:
    """Run the calls side by side, each in a process of its own, and want each to succeed."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=call) for call in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(calls)


def test_two_processes_that_count_by_if_match_lose_nothing(directory: DirectoryStore) -> None:
    directory.write(Upload("count", b"0"))
    in_processes(*[partial(increment, directory.root, 50)] * 2)
    assert body(directory, "count") == b"100"


def test_a_reader_beside_a_writer_sees_whole_versions_alone(directory: DirectoryStore) -> None:
    versions = {bytes([letter]) * 1_000_000 for letter in b"ab"}
    directory.write(Upload("latest.json", min(versions)))

    def write() -> None:
        for _ in range(20):
            for version in versions:
                directory.write(Upload("latest.json", version))

    writer, seen = Thread(target=write), set()
    writer.start()
    while writer.is_alive():
        seen.add(body(directory, "latest.json"))
    writer.join()
    assert seen == versions


def test_a_killed_writers_leftovers_do_not_show_and_are_out_of_reach(
    directory: DirectoryStore,
) -> None:
    directory.write(Upload("runs/1/latest.json", b"1"))
    (directory.root / "runs/1/.0123.tmp").write_bytes(b"ha")
    assert (directory.root / ".lock").exists()
    assert keys(directory) == ["runs/1/latest.json"]
    assert directory.head("runs/1/.0123.tmp") is None
    for own in (".lock", "runs/1/.0123.tmp", ".git/config"):
        with pytest.raises(ValueError, match="begins with a dot"):
            directory.write(Upload(own, b"1"))
        with pytest.raises(ValueError, match="begins with a dot"):
            directory.delete(own)


def test_what_a_killed_writer_left_is_listed_and_can_be_removed(directory: DirectoryStore) -> None:
    directory.write(Upload("runs/1/latest.json", b"1"))
    left = directory.root / "runs/1" / f".{uuid4().hex}.tmp"
    left.write_bytes(b"half")
    [entry] = directory.unfinished()
    assert (entry.key, entry.size) == (f"runs/1/{left.name}", 4)
    directory.discard(entry)
    assert list(directory.unfinished()) == []
    directory.discard(entry)  # gone already
    directory.delete("runs/1/latest.json")
    directory.remove_empty("runs/1")
    assert not (directory.root / "runs/1").exists()


def test_a_failed_write_leaves_the_old_version_and_no_litter(directory: DirectoryStore) -> None:
    directory.write(Upload("latest.json", b"1"))
    in_processes(partial(write_more_than_the_limit, directory.root))
    assert body(directory, "latest.json") == b"1"
    assert sorted(path.name for path in directory.root.iterdir()) == [".lock", "latest.json"]


def test_a_directory_without_permission_is_named_with_the_way_out(
    directory: DirectoryStore,
) -> None:
    directory.write(Upload("latest.json", b"1"))
    directory.root.chmod(0o555)
    in_processes(partial(write_without_permission, directory.root))
    directory.root.chmod(0o755)
    assert body(directory, "latest.json") == b"1"


def test_a_file_in_the_directorys_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("not a directory")
    store = DirectoryStore(tmp_path / "out")
    attempts: list[Callable[[], object]] = [
        lambda: store.read("a"),
        lambda: store.write(Upload("a", b"1")),
        lambda: keys(store),
        lambda: store.delete("a"),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="out is not a directory; move it away, or set"):
            attempt()


def test_an_object_in_a_folders_place_is_named(directory: DirectoryStore) -> None:
    directory.write(Upload("countries", b"1"))
    with pytest.raises(
        StoreError, match=r"countries/ESP\.json: .*; move away what is in its place"
    ):
        directory.write(Upload("countries/ESP.json", b"1"))


def test_only_a_write_makes_the_directory(directory: DirectoryStore, tmp_path: Path) -> None:
    directory.read("a")
    directory.delete("a")
    assert keys(directory) == []
    assert list(tmp_path.iterdir()) == []


def test_published_files_have_the_usual_permissions(directory: DirectoryStore) -> None:
    directory.write(Upload("latest.json", b"1"))
    (directory.root / "plain").write_bytes(b"1")
    mode = (directory.root / "plain").stat().st_mode
    assert (directory.root / "latest.json").stat().st_mode == mode


def test_plain_writers_and_a_conditional_one_do_not_deadlock(directory: DirectoryStore) -> None:
    def write(number: int) -> None:
        directory.write(Upload(f"{number}", b"1"), if_none_match=number % 2 == 0)

    in_parallel(write, range(40))
    assert len(keys(directory)) == 40


# ---- S3 alone


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
