"""What the tests of this room share."""

from collections.abc import Callable, Iterator
from io import StringIO

import pytest

from etl import log
from tests.support.language_server import Languages, language_server
from tests.support.sns_server import Mailbox, Sns


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """The log so far."""
    stream = StringIO()
    log.set_up("DEBUG", stream)
    yield lambda: stream.getvalue().splitlines()
    log.reset()


@pytest.fixture
def box(sns: Sns) -> Mailbox:
    return sns.mailbox("ada")


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, sns: Sns) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found
