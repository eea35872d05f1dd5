"""Conditional writes on servers that keep conditions, keep them their own way, or not at all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import StringIO

import pytest

from etl import log
from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.s3.probe import Verdict, Verdicts
from etl.store.s3.store import S3Store
from tests.support.s3_kinds import OtherServer
from tests.support.s3_server import Answer, answering, s3_server, use
from tests.support.stores import body, keys, new_bucket, new_folder

HONOURS, UNQUOTED, IGNORES, REFUSES = Verdict
VERDICTS = {
    "": Verdicts(HONOURS, HONOURS),
    "wants no quotes": Verdicts(UNQUOTED, HONOURS),
    "ignores": Verdicts(IGNORES, IGNORES),
    "refuses": Verdicts(REFUSES, IGNORES),
    "knows no If-Match": Verdicts(REFUSES, HONOURS),
    "weak ETags": Verdicts(HONOURS, HONOURS),
    "bare ETags": Verdicts(HONOURS, HONOURS),
}
Make = Callable[..., tuple[OtherServer, S3Store]]


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def on(upstream: str) -> Iterator[Make]:
    """Make a server of these kinds, and a folder in a bucket on it."""
    with ExitStack() as held:

        def make(*kinds: str) -> tuple[OtherServer, S3Store]:
            server = held.enter_context(OtherServer(upstream, *filter(None, kinds)))
            return server, new_folder(held.enter_context(new_bucket(server.url)))

        yield make


@pytest.fixture
def warnings() -> Callable[[], list[str]]:
    log.set_up("INFO", stream := StringIO())

    def logged() -> list[str]:
        lines = stream.getvalue().splitlines()
        return [line for line in lines if "store.no_conditional_writes" in line]

    return logged


@pytest.mark.parametrize("kind", VERDICTS)
def test_the_probe_finds_out_what_a_server_does_and_leaves_nothing(kind: str, on: Make) -> None:
    _, store = on(kind)
    assert store.conditions.probe() == VERDICTS[kind]
    assert store.keeps_conditions() is VERDICTS[kind].kept
    assert keys(store) == []


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_stale_writer_is_refused_on_every_kind_of_server(
    kind: str, on: Make, warnings: Callable[[], list[str]]
) -> None:
    server, store = on(kind)
    first = store.write(Upload("a", b"1"), if_none_match=True)
    with pytest.raises(StateConflict, match="was changed by another process"):
        store.write(Upload("a", b"2"), if_none_match=True)
    second = store.write(Upload("a", b"2"), if_match=first)
    with pytest.raises(StateConflict, match="was changed by another process"):
        store.write(Upload("a", b"3"), if_match=first)
    store.write(Upload("a", b"3"), if_match=second)
    assert body(store, "a") == b"3"
    assert len(warnings()) == (0 if VERDICTS[kind].kept else 1)
    assert sum(line.startswith("DELETE") for line in server.seen) == 1  # it probed once


def test_a_lack_names_the_header_and_what_the_server_does_with_it(
    on: Make, warnings: Callable[[], list[str]]
) -> None:
    _, store = on("refuses")
    store.write(Upload("a", b"1"), if_none_match=True)
    [line] = warnings()
    assert "the server always refuses If-Match and ignores If-None-Match" in line


def test_a_server_that_stops_keeping_conditions_is_distrusted_as_soon_as_nobody_wrote(
    on: Make, warnings: Callable[[], list[str]]
) -> None:
    server, store = on("breaks when versioned")
    etag = store.write(Upload("manifest.json", b"1"), if_none_match=True)
    server.enabled = True  # somebody else switches versioning on
    etag = store.write(Upload("manifest.json", b"2"), if_match=etag)
    store.write(Upload("manifest.json", b"3"), if_match=etag)
    [line] = warnings()
    assert "the server refuses If-Match although the condition holds" in line
    with pytest.raises(StateConflict):
        store.write(Upload("manifest.json", b"4"), if_match=etag)
    assert body(store, "manifest.json") == b"3"


def test_a_refusal_that_passes_is_tried_again_and_trusted(
    upstream: str, warnings: Callable[[], list[str]]
) -> None:
    """409: on AWS another write is in progress. 412: a proxy's own mistake, say."""
    for fault in ("409", "412"):
        with OtherServer(upstream) as server, new_bucket(server.url) as store:
            etag = store.write(Upload("a", b"1"), if_none_match=True)
            server.refuse_next(fault)
            store.write(Upload("a", b"2"), if_match=etag)
            assert body(store, "a") == b"2"
            assert store.keeps_conditions()
    assert warnings() == []


def test_a_write_that_is_in_progress_all_the_time_is_no_reason_to_write_without_condition(
    upstream: str,
) -> None:
    with OtherServer(upstream) as server, new_bucket(server.url) as store:
        etag = store.write(Upload("a", b"1"), if_none_match=True)
        server.refuse_next("409", times=2)
        with pytest.raises(StoreError, match="is being written; try again") as raised:
            store.write(Upload("a", b"2"), if_match=etag)
        assert not isinstance(raised.value, StateConflict)
        assert store.keeps_conditions()


def test_two_workers_may_probe_at_the_same_moment(on: Make) -> None:
    _, first = on("")
    stores = [S3Store(first.client, first.bucket, first.folder) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda store: store.conditions.verdicts(), stores))
    assert found == {VERDICTS[""]}


def test_a_refusal_of_another_kind_is_not_taken_for_a_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(answer: Answer) -> None:
        answer.reply(403, "<Error><Code>AccessDenied</Code></Error>")

    with answering(deny) as url:
        use(monkeypatch, url)
        with pytest.raises(StoreError, match="access denied: allow s3:PutObject"):
            S3Store.connect("bucket").write(Upload("a", b"1"), if_none_match=True)


# ---- what can happen where conditions are not kept


def test_without_conditions_a_writer_between_the_comparison_and_the_write_is_overwritten(
    on: Make,
) -> None:
    """This is why one worker, not two, should publish through such a server."""
    server, store = on("refuses")
    other = S3Store(store.client, store.bucket, store.folder)
    etag = store.write(Upload("manifest.json", b"1"), if_none_match=True)
    other.conditions.verdicts()
    key = f"{store.bucket}/{store.full_key('manifest.json')}"
    server.before_put(key, lambda: other.write(Upload("manifest.json", b"theirs"), if_match=etag))
    store.write(Upload("manifest.json", b"ours"), if_match=etag)
    assert body(store, "manifest.json") == b"ours"
