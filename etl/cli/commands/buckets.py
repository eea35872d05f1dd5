"""The account's buckets."""

from typing import TYPE_CHECKING

import click

from etl.cli.options import JSON, YES, confirm, in_common
from etl.errors import escaped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@click.command()
@click.option("--delete", metavar="NAME", help="Delete this bucket, if it is empty.")
@click.option(
    "--empty", metavar="NAME", help="Remove everything in this bucket, including former versions."
)
@YES
@JSON
def buckets(delete: str | None, empty: str | None, yes: bool, as_json: bool) -> None:
    """List the account's buckets; empty or delete one after you type its name.

    \b
    python app.py buckets                  works without S3_BUCKET
    python app.py buckets --empty NAME     removes all objects and former versions permanently
    python app.py buckets --delete NAME    deletes the empty bucket
    """
    if delete and empty:
        raise click.UsageError("use --empty first, and then --delete")
    settings = in_common()
    from etl.cli.print_objects import print_buckets
    from etl.store.s3 import bucket
    from etl.store.s3.store import S3Store

    client = S3Store.connect(settings.store.bucket).client
    if empty:
        _empty(client, empty, yes=yes)
    elif delete:
        bucket.want_empty(client, delete)
        confirm(f"Delete the bucket {delete}?", yes=yes, typed=delete)
        bucket.delete_bucket(client, delete)
        click.echo(f"{escaped(delete)}: deleted")
    else:
        print_buckets(bucket.list_buckets(client), as_json=as_json)


def _empty(client: "S3Client", name: str, *, yes: bool) -> None:
    from etl.store.s3.bucket import COUNTED
    from etl.store.s3.emptying import count_versions, empty_bucket

    count = count_versions(client, name, COUNTED)
    if not count:
        click.echo(f"{escaped(name)}: already empty")
        return
    amount = f"more than {COUNTED:,}" if count > COUNTED else f"{count:,}"
    what = f"{amount} object{'s' if count > 1 else ''}, including former versions"
    confirm(f"Permanently remove {what}, from the bucket {name}?", yes=yes, typed=name)
    removed = sum(empty_bucket(client, name))
    click.echo(f"{escaped(name)}: {removed:,} removed; it is now empty")
