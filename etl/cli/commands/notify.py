"""`notify`: send a message by hand."""

import click

from etl.cli.options import JSON, YES, in_common

MOST_CHARACTERS = 20_000
SUBJECT = "expected 1 to 99 characters on one line"


@click.command()
@click.argument("text")
@click.option("--subject", metavar="TEXT", help="Subject of the e-mails, up to 99 characters.")
@click.option("--to", "number", metavar="NUMBER", help="Send only one SMS, to this number.")
@click.option("--detect", is_flag=True, help="Detect the language of the text.")
@YES
@JSON
def notify(
    text: str, subject: str | None, number: str | None, detect: bool, yes: bool, as_json: bool
) -> None:
    """Send a message to all subscribers, each in their language, after asking.

    \b
    python app.py notify "The source has moved; figures will be late today."
    python app.py notify "Look at the page, please." --to +34600111222
    python app.py notify --detect "Hoy es un buen dia"
    """
    if not text.strip() or len(text) > MOST_CHARACTERS:
        raise click.UsageError(f"TEXT: expected 1 to {MOST_CHARACTERS:,} characters")
    if number is not None and (detect or subject is not None):
        raise click.UsageError("--to sends the text unchanged; leave out --detect and --subject")
    if subject is not None and not _is_subject(subject):
        raise click.UsageError(f"--subject: {SUBJECT}")
    from etl.cli.send_message import send_note, send_sms

    settings = in_common()
    if number is not None:
        send_sms(number, text, yes=yes, as_json=as_json)
    else:
        send_note(settings, (text, subject or ""), detect=detect, yes=yes, as_json=as_json)


def _is_subject(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) < 100
