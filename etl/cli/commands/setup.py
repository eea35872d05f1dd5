"""`setup`: make the bucket ready, and show first what will change."""

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from etl.cli.options import JSON, YES, confirm, in_common, in_force
from etl.errors import ConfigError

if TYPE_CHECKING:
    from etl.store.s3.setup import BucketChange, BucketWish
    from etl.store.s3.store import S3Store


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
    """Make the bucket ready, and the topic of the alerts.

    Encrypted, versioned, cleared up by S3 itself, private.

    \b
    python app.py setup --dry-run    see what it would change
    python app.py setup --policy     the least that the worker's IAM user needs

    What others have set up in the bucket stays. A second run finds nothing to do.
    """
    if website and not public:
        raise click.UsageError("--website needs --public: a website shows what anyone may read")
    settings = in_common() if policy else in_force()  # one user serves all of SOURCES
    if not settings.store.bucket and settings.alerts.topic and not (public or policy):
        told = _set_up_topic(settings.alerts.topic, dry_run=dry_run, yes=yes, as_json=as_json)
        if as_json:
            click.echo(json.dumps({"topic": told}, indent=2))
        return
    if not settings.store.bucket:
        raise ConfigError(
            f"S3_BUCKET: not set; the folder {settings.store.output_dir} needs no setup"
        )
    from etl.store.s3.setup import BucketWish
    from etl.store.s3.setup.policy import worker_policy
    from etl.store.s3.store import S3Store

    store = S3Store.connect(settings.store.bucket, settings.store.folder)
    arn = f"arn:{store.client.meta.partition}:s3:::"
    wish = BucketWish(store.bucket, store.folder, public, website, arn, settings.inbox.on)
    if policy:
        translates = bool(settings.alerts.translate_to)
        rules = worker_policy(wish, settings.alerts.topic, translates=translates)
        click.echo(json.dumps(rules, indent=2))
    else:
        _set_up(store, wish, settings.alerts.topic, dry_run=dry_run, yes=yes, as_json=as_json)


def _set_up(
    store: "S3Store", wish: "BucketWish", topic: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from etl.store.layout import PAGE
    from etl.store.s3.bucket import public_address
    from etl.store.s3.setup import plan
    from etl.store.s3.setup.apply import apply_change, read_setup

    say = partial(click.echo, err=as_json)
    found = read_setup(store, website=wish.website)
    if not found.exists and (faults := plan.name_faults(wish.bucket)):
        raise ConfigError([f"S3_BUCKET: {wish.bucket!r}: {fault}" for fault in faults])
    changes, notes = plan.plan_changes(found, wish), plan.notes(found, wish)
    say(f"{store.address}: {_counted(changes) or 'nothing to do'}")
    for line in [*(f"+ {change.sentence}" for change in changes), *notes]:
        say(f"  {line}")
    made = set()
    if changes and not dry_run:
        confirm(f"Make {_counted(changes)}?", yes=yes)
        for change in changes:
            done = apply_change(store, change)
            made |= {change.call} if done else set()
            word = "done" if done else "left out, since this server can't"
            say(f"{word}: {change.sentence}")
    told = _set_up_topic(topic, dry_run=dry_run, yes=yes, as_json=as_json) if topic else None
    page = public_address(store, found.region, PAGE) if wish.public else None
    site = plan.website_address(wish, found.region) if wish.website else None
    if as_json:
        listed = [{"call": c.call, "sentence": c.sentence, "made": c.call in made} for c in changes]
        answer = {"changes": listed, "notes": notes, "page": page, "website": site, "topic": told}
        click.echo(json.dumps(answer, indent=2))
        return
    if page:
        say(f"the page: {page}")
    if site:
        say(f"the website, on AWS: {site}")
    if not dry_run:
        say("next: python app.py doctor tries out what the worker needs")


def _set_up_topic(name: str, *, dry_run: bool, yes: bool, as_json: bool) -> dict[str, str | bool]:
    from etl.alerts.sns import Topic

    say, topic = partial(click.echo, err=as_json), Topic(name)
    missing = not topic.exists()
    say(f"{topic.shown}: {'1 change' if missing else 'nothing to do'}")
    if missing:
        say("  + make the topic, which alerts are sent to")
    if missing and not dry_run:
        confirm("Make 1 change?", yes=yes)
        topic.ensure()
        say("done: next, python app.py subscribe adds somebody to be told")
    return {"name": name, "made": missing and not dry_run}


def _counted(changes: "list[BucketChange]") -> str:
    return f"{len(changes)} change{'s' * (len(changes) > 1)}" if changes else ""
