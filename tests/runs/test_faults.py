"""The matrix: every request of a run, failed in every way, between boto3 and a real wire.

On moto's server, and on a real one where there is one (dev/tools/s3-server). FAULTS=full makes the
whole matrix, otherwise a sample drawn from a fixed seed.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from etl.errors import StoreError
from etl.history.run import Options
from etl.load import publish
from etl.store import Upload
from etl.store.memory import MemoryStore
from etl.store.parallel import in_parallel
from etl.store.s3.client import CONFIG
from etl.store.s3.store import S3Store
from tests.support.fault_proxy import FAULTS, FaultProxy
from tests.support.reader import Reader, assert_promises, assert_settled
from tests.support.runs import NOW, growing, run
from tests.support.s3_server import use

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FULL = os.environ.get("FAULTS") == "full"
READ_TIMEOUT_S = 1.0
BUCKET = f"faults-{uuid4().hex}"  # other processes test on the same server
IF_DUE = Options(if_due=True, sleep=lambda seconds: None)
TALLY: Counter[tuple[str, str]] = Counter()
TOTALS: dict[tuple[str, str], int] = {}  # requests of each server's scenes


@pytest.fixture(scope="module")
def server(s3_url: str) -> str:
    return s3_url


@pytest.fixture(scope="module")
def proxy(server: str) -> Iterator[FaultProxy]:
    with FaultProxy(server, late_s=1.5 * READ_TIMEOUT_S) as proxy:
        yield proxy


@pytest.fixture(scope="module", autouse=True)
def tally() -> Iterator[None]:
    """What was injected and how the runs ended, for docs/reliability.md (pytest -s shows it)."""
    yield
    for (fault, outcome), count in sorted(TALLY.items()):
        print(f"{fault:25} {outcome:10} {count}")
    print(f"injected: {sum(TALLY.values())}")


@pytest.fixture(autouse=True)
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials; botocore's pauses between its tries are not waited for."""
    use(monkeypatch, server)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Scene]":
    """What lies in the folder at the beginning of each scenario, and the source it meets."""
    folder = tmp_path_factory.mktemp("sources")
    old, new = folder / "old" / "stats.json", folder / "new" / "stats.json"
    for path, days in ((old, 3), (new, 4)):
        path.parent.mkdir()
        path.write_bytes(growing(days, ("spain",)))
    empty: dict[str, bytes] = {}
    store = MemoryStore()
    run(store, old, now=NOW - timedelta(days=1))
    published = objects(store)
    # a run that died right behind its commit
    broken = MemoryStore()
    for key, body in published.items():
        broken.write(Upload(key, body))
    with pytest.MonkeyPatch.context() as patched:

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(publish, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            run(broken, new, now=NOW - timedelta(minutes=5))
    return {
        "first": Scene(empty, new, "2021-01-04"),
        "second": Scene(published, new, "2021-01-04"),
        "unchanged": Scene(published, old, "2021-01-03"),
        "heal": Scene(objects(broken), new, "2021-01-04"),
    }


class Scene:
    def __init__(self, objects: dict[str, bytes], source: Path, last: str) -> None:
        self.objects, self.source, self.last = objects, source, last


def objects(store: MemoryStore) -> dict[str, bytes]:
    found = {head.key: store.read(head.key) for head in store.list()}
    return {key: stored.body for key, stored in found.items() if stored}


@cache
def client(url: str) -> "S3Client":
    config = CONFIG.merge(Config(read_timeout=READ_TIMEOUT_S))
    return boto3.session.Session().client("s3", config=config, endpoint_url=url)


def connect(url: str, folder: str) -> S3Store:
    return S3Store(client(url), BUCKET, folder)


@pytest.fixture(scope="module")
def bucket(server: str) -> str:
    with pytest.MonkeyPatch.context() as patched:
        use(patched, server)
        client = boto3.client("s3")
        if BUCKET not in [b["Name"] for b in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=BUCKET)
    return BUCKET


def play(
    scene: Scene, server: str, proxy: FaultProxy, folder: str, fault: str, at: int, lasting: bool
) -> None:
    """One cell: the scene is set, a run meets the fault, a stranger looks, the next run mends."""
    direct = connect(server, folder)
    in_parallel(direct.write, [Upload(key, body) for key, body in scene.objects.items()])
    reader = Reader(server, BUCKET, folder)
    faulty = connect(proxy.url, folder)
    proxy.fail(fault, at=at, lasting=lasting)
    try:
        outcome = run(faulty, scene.source, options=IF_DUE).outcome
    except StoreError:
        outcome = "failed"
    assert proxy.failed, "the fault was never met"
    assert outcome != "yielded", "there was nobody to give way to"
    proxy.reset()
    TALLY[fault + (", lasting" if lasting else ""), outcome] += 1

    assert_promises(scene.objects, reader.contents())
    run(direct, scene.source, options=IF_DUE, now=NOW + timedelta(minutes=1))
    after = reader.contents()
    manifest = assert_settled(after)
    assert_promises(scene.objects, after)
    assert manifest["source"]["last_date"] == scene.last
    assert json.loads(after["history.json"])["records"][-1]["outcome"] != "failed"


def requests_of(scene: Scene, server: str, proxy: FaultProxy, folder: str) -> int:
    """How many requests the scene's run makes where nothing fails."""
    direct = connect(server, folder)
    in_parallel(direct.write, [Upload(key, body) for key, body in scene.objects.items()])
    proxy.reset()
    run(connect(proxy.url, folder), scene.source, options=IF_DUE)
    return len(proxy.seen)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["first", "second", "unchanged", "heal"])
def test_whatever_fails_readers_have_a_whole_version_and_the_next_run_mends_it(
    name: str,
    fault: str,
    lasting: bool,
    server: str,
    proxy: FaultProxy,
    bucket: str,
    scenes: dict[str, Scene],
    request: pytest.FixtureRequest,
) -> None:
    scene = scenes[name]
    case = f"{name}-{fault.replace(' ', '-')}-{lasting}"
    if (server, name) not in TOTALS:
        TOTALS[server, name] = requests_of(scene, server, proxy, f"{case}-0")
    total = TOTALS[server, name]
    indices = list(range(1, total + 1))
    if not FULL:
        indices = [random.Random(case).choice(indices)]  # noqa: S311  always the same
    for at in indices:
        try:
            play(scene, server, proxy, f"{case}-{at}", fault, at, lasting)
        except AssertionError as exc:
            raise AssertionError(f"request {at} of {total}: {exc}") from exc
