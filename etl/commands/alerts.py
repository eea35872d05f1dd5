"""Who is told: subscribers, topics, and messages by hand."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from etl.alerts.settings import KINDS, ORIGINAL
from etl.commands import JSON, YES, confirm, in_common, open_store
from etl.errors import AlertError, ConfigError

if TYPE_CHECKING:
    from config import Settings
    from etl.alerts.sns import Topic
    from etl.alerts.subscriptions import Subscription

NOTES = "notes"
MOST_CHARACTERS = 20_000
PROTOCOLS = click.Choice(("sms", "email", "https"))


class Kinds(click.ParamType[tuple[str, ...]]):
    """Some of the kinds of alert, with commas between."""

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


def _topic(settings: "Settings") -> "Topic":
    """Raises ConfigError where nobody is to be told."""
    from etl.alerts.sns import Topic

    if not settings.alert_topic:
        raise ConfigError(
            "ALERT_TOPIC: not set, so nobody is told; set it to a name such as cloud-etl, and make "
            "the topic with: python app.py setup"
        )
    return Topic(settings.alert_topic)


@click.command()
@click.argument("protocol", type=PROTOCOLS)
@click.argument("endpoint")
@click.option("--lang", default=ORIGINAL, show_default=True, help="One of en and TRANSLATE_TO.")
@click.option("--only", type=Kinds(), default=(), help="Only these kinds: " + ", ".join(KINDS))
@JSON
def subscribe(
    protocol: str, endpoint: str, lang: str, only: tuple[str, ...], as_json: bool
) -> None:
    """Let somebody be told, or change what they are told of.

    \b
    python app.py subscribe email ada@example.org
    python app.py subscribe sms +34600111222 --lang ca --only failures,thresholds
    python app.py subscribe https https://example.org/hook

    Who is asked by e-mail or https has to confirm it.
    """
    from etl.alerts import subscriptions

    try:
        endpoint = subscriptions.valid_endpoint(protocol, endpoint)
    except ValueError as exc:
        raise click.UsageError(f"ENDPOINT: {exc}") from exc
    settings = in_common()
    topic = _topic(settings)
    if lang not in (ORIGINAL, *settings.translate_to):
        spoken = ", ".join((ORIGINAL, *settings.translate_to))
        raise click.UsageError(
            f"--lang {lang}: alerts go out in {spoken}; set TRANSLATE_TO to add a language"
        )
    made = subscriptions.subscribe(topic, protocol, endpoint, lang, only)
    if as_json:
        click.echo(json.dumps(_shown(made)))
    elif made.arn is None:
        click.echo(
            f"{endpoint} was asked, and is told from when it has confirmed (within 48 hours)"
        )
    else:
        click.echo(
            f"{endpoint} is told of {_all_or(only)} in {lang}; a change takes up to 15 minutes"
        )


@click.command()
@JSON
def subscribers(as_json: bool) -> None:
    """List who is told, in which language, of what."""
    from etl.alerts import subscriptions

    found = list(subscriptions.described(_topic(in_common())))
    if as_json:
        click.echo(json.dumps([_shown(each) for each in found], indent=2))
        return
    for each in found:
        languages = ",".join(each.languages) or "every language"
        state = "not confirmed yet" if each.arn is None else f"{languages}  {_all_or(each.kinds)}"
        click.echo(f"{each.protocol:6} {each.endpoint:32} {state}")
    if not found:
        click.echo("nobody is told; python app.py subscribe adds somebody")


@click.command()
@click.argument("who", required=False, metavar="ENDPOINT|ARN")
@click.option("--all", "protocol", type=PROTOCOLS, help="Everybody who is told by this way.")
@YES
def unsubscribe(who: str | None, protocol: str | None, yes: bool) -> None:
    """Tell somebody no more.

    \b
    python app.py unsubscribe ada@example.org
    python app.py unsubscribe --all sms
    """
    if (who is None) == (protocol is None):
        raise click.UsageError("name an ENDPOINT or ARN, or say --all sms, email or https")
    from etl.alerts import subscriptions

    topic = _topic(in_common())
    meant = [s for s in subscriptions.listed(topic) if _means(s, who, protocol)]
    if not meant:
        raise AlertError(
            f"{who or protocol}: nobody of that name is told; python app.py subscribers lists them"
        )
    confirmed = [each for each in meant if each.arn]
    if protocol and confirmed:
        confirm(f"Unsubscribe {len(confirmed)} by {protocol}?", yes=yes)
    for each in confirmed:
        subscriptions.unsubscribe(topic, each)
        click.echo(f"{each.endpoint} is told no more")
    for each in meant:
        if each.arn is None:
            subscriptions.unsubscribe(topic, each)  # it says why it can't


@click.command()
@click.option("--delete", "name", metavar="NAME", help="Delete this one, with its subscriptions.")
@YES
@JSON
def topics(name: str | None, yes: bool, as_json: bool) -> None:
    """List the account's topics, or delete one after asking."""
    from etl.alerts import topics as all_topics
    from etl.alerts.sns import Topic

    settings = in_common()
    if name is not None:
        topic = Topic(name)
        confirm(f"Delete the topic {name} and all its subscriptions?", yes=yes)
        all_topics.delete(topic)
        click.echo(f"{name} is deleted")
        return
    arns = all_topics.topic_arns()
    if as_json:
        click.echo(json.dumps(arns, indent=2))
        return
    for arn in arns:
        own = settings.alert_topic in (arn, all_topics.name_of(arn))
        click.echo(all_topics.name_of(arn) + ("  (ALERT_TOPIC)" if own else ""))
    if not arns:
        click.echo("no topics; python app.py setup makes ALERT_TOPIC")


