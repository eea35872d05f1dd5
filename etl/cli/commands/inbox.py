"""`inbox`: read what readers sent, or show what became of it."""

from datetime import UTC, datetime

import click

from etl import log
from etl.cli.options import JSON, handed_over, in_force, open_store
from etl.errors import ConfigError, EtlError
from etl.settings.groups import Settings


@click.command()
@click.option("--list", "listed", is_flag=True, help="Only show earlier results; read nothing.")
@click.option(
    "--last",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many letters to show.",
)
@JSON
def inbox(listed: bool, last: int, as_json: bool) -> None:
    """Read new letters from readers, or show the results.

    \b
    python app.py inbox            read new letters
    python app.py inbox --list     show letters that were read, newest last, and those that wait
    python app.py share --inbox    make a form that readers can write to you with
    """
    from etl.cli.print_letters import print_letters
    from etl.inbox import claims, results

    settings = in_force()
    if listed:
        store = open_store(settings)
        letters, waiting = results.latest_results(store, last), claims.all_progress(store)
    else:
        _require_inbox(settings)
        from etl.alerts.teller import Teller
        from etl.inbox.rounds import make_round
        from etl.store.s3.store import S3Store

        bucket = S3Store.connect(settings.store.bucket, settings.store.folder)
        teller = Teller(settings, bucket, handed_over())
        done = make_round(settings.inbox, bucket, teller, datetime.now(UTC))
        letters, waiting = done.letters, done.waiting
    print_letters(letters, waiting, as_json=as_json, where=settings.store.address)


@click.command("read-inbox", hidden=True)
def read_inbox() -> None:
    """Read the inbox, renew the form, send the alerts that wait; called by the worker."""
    from etl.alerts.teller import Teller
    from etl.inbox import form
    from etl.inbox.rounds import make_round
    from etl.store.s3.store import S3Store

    settings = in_force()
    _require_inbox(settings)
    store = S3Store.connect(settings.store.bucket, settings.store.folder)
    form.renew(settings.inbox, settings.alerts.translate_to, store, datetime.now(UTC))
    try:
        teller = Teller(settings, store, handed_over())
        make_round(settings.inbox, store, teller, datetime.now(UTC))
    except EtlError as exc:
        log.error("inbox.failed", kind=type(exc).__name__, error=exc)
        raise SystemExit(1) from exc


def _require_inbox(settings: Settings) -> None:
    """Raise ConfigError if the inbox is off: letters must not reach Amazon's services then."""
    if not settings.inbox.on:
        raise ConfigError("INBOX: off, so nothing is sent to Amazon's services; set INBOX=on")
