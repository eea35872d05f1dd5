"""`status` and `open`: what is published, and where to look at it."""

import webbrowser
from datetime import UTC, datetime, timedelta

import click

from etl.cli.options import JSON, in_force, open_store
from etl.errors import StoreError
from etl.settings.groups import Settings
from etl.store.layout import PAGE

VALID = timedelta(hours=1)  # of the links in a copy of a private page
LIMIT_S = 5.0


@click.command()
@JSON
def status(as_json: bool) -> None:
    """Show what is published, the last check and the next run.

    The exit status is 0 if all is well, and 1 if the last check failed or a slot is overdue.
    """
    from etl.cli.print_overview import print_overview
    from etl.history import history as histories
    from etl.upkeep.overview import overview

    settings = in_force()
    past, _ = histories.read(open_store(settings))
    seen = overview(past, settings, datetime.now(UTC))
    print_overview(seen, settings.schedule.timezone, as_json=as_json)
    if not seen.well:
        raise SystemExit(1)


@click.command("open")
@click.option(
    "--print", "only_print", is_flag=True, help="Print the address; don't open a browser."
)
def open_page(only_print: bool) -> None:
    """Open the published page in a browser, or print its address if there is no browser.

    For a private bucket, this opens a copy of the page whose links expire after an hour, like
    `share --page`.
    """
    address = _page_address(in_force())
    if only_print or not webbrowser.open(address):
        click.echo(address)


def _page_address(settings: Settings) -> str:
    """Return a URL at which this machine can read the page. Raises StoreError if there is none."""
    from etl.history import manifest as manifests
    from etl.load.share import copy_page
    from etl.store.transfer import require
    from etl.upkeep.versions import nothing_published

    store = open_store(settings)
    if not store.head(PAGE) and not manifests.read(store):
        raise nothing_published(store)
    if "page" not in settings.table.outputs and not store.head(PAGE):
        raise StoreError(
            f"there is no page: OUTPUTS leaves it out; the files are in {store.address}, "
            "list them with: python app.py ls"
        )
    require(store, PAGE)
    signer = store.signer()
    if signer is None:
        return (settings.store.output_dir / PAGE).resolve().as_uri()
    if is_public(signer.address(PAGE)):
        return signer.address(PAGE)
    copy = copy_page(store, lambda name: signer.link(name, VALID).url, datetime.now(UTC) + VALID)
    return signer.link(copy, VALID).url


def is_public(address: str) -> bool:
    """Say whether anyone can read this address."""
    import requests

    try:
        with requests.get(address, stream=True, timeout=LIMIT_S) as answer:
            return answer.ok
    except requests.RequestException:
        return False
