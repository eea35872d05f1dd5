"""One contract, three stores: what is promised of one is tried on all."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
import requests

from etl.errors import StateConflict, StoreError
from etl.store import Store, Upload
from etl.store.parallel import upload_all
from etl.store.s3.store import S3Store
from tests.support.stores import body, keys

UNICODE_KEY = "països/Côte d'Ivoire + 100% #1? 🦠.json"
BAD_KEYS = ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\\b", "a\nb", "a\x7f", "a\x85"]
BAD_KEYS += ["é" * 451, "a\ud800"]


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


def test_folders_are_named_once_without_what_lies_in_them(store: Store) -> None:
    for key in ("runs/b/x", "runs/a/1", "runs/a/deep/2", "runs/note.txt", "raw/c/x", "top"):
        store.write(Upload(key, b"1"))
    assert sorted(store.folders("runs/")) == ["a", "b"]
    assert list(store.folders("none/")) == []


def test_many_are_deleted_at_once_and_what_is_missing_is_no_error(store: Store) -> None:
    for key in ("a", "b & <c>.json", UNICODE_KEY, "kept"):
        store.write(Upload(key, b"1"))
    store.delete_all(iter(["a", "b & <c>.json", UNICODE_KEY, "missing"]))
    assert keys(store) == ["kept"]


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
    with pytest.raises(StateConflict, match=r"manifest\.json was changed by another process"):
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


def test_of_ten_racing_first_writers_exactly_one_wins(keeping: Store) -> None:
    start = Barrier(10)

    def race(number: int) -> bool:
        start.wait()
        try:
            keeping.write(Upload("manifest.json", f"{number}".encode()), if_none_match=True)
        except StateConflict:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(race, range(10)))
    assert won.count(True) == 1
    assert body(keeping, "manifest.json") == f"{won.index(True)}".encode()


def test_more_than_a_thousand_objects_are_listed_in_order(keeping: Store) -> None:
    names = [f"runs/{number:04}.json" for number in range(1001)]
    upload_all(keeping, [Upload(name, b"1") for name in reversed(names)])
    assert keys(keeping, "runs/") == names
    assert sorted(entry.key for entry in keeping.list("runs/", in_order=False)) == names


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


def test_conditions_are_kept(keeping: Store) -> None:
    assert keeping.keeps_conditions()


def test_only_a_server_signs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(Upload("latest.csv", b"a,b\n"))
    if not isinstance(store, S3Store):
        assert store.signer() is None
        return
    # the server in the environment may be another test's
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.client.meta.endpoint_url)
    signer = store.signer()
    assert signer
    link = signer.link("latest.csv", timedelta(minutes=1))
    assert requests.get(link.url, timeout=10).content == b"a,b\n"
    assert link.url not in repr(link)
    assert signer.address("latest.csv") == link.url.split("?")[0]
    with pytest.raises(ValueError, match=r"an empty, '.' or '..' segment"):
        signer.link("../latest.csv", timedelta(minutes=1))


def test_what_is_whole_is_not_unfinished_and_a_folder_that_holds_it_stays(store: Store) -> None:
    store.write(Upload("runs/1/latest.csv", b"1"))
    store.remove_empty("runs/1")
    assert list(store.unfinished()) == []
    assert keys(store) == ["runs/1/latest.csv"]
    store.delete("runs/1/latest.csv")
    store.remove_empty("runs/1")
    assert keys(store) == []
