from pathlib import Path

import pytest

from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from tests.support.pages import publish_sample


@pytest.fixture(scope="module")
def sample() -> MemoryStore:
    """A store with the sample published."""
    store = MemoryStore()
    publish_sample(store)
    return store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, published into a folder."""
    out = tmp_path_factory.mktemp("published") / "out"
    publish_sample(DirectoryStore(out))
    return out


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    return (folder / "index.html").as_uri()
