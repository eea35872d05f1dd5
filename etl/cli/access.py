"""Make an object public or private by an ACL, and try whether a stranger can read it."""

import click

from etl.errors import StoreError
from etl.settings.groups import Settings
from etl.store.places import is_rewritten
from etl.store.s3.bucket import closed_to_all
from etl.store.s3.store import S3Store

LASTS = "python app.py setup --public is permanent"


def make_public(settings: Settings, key: str) -> None:
    """Let everybody read an object, and say so once a request without credentials has read it.

    Raises StoreError if the ACL is refused, or it was taken and the object is closed nevertheless.
    """
    store = _store(settings)
    store.set_acl(key, public=True)
    address = store.signer().address(key)
    if why := closed_to_all(address):
        raise StoreError(
            f"{address}: the ACL is set, but a request without credentials can't read it ({why}); "
            "the bucket or the account may block public access: run python app.py setup --public, "
            "or share a link that expires (python app.py share KEY)"
        )
    click.echo(f"{address}: everyone can read it (tested without credentials)")
    if is_rewritten(key):
        warning = "the next run that writes it makes it private again"
        click.echo(f"warning: {warning}; {LASTS}", err=True)


def make_private(settings: Settings, key: str) -> None:
    """Let only the owner read an object; warn if a stranger still can. Raises StoreError."""
    store = _store(settings)
    store.set_acl(key, public=False)
    address = store.signer().address(key)
    click.echo(f"{address}: private")
    if not closed_to_all(address):
        warning = "a request without credentials can still read it, because of the bucket's policy"
        click.echo(f"warning: {warning}", err=True)


def _store(settings: Settings) -> S3Store:
    return S3Store.connect(settings.store.bucket, settings.store.folder)
