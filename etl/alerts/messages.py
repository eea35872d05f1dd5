"""The wording of an alert: the SMS, the subject and the long form. Pure.

The sentences are in texts.py. Values are filled in after translation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.alerts.sms import MOST_BYTES, SUBJECT_CHARACTERS, prefix, sms, subject
from etl.alerts.state import Alert
from etl.alerts.texts import (
    ADVICE,
    BLIND,
    DEFECT,
    ITEMS,
    LINK,
    LONG,
    NOTHING,
    PUBLISHED,
    SHORT,
    STAYS,
    STILL,
    SUBJECTS,
    UNTOUCHED,
    UNTRANSLATED,
)
from etl.alerts.translation import BLANK, filled
from etl.errors import one_line

SENDER = "Cloud ETL"  # as SUBJECTS begin, and the display name of a topic that setup makes
LONGEST_VALUE = 2_000
LITERAL = {"brace": "{", "tick": "`"}


@dataclass(frozen=True)
class Message:
    """A message as it is sent.

    `short` fits one SMS after the topic's prefix, or several if it has a link; `shortened`: it was
    cut for that. `subject` fits an e-mail's header.
    """

    subject: str
    short: str
    long: str
    shortened: bool = False


@dataclass(frozen=True)
class Draft:
    """The sentences of a message in the original language, and the values for their blanks.

    An SMS begins with the sender and the source, unless the topic's prefix or nothing names them.
    `own_subject`: a person wrote the subject, and it may have any characters.
    """

    subject: str
    short: str
    body: Sequence[str]
    values: Mapping[str, str]
    items: Sequence[str] = ()
    short_link: str = ""
    sender: str = ""
    source: str = ""
    own_subject: bool = False

    @property
    def sentences(self) -> list[str]:
        """The distinct sentences that contain words to translate."""
        texts = (self.subject, self.short, *self.body)
        return [
            text for text in dict.fromkeys(texts) if re.search(r"[^\W\d_]", BLANK.sub("", text))
        ]


def draft_alert(alert: Alert, *, where: str, link: str | None = None, of: str = "") -> Draft:
    """Choose the sentences and values for an alert.

    `where` is the worker's folder as people write it. `of` names the source if there are several.
    """
    values = {name: clean(value) for name, value in alert.values.items()}
    name = (SENDER, f"{SENDER} ({{of}})") if of else (SENDER, SENDER)
    unpublished = UNTOUCHED if "blind" in values else NOTHING
    body: list[str] = []
    for sentence in LONG[alert.event]:
        if sentence == "{advice}":
            sentence = ADVICE.get(values.get("kind", ""), DEFECT)
        if sentence == PUBLISHED and "published" not in values:
            sentence = unpublished
        if sentence == STILL and "date_since" not in values:
            continue
        body.append(sentence)
    if "blind" in values:
        body.append(BLIND)
    if link:
        body += ["", LINK]
    short = SHORT[alert.event]
    if "source_last" not in values:
        short = short.replace(STAYS, unpublished)
    return Draft(
        subject=SUBJECTS[alert.event].replace(*name, 1),
        short=short,
        body=body,
        values={**values, "of": of, "where": clean(where), "id": alert.id, "link": link or ""},
        items=[clean(item) for item in alert.items],
        # A letter may be a picture, which only the link shows. It is added after the text is cut
        # to one SMS, because a truncated link would not work.
        short_link=link if link and alert.event == "letters" else "",
        sender=SENDER,
        source=of,
    )


def draft_note(text: str, *, where: str, alert_id: str, own_subject: str = "") -> Draft:
    """Make the draft of a message written by hand; each of its lines is one sentence."""
    lines = [literal(one_line(line, instead=" ")) for line in text.strip().splitlines()]
    values = {"where": clean(where), "id": alert_id, **LITERAL}
    return Draft(
        literal(own_subject) or SUBJECTS["note"],
        " ".join(filter(None, lines)),
        lines,
        values,
        own_subject=bool(own_subject),
    )


def write_message(
    draft: Draft,
    translated: Mapping[str, str] | None = None,
    language: str | None = None,
    *,
    display_name: str = "",
) -> Message:
    """Fill the blanks of the sentences, or of their translations.

    With a `language` but no translation, the message is the original plus a line that says so.
    `display_name` is the topic's, which SNS puts before each SMS.
    """
    into = translated or {}
    lines = []
    for sentence in draft.body:
        if sentence == ITEMS:
            lines += [f"- {item}" for item in draft.items]
        else:
            lines.append(_filled(into.get(sentence, sentence), draft.values))
    if language and translated is None:
        lines += ["", UNTRANSLATED.replace("{language}", language)]
    footer = _filled("-- \n{where}\n{id}", draft.values)
    original = _filled(draft.subject, draft.values)
    text = _filled(into.get(draft.short, draft.short), draft.values)
    before = prefix(display_name)
    short, shortened = sms(_signed(draft, text, before), before)
    with_link = f"{short} {draft.short_link}"
    fits = len((before + with_link).encode()) <= MOST_BYTES
    title = _filled(into.get(draft.subject, draft.subject), draft.values)
    return Message(
        subject=_own_subject(title) if draft.own_subject else subject(title, original),
        short=with_link if draft.short_link and fits else short,
        long="\n".join([*lines, "", footer]),
        shortened=shortened,
    )


def _signed(draft: Draft, text: str, before: str) -> str:
    """Put the sender before the text of an SMS, unless the topic's prefix names it."""
    if before == prefix(SENDER):
        name = draft.source
    elif draft.source:
        name = f"{draft.sender} ({draft.source})"
    else:
        name = draft.sender
    return f"{name}: {text}" if name else text


def _own_subject(text: str) -> str:
    """Return the text as SNS takes it: UTF-8 on one line, under 100 characters."""
    return one_line(text, SUBJECT_CHARACTERS, instead=" ", end="...")


def clean(text: str) -> str:
    """Return the text as one printable line of at most LONGEST_VALUE characters."""
    return one_line(text, LONGEST_VALUE, instead=" ", end="...")


def literal(text: str) -> str:
    """Escape braces and backticks, which would otherwise mark blanks and code."""
    return text.replace("{", "{brace}").replace("`", "{tick}")


def _filled(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in the values and remove the backticks around code."""
    return filled(sentence.replace("`", ""), values)
