"""`inbox`: read what readers sent, or show what became of it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from etl import log
from etl.cli.options import JSON, handed_over, in_force, open_store
from etl.errors import ConfigError, EtlError

if TYPE_CHECKING:
    from etl.inbox.letter_round import RoundResult
    from etl.settings.groups import Settings
    from etl.store.s3.store import S3Store


@click.command()
@click.option("--list", "listed", is_flag=True, help="Only show what was read before.")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@JSON
def inbox(listed: bool, last: int, as_json: bool) -> None:
    """Read now what readers sent, or show what became of it.

    \b
    python app.py inbox            read what has come since
    python app.py inbox --list     what was read, newest last, and what waits
    python app.py share --inbox    the form by which readers send it
    """
    from etl.cli.print_letters import print_letters
    from etl.inbox import claims, results

    settings = in_force()
    if listed:
        store = open_store(settings)
        letters, waiting = results.latest_results(store, last), claims.all_progress(store)
    else:
        done = _make_round(settings, _ready(settings))
        letters, waiting = done.letters, done.waiting
    print_letters(letters, waiting, as_json=as_json, where=settings.store.address)


@click.command("read-inbox", hidden=True)
def read_inbox() -> None:
    """Read the inbox, renew the form, send the alerts that wait; called by the worker."""
    from etl.inbox import form

    settings = in_force()
    store = _ready(settings)
    form.renew(settings, store, datetime.now(UTC))
    try:
        _make_round(settings, store)
    except EtlError as exc:
        log.error("inbox.failed", kind=type(exc).__name__, error=exc)
        raise SystemExit(1) from exc


def _ready(settings: "Settings") -> "S3Store":
    """Raises ConfigError where readers' letters must not be sent to anybody."""
    from etl.store.s3.store import S3Store

    if not settings.inbox.on:
        raise ConfigError("INBOX: off, so nothing is sent to Amazon's services; set INBOX=on")
    return S3Store.connect(settings.store.bucket, settings.store.folder)


def _make_round(settings: "Settings", store: "S3Store") -> "RoundResult":
    from etl.alerts.teller import Teller
    from etl.inbox import rounds

    return rounds.make_round(
        settings, store, Teller(settings, store, handed_over()), datetime.now(UTC)
    )
