"""What several test modules share."""

import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings

from config import REGISTER
from etl import PROJECT, log
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.s3_server import s3_server, use
from tests.support.sns_server import Sns, sns_server

if TYPE_CHECKING:
    from dev.bench.browser import Browser

# As many tests at a time as there are cores: one that is slow is not wrong.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

# Each botocore session would read its descriptions of S3 again, a tenth of a second each.
_descriptions = JSONFileLoader()
_descriptions.load_file = cache(_descriptions.load_file)  # type: ignore[method-assign]
Loader.FILE_LOADER_CLASS = staticmethod(lambda: _descriptions)  # type: ignore[assignment]


@pytest.fixture
def real_data() -> Path:
    """The folder of real inputs, which carry no licence and are in no repository."""
    beside = PROJECT.parent / "shared" / "data"
    folder = Path(os.environ.get("CLOUD_ETL_REAL_DATA", beside))
    if not (folder / "countries-2020-09-07.json.gz").exists():
        pytest.skip(
            "SKIPPED: the real inputs are not here (CLOUD_ETL_REAL_DATA names their folder)"
        )
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Where a test puts the document that its runs fetch."""
    return tmp_path / "stats.json"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """The folder that they publish into."""
    return DirectoryStore(tmp_path / "out")


@pytest.fixture(scope="session")
def real_s3() -> str:
    """The URL of a real S3 server that knows the tests' credentials."""
    url = os.environ.get("TEST_S3_ENDPOINT")
    if not url:
        pytest.skip(
            "SKIPPED: no real S3 server is here; "
            "export TEST_S3_ENDPOINT=$(dev/tools/s3-server start) and test again"
        )
    return url


@pytest.fixture(scope="session")
def sns_for_all() -> Iterator[Sns]:
    with sns_server() as sns:
        yield sns


@pytest.fixture
def sns(sns_for_all: Sns, monkeypatch: pytest.MonkeyPatch) -> Sns:
    """SNS, SQS, STS and S3, empty but for the topic `news` and the bucket `news`."""
    sns_for_all.begin(monkeypatch)
    return sns_for_all


@pytest.fixture(scope="module", params=["moto", "real"])
def s3_url(request: pytest.FixtureRequest) -> str:
    """The URL of an S3 server: moto's, then a real one where there is one."""
    url: str = request.getfixturevalue(f"{request.param}_s3")
    return url


@pytest.fixture(scope="module")
def moto_s3() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    # imported here, since most tests need no Selenium
    from dev.bench.browser import chromium
    from tests.support.browsers import if_installed

    with if_installed(), chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def browser(chrome: "Browser") -> "Browser":
    """Chromium, light and 1,280 pixels wide."""
    chrome.resize(1280)
    chrome.dark(False)
    return chrome


@pytest.fixture(autouse=True)
def _untouched_log() -> None:
    """What an earlier `main` has set up for a process of its own is not this test's."""
    log.reset()


@pytest.fixture
def as_before() -> Iterator[None]:
    """Put back what `main` sets up for a process of its own."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)
    log.reset()


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to work in, and none of this machine's settings or credentials."""
    monkeypatch.chdir(tmp_path)
    for setting in REGISTER:
        monkeypatch.delenv(setting.variable, raising=False)
    use(monkeypatch, None)


@pytest.fixture
def local_desk(
    at_home: None,
    as_before: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """The command line, in front of an empty folder of this machine."""
    return Desk(DirectoryStore(Path("out")), monkeypatch, capsys)


@pytest.fixture
def bench(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk without facts, where every run that is there is of other settings."""
    monkeypatch.setenv("COUNTRIES_URL", "")
    monkeypatch.setenv("KEEP", "new")
    return local_desk


@pytest.fixture
def moto_desk(
    moto_s3: str,
    local_desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """As `local_desk`, in front of a folder of moto."""
    yield from on_s3(moto_s3, monkeypatch, capsys)


@pytest.fixture
def real_desk(
    real_s3: str,
    local_desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """As `local_desk`, in front of a folder of a real S3 server, which looks at signatures."""
    yield from on_s3(real_s3, monkeypatch, capsys)


@pytest.fixture(params=["moto", "real"])
def s3_desk(request: pytest.FixtureRequest) -> Desk:
    desk: Desk = request.getfixturevalue(f"{request.param}_desk")
    return desk


@pytest.fixture(params=["local", "moto", "real"])
def desk(request: pytest.FixtureRequest) -> Desk:
    desk: Desk = request.getfixturevalue(f"{request.param}_desk")
    return desk


def on_s3(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    use(monkeypatch, url)
    store = S3Store.connect(f"desk-{uuid4().hex}", "covid")
    store.client.create_bucket(Bucket=store.bucket)
    monkeypatch.setenv("S3_BUCKET", store.bucket)
    yield Desk(store, monkeypatch, capsys)
    store.client.close()
