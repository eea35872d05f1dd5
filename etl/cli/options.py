"""What commands share: options, types of arguments, reading the settings, asking questions."""

import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import click

from config import load_settings
from etl import log
from etl.errors import ConfigError, escaped
from etl.extract.several import of_one
from etl.extract.sources.faults import as_date
from etl.settings import doubts
from etl.settings.groups import Settings
from etl.store import valid_key
from etl.store.keys import is_valid
from etl.store.open import open_store as open_store
from etl.worker.handover import BY_HAND, Handover

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
YES = click.option("--yes", is_flag=True, help="Don't ask for confirmation.")


class Key(click.ParamType[str]):
    """The key of an object, or with `valid_prefix` the start of keys, relative to the folder."""

    name = "key"

    def __init__(self, valid: Callable[[str], str] = valid_key) -> None:
        self._valid = valid

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._valid(value)
        except ValueError as exc:
            if value.endswith("/") and is_valid(value.removesuffix("/")):
                self.fail(f"{exc}; python app.py ls {escaped(value)} lists the objects in it")
            self.fail(f"{exc}; a key is relative to the folder, such as countries/ESP.json")


class Date(click.ParamType[date]):
    """A date such as 2020-09-01."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return as_date(value)
        except ValueError:
            self.fail(f"expected a date such as 2020-09-01, got {value[:80]!r}")


def in_force() -> Settings:
    """Read the settings of the chosen source, and set up the log accordingly.

    Raises ConfigError, also if SOURCES names several sources and `--source` is not given.
    """
    name = click.get_current_context().find_root().params.get("source") or ""
    settings = of_one(load_settings(), name)
    _set_up(settings)
    return settings


def handed_over() -> Handover:
    """Return what the worker passed to this process; `BY_HAND` if a person started it."""
    return Handover.received(os.environ)


def in_common() -> Settings:
    """Like `in_force`, but if SOURCES names several, return the settings of their parent folder."""
    if click.get_current_context().find_root().params.get("source"):
        return in_force()
    settings = load_settings()
    _set_up(settings)
    return settings


def _set_up(settings: Settings) -> None:
    log.set_up(settings.log_level, source=settings.one_of_several)
    if handed_over() == BY_HAND:  # otherwise the worker has warned already
        doubts.warn(os.environ, _to_terminal if sys.stderr.isatty() else doubts.to_log)


def _to_terminal(doubt: doubts.Doubt) -> None:
    click.echo(escaped(f"warning: {doubt.where}: {doubt.what}; {doubt.step}"), err=True)


def confirm(question: str, *, yes: bool, typed: str | None = None) -> None:
    """Ask a person, and return only if they agree; with `yes` return at once.

    For what can't be undone, they have to type the name `typed`. Raises click.Abort if they
    disagree, ClickException if there is no terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException(f"there is no terminal to ask: {question} Use --yes to agree")
    if typed is None:
        click.confirm(question, abort=True)
    elif click.prompt(f"{question} Type its name", default="", show_default=False) != typed:
        raise click.Abort


def topic_name(settings: Settings) -> str:
    """Return the name of the alerts' topic. Raises ConfigError if ALERT_TOPIC is not set."""
    if not settings.alerts.topic:
        raise ConfigError(
            "ALERT_TOPIC: not set, so no alerts are sent; set it to a name such as cloud-etl, and "
            "create the topic with: python app.py setup"
        )
    return settings.alerts.topic
