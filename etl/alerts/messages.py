"""The wording of an alert: the SMS, the subject and the long form. Pure.

The sentences are in texts.py. Values are filled in after translation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.alerts.sms import LONGEST_SMS, sms, subject
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

NAME = "Cloud ETL:"  # the sender, as SUBJECTS and SHORT begin
LONGEST_VALUE = 2_000
LITERAL = {"brace": "{", "tick": "`"}


@dataclass(frozen=True)
class Message:
    """A message as it is sent.

    `short` fits one SMS, or several if it has a link; `subject` fits an e-mail's header.
    """

    subject: str
    short: str
    long: str


@dataclass(frozen=True)
class Draft:
    """The sentences of a message in the original language, and the values for their blanks."""

    subject: str
    short: str
    body: Sequence[str]
    values: Mapping[str, str]
    items: Sequence[str] = ()
    short_link: str = ""

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
    name = (NAME, f"{NAME[:-1]} ({{of}}):") if of else (NAME, NAME)
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
        short=short.replace(*name, 1),
        body=body,
        values={**values, "of": of, "where": clean(where), "id": alert.id, "link": link or ""},
        items=[clean(item) for item in alert.items],
        # A letter may be a picture, which only the link shows. It is added after the text is cut
        # to one SMS, because a truncated link would not work.
        short_link=link if link and alert.event == "letters" else "",
    )


def draft_note(text: str, *, where: str, alert_id: str) -> Draft:
    """Make the draft of a message written by hand; each of its lines is one sentence."""
    lines = [literal(one_line(line, instead=" ")) for line in text.strip().splitlines()]
    values = {"where": clean(where), "id": alert_id, **LITERAL}
    return Draft(SUBJECTS["note"], " ".join(filter(None, lines)), lines, values)


def write_message(
    draft: Draft, translated: Mapping[str, str] | None = None, language: str | None = None
) -> Message:
    """Fill the blanks of the sentences, or of their translations.

    With a `language` but no translation, the message is the original plus a line that says so.
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
    short = sms(_filled(into.get(draft.short, draft.short), draft.values))
    with_link = f"{short} {draft.short_link}"
    return Message(
        subject=subject(_filled(into.get(draft.subject, draft.subject), draft.values), original),
        short=with_link if draft.short_link and len(with_link) <= LONGEST_SMS else short,
        long="\n".join([*lines, "", footer]),
    )


def clean(text: str) -> str:
    """Return the text as one printable line of at most LONGEST_VALUE characters."""
    return one_line(text, LONGEST_VALUE, instead=" ", end="...")


def literal(text: str) -> str:
    """Escape braces and backticks, which would otherwise mark blanks and code."""
    return text.replace("{", "{brace}").replace("`", "{tick}")


def _filled(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in the values and remove the backticks around code."""
    return filled(sentence.replace("`", ""), values)
