"""The topics that messages go through."""

import json

import click

from etl.cli.options import JSON, YES, confirm, in_common
from etl.settings.alert_rules import valid_topic


@click.command()
@click.option("--delete", "name", metavar="NAME", help="Delete this topic and its subscriptions.")
@YES
@JSON
def topics(name: str | None, yes: bool, as_json: bool) -> None:
    """List the account's topics, or delete one after asking."""
    from etl.alerts import sns
    from etl.alerts.sns import Topic

    settings = in_common()
    if name is not None:
        try:
            topic = Topic(valid_topic(name))
        except ValueError as exc:
            raise click.UsageError(f"--delete {name[:80]!r}: expected {exc}") from exc
        confirm(f"Delete the topic {name} and all its subscriptions?", yes=yes)
        sns.delete(topic)
        click.echo(f"{name} is deleted")
        return
    arns = sns.topic_arns()
    if as_json:
        click.echo(json.dumps(arns, indent=2))
        return
    for arn in arns:
        own = settings.alerts.topic in (arn, sns.name_of(arn))
        click.echo(sns.name_of(arn) + ("  (ALERT_TOPIC)" if own else ""))
    if not arns:
        click.echo("no topics; python app.py setup creates ALERT_TOPIC")
