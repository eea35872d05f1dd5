"""Send a message written by hand: show what goes out to whom, ask, send it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from etl.alerts import aws, messages, notes, phones, sms, subscriptions, translate
from etl.alerts.notes import Note
from etl.alerts.sns import Topic
from etl.alerts.state import KIND
from etl.alerts.subscriptions import Subscription
from etl.cli.options import confirm, open_store, topic_name
from etl.errors import AlertError
from etl.settings.groups import Settings
from etl.settings.languages import ORIGINAL


def send_sms(number: str, text: str, *, yes: bool, as_json: bool) -> None:
    """Send a text to one phone, after asking."""
    try:
        number = subscriptions.valid_endpoint("sms", number)
    except ValueError as exc:
        raise click.UsageError(f"--to: {exc}") from exc
    if (size := len(text.encode())) > sms.MOST_BYTES:
        raise click.UsageError(f"TEXT: {size:,} bytes; SNS accepts {sms.MOST_BYTES:,} per SMS")
    topic, parts = Topic(""), sms.parts(text)
    for doubt in phones.doubts(topic, [number]):
        click.echo(f"warning: {doubt}", err=True)
    confirm(f"Send this to {number}, as {parts} SMS?", yes=yes)
    topic.text(number, text)
    if as_json:
        click.echo(json.dumps({"to": number, "parts": parts}))
    else:
        click.echo(f"sent to SNS for {number}, as {parts} SMS")


def send_note(
    settings: Settings, given: tuple[str, str], *, detect: bool, yes: bool, as_json: bool
) -> None:
    """Write, show and send a note; `given` is its text and its subject."""
    topic, store = Topic(topic_name(settings)), open_store(settings)
    languages = (ORIGINAL, *settings.alerts.translate_to)
    heard = _audience(topic, languages)
    source, score = ORIGINAL, 1.0
    if detect:
        source, score = translate.detect(given[0], aws.client("comprehend"))
    message_id = notes.note_id(datetime.now(UTC))
    text, subject = given
    draft = messages.draft_note(text, where=store.address, alert_id=message_id, own_subject=subject)
    note, failed = notes.written(
        draft,
        source=source,
        languages=languages,
        translator=translate.Translator(store),
        display_name=topic.display_name,
    )
    for language, why in failed.items():
        click.echo(f"warning: not translated to {language}: {why}", err=True)
    if detect:
        click.echo(f"this is {source} ({score:.0%} sure); it would be sent as", err=as_json)
        for language, message in note.items():
            click.echo(f"  {language}  {message.short}", err=as_json)
    _warn_of_sms(topic, note, heard)
    confirm(f"Send this to {_counted(heard)}?", yes=yes)
    notes.send(topic, note, message_id)
    if as_json:
        sent = {language: asdict(message) for language, message in note.items()}
        click.echo(json.dumps({"id": message_id, "language": source, "sent": sent}, indent=2))
    else:
        click.echo(f"sent to topic {topic.named!r} in {', '.join(note)}: {message_id}")


def _audience(topic: Topic, languages: Sequence[str]) -> list[Subscription] | None:
    """Return who gets a note; None if these credentials may not see it. Raises AlertError."""
    try:
        heard = subscriptions.audience(topic, KIND["note"], languages)
    except AlertError as exc:
        if aws.is_missing(exc):
            raise
        click.echo(f"warning: can't tell who gets this: {exc}", err=True)
        return None
    if not heard:
        raise AlertError(
            f"nobody gets this: {topic.shown} has no confirmed subscriber who gets notes in "
            f"{', '.join(languages)}; python app.py subscribers lists all, subscribe adds one"
        )
    return heard


def _warn_of_sms(topic: Topic, note: Note, heard: list[Subscription] | None) -> None:
    by_sms = [each for each in heard or () if each.protocol == "sms"]
    spoken = {language for each in by_sms for language in each.languages or note}
    for language in sorted(spoken & note.keys()):
        if note[language].shortened:
            click.echo(f"for SMS it is shortened to: {note[language].short}", err=True)
    for doubt in phones.doubts(topic, [each.endpoint for each in by_sms]):
        click.echo(f"warning: {doubt}", err=True)


def _counted(heard: list[Subscription] | None) -> str:
    if heard is None:
        return "all subscribers"
    people = "1 person" if len(heard) == 1 else f"{len(heard)} people"
    by_sms = sum(each.protocol == "sms" for each in heard)
    return f"{people}, {by_sms} of them by SMS" if by_sms else people
