"""`setup`: make the bucket ready, and show first what will change."""

import json
from typing import TYPE_CHECKING

import click

from etl.commands import JSON, YES, confirm, in_force
from etl.errors import ConfigError

if TYPE_CHECKING:
    from etl.bucket import Change, Wish
    from etl.stores.s3 import S3Store


@click.command()
@click.option("--public", is_flag=True, help="Let anyone read what is published in the folder.")
@click.option("--website", is_flag=True, help="With --public: serve index.html, by http.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@YES
@click.option("--policy", is_flag=True, help="Only print the IAM policy that the worker needs.")
@JSON
def setup(
    public: bool, website: bool, dry_run: bool, yes: bool, policy: bool, as_json: bool
) -> None:
    """Make the bucket, or make it ready: encrypted, versioned, cleared up, private.

    \b
    python app.py setup --dry-run    see what it would change
    python app.py setup --policy     the least that the worker's IAM user needs

    What others have set up in the bucket stays. A second run finds nothing to do.
    """
    if website and not public:
        raise click.UsageError("--website needs --public: a website shows what anyone may read")
    settings = in_force()
    if not settings.s3_bucket:
        raise ConfigError(f"S3_BUCKET: not set; the folder {settings.output_dir} needs no setup")
    from etl.bucket import Wish
    from etl.bucket.policy import worker_policy
    from etl.stores.s3 import S3Store

    store = S3Store.connect(settings.s3_bucket, settings.s3_folder)
    arn = f"arn:{store.client.meta.partition}:s3:::"
    wish = Wish(store.bucket, store.folder, public, website, arn)
    if policy:
        click.echo(json.dumps(worker_policy(wish), indent=2))
    else:
        _set_up(store, wish, dry_run=dry_run, yes=yes, as_json=as_json)


def _set_up(store: "S3Store", wish: "Wish", *, dry_run: bool, yes: bool, as_json: bool) -> None:
    from etl.bucket import plan
    from etl.stores import s3_bucket

    found = s3_bucket.look(store, website=wish.website)
    if not found.exists and (faults := plan.name_faults(wish.bucket)):
        raise ConfigError([f"S3_BUCKET: {wish.bucket!r}: {fault}" for fault in faults])
    changes, notes = plan.plan(found, wish), plan.notes(found, wish)
    click.echo(f"{store.address}: {_counted(changes) or 'nothing to do'}", err=as_json)
    for change in changes:
        click.echo(f"  + {change.sentence}", err=as_json)
    for note in notes:
        click.echo(f"  {note}", err=as_json)
    made: dict[str, bool] = {}
    if changes and not dry_run:
        confirm(f"Make {_counted(changes)}?", yes=yes)
        for change in changes:
            made[change.call] = s3_bucket.apply(store, change)
            word = "done" if made[change.call] else "left out, since this server can't"
            click.echo(f"{word}: {change.sentence}", err=as_json)
    page = s3_bucket.public_address(store, wish, found.region, "index.html")
    site = plan.website_address(wish, found.region) if wish.website else None
    if as_json:
        told = [
            {"call": c.call, "sentence": c.sentence, "made": made.get(c.call, False)}
            for c in changes
        ]
        page_if_public = page if wish.public else None
        answer = {"changes": told, "notes": notes, "page": page_if_public, "website": site}
        click.echo(json.dumps(answer, indent=2))
    elif wish.public:
        click.echo(f"the page: {page}" + (f"\nthe website: {site}" if site else ""))
    elif not dry_run:
        click.echo("next: python app.py doctor tries out what the worker needs")


def _counted(changes: "list[Change]") -> str:
    return f"{len(changes)} change{'s' * (len(changes) > 1)}" if changes else ""