@click.command()
@click.argument("text")
@click.option("--to", "number", metavar="NUMBER", help="By SMS to this number alone.")
@click.option("--detect", is_flag=True, help="Find out the language that it is written in.")
@YES
@JSON
def notify(text: str, number: str | None, detect: bool, yes: bool, as_json: bool) -> None:
    """Send a message to everybody who is told, each in their language.

    \b
    python app.py notify "The source has moved; figures will be late today."
    python app.py notify "Look at the page, please." --to +34600111222
    python app.py notify --detect "Hoy es un buen dia"
    """
    if not text.strip() or len(text) > MOST_CHARACTERS:
        raise click.UsageError(f"TEXT: expected 1 to {MOST_CHARACTERS:,} characters")
    if number is not None and detect:
        raise click.UsageError("--to sends the text as it is; leave --detect out")
    settings = in_common()
    if number is not None:
        _send_sms(number, text, as_json)
    else:
        _send_note(settings, text, detect=detect, yes=yes, as_json=as_json)


def _send_sms(number: str, text: str, as_json: bool) -> None:
    from etl.alerts import gsm
    from etl.alerts.sns import Topic
    from etl.alerts.subscriptions import valid_endpoint

    try:
        number = valid_endpoint("sms", number)
    except ValueError as exc:
        raise click.UsageError(f"--to: {exc}") from exc
    if len(text) > gsm.LONGEST_SMS:
        raise click.UsageError(f"TEXT: an SMS has at most {gsm.LONGEST_SMS:,} characters")
    Topic("").text(number, text)
    if as_json:
        click.echo(json.dumps({"to": number, "parts": gsm.parts(text)}))
    else:
        click.echo(f"handed over for {number}, as {gsm.parts(text)} SMS")


def _send_note(settings: "Settings", text: str, *, detect: bool, yes: bool, as_json: bool) -> None:
    from etl.alerts import aws, notes, translate

    topic, store = _topic(settings), open_store(settings)
    source, score = ORIGINAL, 1.0
    if detect:
        source, score = translate.detect(text, aws.client("comprehend"))
    message_id = notes.note_id(datetime.now(UTC))
    note, failed = notes.written(
        text,
        source=source,
        languages=(ORIGINAL, *settings.translate_to),
        translator=translate.Translator(store),
        where=store.address,
        message_id=message_id,
    )
    for language, why in failed.items():
        click.echo(f"warning: not translated to {language}: {why}", err=True)
    if detect:
        click.echo(f"this is {source} ({score:.0%} sure); it would go out as", err=as_json)
        for language, message in note.items():
            click.echo(f"  {language}  {message.short}", err=as_json)
        confirm("Send it?", yes=yes)
    notes.send(topic, note, message_id)
    if as_json:
        sent = {language: asdict(message) for language, message in note.items()}
        click.echo(json.dumps({"id": message_id, "language": source, "sent": sent}, indent=2))
    else:
        click.echo(f"sent to {topic.shown} in {', '.join(note)}: {message_id}")


def _means(each: "Subscription", who: str | None, protocol: str | None) -> bool:
    if who is None:
        return each.protocol == protocol
    return who in (each.endpoint, each.arn) or who.replace(" ", "") == each.endpoint


def _all_or(kinds: tuple[str, ...]) -> str:
    return ", ".join(kinds) or "everything"


def _shown(each: "Subscription") -> dict[str, Any]:
    return {**asdict(each), "confirmed": each.arn is not None}
