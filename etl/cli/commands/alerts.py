"""The topics that messages go through, and messages by hand."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from etl.cli.options import JSON, YES, confirm, in_common, open_store, topic_name
from etl.settings.groups import Settings
from etl.settings.languages import ORIGINAL

MOST_CHARACTERS = 20_000


@click.command()
@click.option("--delete", "name", metavar="NAME", help="Delete this one, with its subscriptions.")
@YES
@JSON
def topics(name: str | None, yes: bool, as_json: bool) -> None:
    """List the account's topics, or delete one after asking."""
    from etl.alerts import sns
    from etl.alerts.sns import Topic

    settings = in_common()
    if name is not None:
        topic = Topic(name)
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
    from etl.alerts import sms
    from etl.alerts.sns import Topic
    from etl.alerts.subscriptions import valid_endpoint

    try:
        number = valid_endpoint("sms", number)
    except ValueError as exc:
        raise click.UsageError(f"--to: {exc}") from exc
    if len(text) > sms.LONGEST_SMS:
        raise click.UsageError(f"TEXT: an SMS has at most {sms.LONGEST_SMS:,} characters")
    Topic("").text(number, text)
    if as_json:
        click.echo(json.dumps({"to": number, "parts": sms.parts(text)}))
    else:
        click.echo(f"handed over for {number}, as {sms.parts(text)} SMS")


def _send_note(settings: Settings, text: str, *, detect: bool, yes: bool, as_json: bool) -> None:
    from etl.alerts import aws, notes, translate
    from etl.alerts.sns import Topic

    topic, store = Topic(topic_name(settings)), open_store(settings)
    source, score = ORIGINAL, 1.0
    if detect:
        source, score = translate.detect(text, aws.client("comprehend"))
    message_id = notes.note_id(datetime.now(UTC))
    note, failed = notes.written(
        text,
        source=source,
        languages=(ORIGINAL, *settings.alerts.translate_to),
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
