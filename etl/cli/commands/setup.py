"""`setup`: make the bucket ready, and show first what will change."""

import json

import click

from etl.cli.options import JSON, YES, in_common, in_force
from etl.errors import ConfigError


@click.command()
@click.option("--public", is_flag=True, help="Let anyone read what is published in the folder.")
@click.option("--website", is_flag=True, help="With --public: serve index.html over http.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@YES
@click.option("--policy", is_flag=True, help="Only print the IAM policy that the worker needs.")
@JSON
def setup(
    public: bool, website: bool, dry_run: bool, yes: bool, policy: bool, as_json: bool
) -> None:
    """Create or configure the bucket, and create the topic for alerts.

    A new bucket is encrypted, versioned and private, and S3 itself removes expired files.

    \b
    python app.py setup --dry-run    show what it would change
    python app.py setup --policy     print the smallest policy that the worker's IAM user needs

    Settings that others made in the bucket stay. Running it again has no effect.
    """
    if website and not public:
        raise click.UsageError("--website needs --public: a website shows what anyone may read")
    from etl.cli.bucket_setup import SetupOptions, set_up_bucket, set_up_topic

    settings = in_common() if policy else in_force()  # one user serves all of SOURCES
    options = SetupOptions(dry_run, yes, as_json, "page" in settings.table.outputs)
    if not settings.store.bucket and settings.alerts.topic and not (public or policy):
        answer = {"topic": set_up_topic(settings.alerts.topic, options)}
        if as_json:
            click.echo(json.dumps(answer, indent=2))
        return
    if not settings.store.bucket:
        folder = settings.store.output_dir
        raise ConfigError(f"S3_BUCKET: not set; the folder {folder} needs no setup")
    from etl.store.s3.setup import BucketWish
    from etl.store.s3.setup.policy import worker_policy
    from etl.store.s3.store import S3Store

    store = S3Store.connect(settings.store.bucket, settings.store.folder)
    arn = f"arn:{store.client.meta.partition}:s3:::"
    wish = BucketWish(store.bucket, store.folder, public, website, arn, settings.inbox.on)
    if policy:
        alerts = settings.alerts
        rules = worker_policy(wish, alerts.topic, translates=bool(alerts.translate_to))
        click.echo(json.dumps(rules, indent=2))
    else:
        set_up_bucket(store, wish, settings.alerts.topic, options)
