"""The account's buckets."""

import click

from etl.cli.options import JSON, YES, confirm, in_common
from etl.errors import ConfigError, escaped


@click.command()
@click.option("--delete", "name", metavar="NAME", help="Delete this one, if it is empty.")
@YES
@JSON
def buckets(name: str | None, yes: bool, as_json: bool) -> None:
    """List the account's buckets, or delete an empty one after asking."""
    settings = in_common()
    if not settings.store.bucket:
        raise ConfigError(
            f"S3_BUCKET: not set, so everything is kept in the folder {settings.store.output_dir} "
            "of this machine, which has no buckets; set it to work on S3"
        )
    from etl.cli.print_objects import print_buckets
    from etl.store.s3 import bucket
    from etl.store.s3.store import S3Store

    client = S3Store.connect(settings.store.bucket).client
    if name is None:
        print_buckets(bucket.list_buckets(client), as_json=as_json)
        return
    bucket.want_empty(client, name)
    confirm(f"Delete the bucket {name}?", yes=yes, typed=name)
    bucket.delete_bucket(client, name)
    click.echo(f"{escaped(name)}: deleted")
