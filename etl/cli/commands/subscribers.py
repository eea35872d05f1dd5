"""Manage who receives alerts: subscribe, list and unsubscribe."""

import json
from dataclasses import asdict
from typing import Any

import click

from etl.cli.options import JSON, YES, confirm, in_common, topic_name
from etl.errors import AlertError
from etl.settings.alert_rules import KINDS
from etl.settings.languages import ORIGINAL

NOTES = "notes"
PROTOCOLS = click.Choice(("sms", "email", "https"), case_sensitive=False)


class Kinds(click.ParamType[tuple[str, ...]]):
    """Kinds of alert, separated by commas."""

    name = "kinds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):  # the default
            return value
        names = tuple(dict.fromkeys(name.strip() for name in value.lower().split(",")))
        if not set(names) <= {*KINDS, NOTES}:
            self.fail(f"expected some of {', '.join((*KINDS, NOTES))}, got {value[:80]!r}")
        return names


@click.command()
@click.argument("protocol", type=PROTOCOLS)
@click.argument("endpoint")
@click.option(
    "--lang", default=ORIGINAL, show_default=True, help="Language: en or one of TRANSLATE_TO."
)
@click.option("--only", type=Kinds(), default=(), help="Only these kinds: " + ", ".join(KINDS))
@click.option("--again", is_flag=True, help="Send a pending confirmation again.")
@JSON
def subscribe(
    protocol: str, endpoint: str, lang: str, only: tuple[str, ...], again: bool, as_json: bool
) -> None:
    """Add a subscriber, or change which alerts they get.

    \b
    python app.py subscribe email ada@example.org
    python app.py subscribe sms +34600111222 --lang ca --only failures,thresholds
    python app.py subscribe https https://example.org/hook

    For e-mail and https, AWS sends a link that must be opened within 48 hours. With --again AWS
    sends another one; the subscription is pending until a link is opened.
    """
    from etl.alerts import phones, subscriptions
    from etl.alerts.sns import Topic

    endpoint = _valid(protocol, endpoint)
    settings = in_common()
    topic = Topic(topic_name(settings))
    if lang not in (ORIGINAL, *settings.alerts.translate_to):
        spoken = ", ".join((ORIGINAL, *settings.alerts.translate_to))
        raise click.UsageError(
            f"--lang {lang}: alerts are sent in {spoken}; set TRANSLATE_TO to add a language"
        )
    if protocol == "sms":
        for doubt in phones.doubts(topic, [endpoint]):
            click.echo(f"warning: {doubt}", err=True)
    made = subscriptions.subscribe(topic, protocol, endpoint, lang, only, again=again)
    if as_json:
        click.echo(json.dumps(_shown(asdict(made))))
    elif made.arn is None:
        click.echo(
            f"confirmation requested{' again' * again} from {endpoint}: AWS sends a link, which "
            "may take some minutes; alerts start when it is opened, within 48 hours"
        )
    else:
        click.echo(f"{endpoint} gets {_all_or(only)} in {lang}; a change takes up to 15 minutes")


def _valid(protocol: str, endpoint: str) -> str:
    from etl.alerts.subscriptions import valid_endpoint

    try:
        return valid_endpoint(protocol, endpoint)
    except ValueError as exc:
        raise click.UsageError(f"ENDPOINT: {exc}") from exc


@click.command()
@JSON
def subscribers(as_json: bool) -> None:
    """List the subscribers, their languages and the alerts they get."""
    from etl.alerts import subscriptions
    from etl.alerts.sns import Topic

    found = list(subscriptions.described(Topic(topic_name(in_common()))))
    if as_json:
        click.echo(json.dumps([_shown(asdict(each)) for each in found], indent=2))
        return
    for each in found:
        languages = ",".join(each.languages) or "every language"
        state = f"{languages}  {_all_or(each.kinds)}"
        if each.arn is None:
            state = "unsubscribed" if each.deleted else "not confirmed yet"
        click.echo(f"{each.protocol:6} {each.endpoint:32} {state}")
    if not found:
        click.echo("no subscribers; python app.py subscribe adds one")


@click.command()
@click.argument("who", required=False, metavar="ENDPOINT|ARN")
@click.option("--all", "protocol", type=PROTOCOLS, help="All subscribers of this kind.")
@YES
def unsubscribe(who: str | None, protocol: str | None, yes: bool) -> None:
    """Remove a subscriber.

    \b
    python app.py unsubscribe ada@example.org
    python app.py unsubscribe --all sms
    """
    if (who is None) == (protocol is None):
        raise click.UsageError("name an ENDPOINT or ARN, or use --all sms, email or https")
    from etl.alerts import subscriptions
    from etl.alerts.sns import Topic

    topic = Topic(topic_name(in_common()))
    names = (who, who.replace(" ", "")) if who else ()
    meant = [
        each
        for each in subscriptions.listed(topic)
        if each.protocol == protocol or each.endpoint in names or (who and each.arn in names)
    ]
    if protocol:
        meant = [each for each in meant if not each.deleted]
    if not meant:
        raise AlertError(
            f"{who or protocol}: no such subscriber; python app.py subscribers lists them"
        )
    confirmed = [each for each in meant if each.arn]
    if protocol and confirmed:
        confirm(f"Unsubscribe {len(confirmed)} by {protocol}?", yes=yes)
    for each in confirmed:
        subscriptions.unsubscribe(topic, each)
        click.echo(f"{each.endpoint} is unsubscribed")
    for each in meant:
        if each.arn is None:
            subscriptions.unsubscribe(topic, each)  # it says why it can't


def _all_or(kinds: tuple[str, ...]) -> str:
    return ", ".join(kinds) or "everything"


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "confirmed": fields["arn"] is not None}
