"""The matrix: every request of a run or a command, failed in every way, over a real wire.

On moto's server, and on a real one where there is one (dev/tools/s3-server). FAULTS=full makes the
whole matrix, otherwise a sample drawn from a fixed seed.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, islice, product
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from etl.alerts import aws
from etl.archive.engine import impatient
from etl.errors import EtlError
from etl.store import Upload
from etl.store.parallel import in_parallel
from etl.store.s3.client import CONFIG
from etl.store.s3.store import S3Store
from tests.support import command_scenes, scenes
from tests.support.fault_proxy import FAULTS, FaultProxy
from tests.support.language_server import language_server
from tests.support.reader import Reader
from tests.support.s3_server import use
from tests.support.scenes import Scene

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCENES = scenes.SCENES | command_scenes.SCENES
FULL = os.environ.get("FAULTS") == "full"
PATIENCE_S = 20.0  # for an answer, as in production
LATE_S = 0.4  # for one that will not come; a sound answer that takes so long is asked for again
BUCKET = f"faults-{uuid4().hex}"  # other processes test on the same server
FOLDER = "covid"
TALLY: Counter[tuple[str, str, str]] = Counter()  # of this server
TOTALS: dict[tuple[str, str], int] = {}  # requests of each server's scenes

Cell = tuple[str, str, str]


def cells() -> list[Cell]:
    """Return rows of the matrix: all of them, or each fault in four of the scenes."""
    faults = list(product(FAULTS, ("once", "lasting")))
    if FULL:
        return [(name, *fault) for name in SCENES for fault in faults]
    return [(name, *fault) for name, fault in islice(zip(cycle(SCENES), cycle(faults)), 80)]


@pytest.fixture(scope="module")
def server(s3_url: str) -> str:
    return s3_url


@pytest.fixture(scope="module")
def proxy(server: str) -> Iterator[FaultProxy]:
    with FaultProxy(server) as proxy:
        yield proxy


@pytest.fixture(scope="module", autouse=True)
def tally(server: str) -> Iterator[None]:
    """What was injected and how it ended, for docs/reliability.md (pytest -s shows it)."""
    TALLY.clear()
    yield
    for (fault, how, outcome), count in sorted(TALLY.items()):
        print(f"{fault:15} {how:8} {outcome:10} {count}")
    print(f"injected: {sum(TALLY.values())}")


@pytest.fixture(autouse=True)
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up credentials; pauses between tries, botocore's and our own, are not waited for."""
    use(monkeypatch, server)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with language_server(monkeypatch):
        monkeypatch.setattr(aws, "client", cache(aws.client))
        yield


@pytest.fixture(scope="module")
def scene_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Scene]:
    return cache(lambda name: SCENES[name](tmp_path_factory.mktemp(name)))


@cache
def client(url: str, read_timeout_s: float) -> "S3Client":
    config = CONFIG.merge(Config(read_timeout=read_timeout_s))
    return boto3.session.Session().client("s3", config=config, endpoint_url=url)


@dataclass
class Stage:
    """A folder on a server, in which scenes are played with faults."""

    server: str
    proxy: FaultProxy
    direct: S3Store = field(init=False)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.direct = S3Store(client(self.server, PATIENCE_S), BUCKET, FOLDER)
        self.reader = Reader(self.server, BUCKET, FOLDER)

    def set_up(self, scene: Scene) -> None:
        """Put the folder into the state in which the scene begins."""
        there = self.reader.contents()
        self.direct.delete_all(there.keys() - scene.objects.keys())
        wrong = [Upload(key, body) for key, body in scene.objects.items() if there.get(key) != body]
        in_parallel(self.direct.write, wrong)
        impatient.clear()

    def act(self, scene: Scene, read_timeout_s: float = PATIENCE_S) -> str:
        """Let the scene meet the fault, and return its outcome. Raises EtlError."""
        try:
            return scene.act(S3Store(client(self.proxy.url, read_timeout_s), BUCKET, FOLDER))
        finally:
            self.proxy.wait_until_idle()

    def play(self, scene: Scene, fault: str, at: int, lasting: bool) -> str:
        """The scene is set, it meets the fault, a stranger looks, and what follows mends it."""
        self.set_up(scene)
        self.proxy.fail(fault, at=at, lasting=lasting)
        try:
            outcome = self.act(scene, LATE_S if fault == "late" else PATIENCE_S)
        except EtlError:
            outcome = "failed"
        assert self.proxy.failed, "the fault was never met"
        assert outcome != "yielded", "there was nobody to give way to"
        self.proxy.reset()
        scene.promises(scene.objects, self.reader.contents())
        scene.mend(self.direct)
        after = self.reader.contents()
        scene.promises(scene.objects, after)
        scene.settled(scene.objects, after)
        return outcome

    def requests_of(self, scene: Scene) -> int:
        """How many requests the scene makes where nothing fails."""
        self.set_up(scene)
        self.proxy.reset()
        self.act(scene)
        return len(self.proxy.seen)


@pytest.fixture(scope="module")
def stage(server: str, proxy: FaultProxy) -> Stage:
    with pytest.MonkeyPatch.context() as patched:
        use(patched, server)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        return Stage(server, proxy)


@pytest.mark.parametrize(("name", "fault", "how"), cells())
def test_whatever_fails_readers_have_a_whole_version_and_the_next_run_mends_it(
    name: str, fault: str, how: str, stage: Stage, scene_of: Callable[[str], Scene]
) -> None:
    scene = scene_of(name)
    if (stage.server, name) not in TOTALS:
        TOTALS[stage.server, name] = stage.requests_of(scene)
    total = TOTALS[stage.server, name]
    indices = list(range(1, total + 1))
    if not FULL:
        indices = [random.Random(f"{name}-{fault}-{how}").choice(indices)]  # noqa: S311
    row = Counter[str]()
    for at in indices:
        try:
            row[stage.play(scene, fault, at, lasting=how == "lasting")] += 1
        except AssertionError as exc:
            raise AssertionError(f"request {at} of {total}: {exc}; before it: {row}") from exc
    TALLY.update({(fault, how, outcome): count for outcome, count in row.items()})
    print(f"\n{name}, {fault}, {how}: {sum(row.values())} {dict(row)}", flush=True)
