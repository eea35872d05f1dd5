"""Share objects with others: links that expire, and public addresses."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from etl.cli.options import JSON, Key, in_force
from etl.errors import StoreError
from etl.settings.groups import Settings
from etl.store.layout import PAGE
from etl.store.signing import Link, Temporary

LONGEST = timedelta(days=7)  # S3 takes no signature that lasts longer
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Lasting(click.ParamType[timedelta]):
    """How long a link is valid, such as 30m, 24h or 7d."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", value)
        if not found:
            self.fail(f"expected a time such as 30m, 24h or 7d, got {value[:80]!r}")
        lasts = timedelta(**{UNITS[found[2]]: int(found[1])})
        if lasts > LONGEST:
            self.fail(f"{value} is too long: S3 signs links for at most 7d")
        return lasts


@click.command()
@click.argument("key", type=Key(), required=False)
@click.option("--expires", type=Lasting(), default="24h", show_default=True, help="30m, 24h, 7d.")
@click.option("--page", "how", flag_value="page", help="Share the page and everything it links to.")
@click.option(
    "--inbox", "how", flag_value="inbox", help="Share a form that readers can write to you with."
)
@click.option("--public", "how", flag_value="public", help="Let everyone read it, with an ACL.")
@click.option("--private", "how", flag_value="private", help="Make it private again.")
@JSON
def share(key: str | None, expires: timedelta, how: str | None, as_json: bool) -> None:
    """Print a link that lets anyone read one object until it expires.

    \b
    python app.py share latest.csv                for a day
    python app.py share latest.csv --expires 7d   for a week, the maximum
    python app.py share --page                    the page of a private folder
    python app.py share --inbox --expires 7d      a form for remarks and pictures
    """
    if (key is None) != (how in ("page", "inbox")):
        raise click.UsageError("name the KEY to share, or use --page or --inbox")
    from etl.load import share as shared
    from etl.store.transfer import require

    settings = in_force()
    _require_bucket(settings, key or PAGE)
    from etl.store.s3.store import S3Store

    store = S3Store.connect(settings.store.bucket, settings.store.folder)
    if key is not None:
        require(store, key)
    if key is not None and how is not None:
        from etl.cli.access import make_private, make_public

        (make_public if how == "public" else make_private)(settings, key)
        return
    signer = store.signer()
    if how == "inbox":
        from etl.inbox import form

        key = form.share(settings.alerts.translate_to, store, signer, expires)
        if not settings.inbox.on:
            click.echo(
                "warning: INBOX is off: letters are not read until you set INBOX=on", err=True
            )
    elif key is None:
        expires_at = datetime.now(UTC) + expires
        key = shared.copy_page(store, lambda name: signer.link(name, expires).url, expires_at)
    _show(signer.link(key, expires), signer.temporary, as_json)


def _show(link: Link, temporary: Temporary | None, as_json: bool) -> None:
    """Print only the link on standard output, and the notes about it on standard error."""
    warning = None
    if temporary and temporary.until is None:
        warning = "the credentials are temporary: the link expires with them, maybe much sooner"
    elif temporary and temporary.until and temporary.until < link.expires_at:
        warning = (
            f"the credentials are temporary: they and the link expire at {_at(temporary.until)}"
        )
    if as_json:
        from etl.cli.console import print_json

        print_json({"url": link.url, "expires_at": link.expires_at, "warning": warning})
        return
    click.echo(link.url)
    click.echo(f"expires at {_at(link.expires_at)}", err=True)
    if warning:
        click.echo(f"warning: {warning}", err=True)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _require_bucket(settings: Settings, key: str) -> None:
    """Raise StoreError if the files are in a local folder, since only a server can share them."""
    if settings.store.bucket:
        return
    path = (settings.store.output_dir / key).absolute()
    where = f"the file itself is {path}" if path.is_file() else f"{path} does not exist"
    raise StoreError(f"a local folder can't sign links (S3_BUCKET is not set); {where}")
