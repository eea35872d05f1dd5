"""Fixtures that several test modules share."""

import os
import signal
from collections.abc import Iterator
from functools import cache
from io import StringIO
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
from tests.support.logged import Logged
from tests.support.s3_server import s3_server, use
from tests.support.sns_server import Sns, sns_server

if TYPE_CHECKING:
    from dev.bench.browser import Browser

# Tests run on all cores at once, so a slow example is no failure.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

# Each botocore session would read its description of S3 again, which takes 0.1 s.
_descriptions = JSONFileLoader()
_descriptions.load_file = cache(_descriptions.load_file)  # type: ignore[method-assign]
Loader.FILE_LOADER_CLASS = staticmethod(lambda: _descriptions)  # type: ignore[assignment]


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real inputs, which have no licence and so are in no repository."""
    beside = PROJECT.parent / "shared" / "data"
    folder = Path(os.environ.get("CLOUD_ETL_REAL_DATA", beside))
    if not (folder / "countries-2020-09-07.json.gz").exists():
        pytest.skip(
            "SKIPPED: the real inputs are not here (CLOUD_ETL_REAL_DATA names their folder)"
        )
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return the path at which a test puts the document that its runs fetch."""
    return tmp_path / "stats.json"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """Return the folder into which a test's runs publish."""
    return DirectoryStore(tmp_path / "out")


def started(variable: str, what: str, script: str) -> str:
    """Return the URL of a server that was started for the tests; skip the test without one."""
    url = os.environ.get(variable)
    if not url:
        pytest.skip(
            f"SKIPPED: no {what} is here; "
            f"export {variable}=$(dev/tools/{script} start) and test again"
        )
    return url


@pytest.fixture(scope="session")
def real_s3() -> str:
    """Return the URL of a real S3 server that knows the tests' credentials."""
    return started("TEST_S3_ENDPOINT", "real S3 server", "s3-server")


@pytest.fixture(scope="session")
def real_ceph() -> str:
    """Return the URL of a radosgw that knows the tests' credentials."""
    return started("TEST_CEPH_ENDPOINT", "Ceph", "ceph-server")


@pytest.fixture(scope="session")
def sns_for_all() -> Iterator[Sns]:
    with sns_server() as sns:
        yield sns


@pytest.fixture
def sns(sns_for_all: Sns, monkeypatch: pytest.MonkeyPatch) -> Sns:
    """Return SNS, SQS, STS and S3, empty except for the topic `news` and the bucket `news`."""
    sns_for_all.begin(monkeypatch)
    return sns_for_all


@pytest.fixture(scope="module", params=["moto", "real"])
def s3_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an S3 server: moto's, then that of a real one if it is available."""
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
    """Return Chromium, in the light scheme and 1,280 pixels wide."""
    chrome.resize(1280)
    chrome.dark(False)
    return chrome


@pytest.fixture(autouse=True)
def _untouched_log() -> None:
    """Reset the log, which an earlier test may have set up by calling `main`."""
    log.reset()


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Return what the test logs from here on; a `main` that it calls logs elsewhere."""
    stream = StringIO()
    log.set_up("DEBUG", stream)
    yield Logged(stream)
    log.reset()


@pytest.fixture
def as_before() -> Iterator[None]:
    """Restore the signal handlers and the log, which `main` sets up for its process."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)
    log.reset()


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, with none of this machine's settings or credentials."""
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
    """Return the command line on an empty local folder."""
    return Desk(DirectoryStore(Path("out")), monkeypatch, capsys)


@pytest.fixture
def bench(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk with other settings than earlier runs have: no facts, fewer columns."""
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
    """Like `local_desk`, on a folder in moto."""
    yield from on_s3(moto_s3, monkeypatch, capsys)


@pytest.fixture
def real_desk(
    real_s3: str,
    local_desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """Like `local_desk`, on a folder of a real S3 server, which verifies signatures."""
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
