"""Commands with alerts on, against servers of SNS and Translate."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from config import REGISTER
from etl.cli import main
from tests.support.commands import Command
from tests.support.sns_server import Sns


@pytest.fixture
def run(sns: Sns, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Command:
    """A command without a process of its own; what it says, and how it ends."""
    monkeypatch.chdir(tmp_path)
    for setting in REGISTER:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("ALERT_TOPIC", "news")
    monkeypatch.setenv("TRANSLATE_TO", "es,ca")

    def invoke(*arguments: str, **variables: str) -> Result:
        return CliRunner().invoke(main.cli, arguments, env=variables)

    return invoke
