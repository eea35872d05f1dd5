from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.language_server import Languages, language_server, with_credentials
from tests.support.runs import growing


@pytest.fixture
def translate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    """Amazon Translate, as a server of this machine."""
    with_credentials(monkeypatch)
    with language_server(monkeypatch) as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A document of twenty days."""
    path = tmp_path / "stats.json"
    path.write_bytes(growing(20))
    return path
