"""What the tests of this room share."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.language_server import Languages, language_server
from tests.support.logged import Logged
from tests.support.sns_server import Mailbox, Sns


@pytest.fixture
def lines(logged: Logged) -> Callable[[], list[str]]:
    """The log so far."""
    return lambda: logged.text.splitlines()


@pytest.fixture
def box(sns: Sns) -> Mailbox:
    return sns.mailbox("ada")


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, sns: Sns) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found
