"""Make the bucket and the topic ready: show what would change, ask, change it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from etl.alerts.sns import Topic
from etl.cli.options import confirm
from etl.errors import ConfigError, StoreError
from etl.store.layout import MANIFEST, PAGE
from etl.store.s3.bucket import public_address
from etl.store.s3.setup import BucketChange, BucketState, BucketWish, plan
from etl.store.s3.setup.apply import Outcome, make_changes
from etl.store.s3.setup.read import read_setup
from etl.store.s3.setup.trial import try_out
from etl.store.s3.store import S3Store


@dataclass(frozen=True)
class SetupOptions:
    """`dry_run`: change nothing. `yes`: don't ask. `as_json`: print JSON, the rest on stderr.

    `has_page`: whether OUTPUTS publishes the page, whose address is then shown.
    """

    dry_run: bool
    yes: bool
    as_json: bool
    has_page: bool

    def say(self, line: str) -> None:
        click.echo(line, err=self.as_json)


def set_up_bucket(store: S3Store, wish: BucketWish, topic: str, options: SetupOptions) -> None:
    """Make or change the bucket to match `wish`, and make the topic unless its name is empty.

    Raises ConfigError if S3 does not allow the bucket's name, or if OUTPUTS has no page for a
    website; AlertError; and StoreError, also if the bucket does not work at the end.
    """
    if wish.website and not options.has_page:
        raise ConfigError("OUTPUTS: has no page, so there is no website; add page, or leave it out")
    found = read_setup(store, website=wish.website)
    if not found.exists and (faults := plan.name_faults(wish.bucket)):
        raise ConfigError([f"S3_BUCKET: {wish.bucket!r}: {fault}" for fault in faults])
    changes, notes = plan.plan_changes(found, wish), plan.notes(found, wish)
    options.say(f"{store.address}: {_counted(changes) or 'nothing to do'}")
    for line in [*(f"+ {change.sentence}" for change in changes), *notes]:
        options.say(f"  {line}")
    made = _apply(store, found, changes, options) if changes and not options.dry_run else []
    done = {each.change.call: each for each in made}
    made_topic = set_up_topic(topic, options) if topic else None
    fault = "" if options.dry_run else try_out(store).fault
    address = partial(public_address, store, found.region)
    answer = {
        "changes": [
            {"call": each.call, "sentence": each.sentence} | _became(done.get(each.call))
            for each in changes
        ],
        "notes": notes,
        "page": address(PAGE) if wish.public and options.has_page else None,
        "manifest": address(MANIFEST) if wish.public else None,
        "website": plan.website_address(wish, found.region) if wish.website else None,
        "topic": made_topic,
        "fault": fault or None,
    }
    _show(answer, options)
    if fault:
        raise StoreError(f"{store.address} could not be tested: {fault}")


def _apply(
    store: S3Store, found: BucketState, changes: Sequence[BucketChange], options: SetupOptions
) -> list[Outcome]:
    """Ask, make the changes, and return what became of them."""
    confirm(f"Make {_counted(changes)}?", yes=options.yes)
    made = []
    for outcome in make_changes(store, found, changes):
        options.say(outcome.line)
        made.append(outcome)
    return made


def _became(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"made": False}
    return {"made": outcome.made} | ({"why": outcome.why} if outcome.why else {})


def _show(answer: dict[str, Any], options: SetupOptions) -> None:
    if options.as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    if answer["page"]:
        options.say(f"the page: {answer['page']}")
    elif answer["manifest"]:
        options.say(f"the list of all files (OUTPUTS has no page): {answer['manifest']}")
    if answer["website"]:
        options.say(f"the website, on AWS: {answer['website']}")
    if not options.dry_run and not answer["fault"]:
        options.say("next: python app.py doctor tests everything that the worker needs")


def set_up_topic(name: str, options: SetupOptions) -> dict[str, str | bool]:
    """Make the topic after asking, if it is missing; return its name and whether it was made."""
    topic = Topic(name)
    missing = not topic.exists()
    options.say(f"{topic.shown}: {'1 change' if missing else 'nothing to do'}")
    if missing:
        options.say("  + create the topic that alerts are sent to")
    if missing and not options.dry_run:
        confirm("Make 1 change?", yes=options.yes)
        topic.ensure()
        options.say("done; next: python app.py subscribe adds a subscriber")
    return {"name": name, "made": missing and not options.dry_run}


def _counted(changes: Sequence[BucketChange]) -> str:
    return f"{len(changes)} change{'s' * (len(changes) > 1)}" if changes else ""
