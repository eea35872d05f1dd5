"""A message written by hand and sent to every subscriber, each in their language."""

import secrets
from datetime import datetime

from etl.alerts import messages
from etl.alerts.messages import Draft, Message
from etl.alerts.sns import Topic
from etl.alerts.state import KIND
from etl.alerts.translate import Translator
from etl.errors import AlertError
from etl.settings.languages import ORIGINAL

Note = dict[str, Message]  # by language


def note_id(now: datetime) -> str:
    return f"note-{now:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(2)}"


def written(
    draft: Draft,
    *,
    source: str,
    languages: tuple[str, ...],
    translator: Translator,
    display_name: str = "",
) -> tuple[Note, dict[str, str]]:
    """Return the note in each language, and an error for each language that failed.

    `source` is the language that it was written in. A note that can't be translated is the
    original text.
    """
    # the translation of our own subject is kept, that of what a person wrote is not
    ready = set() if draft.own_subject else {draft.subject}
    note: Note = {}
    failed: dict[str, str] = {}
    for language in languages:
        try:
            into = {} if language == ORIGINAL else translator.translate(ready, language)
            if language != source:
                ours = [text for text in draft.sentences if text not in ready]
                into |= {text: translator.once(text, source, language) for text in ours}
            note[language] = messages.write_message(draft, into, display_name=display_name)
        except AlertError as exc:
            failed[language] = str(exc)
            note[language] = messages.write_message(
                draft, None, language, display_name=display_name
            )
    translator.keep()
    return note, failed


def send(topic: Topic, note: Note, message_id: str) -> None:
    """Send the note in each language. Raises AlertError, which names the languages already sent."""
    sent: list[str] = []
    for language, message in note.items():
        try:
            topic.publish(message, language=language, kind=KIND["note"], message_id=message_id)
        except AlertError as exc:
            before = f"; it was sent in {', '.join(sent)}" if sent else ""
            raise AlertError(f"{exc}{before}") from exc
        sent.append(language)
