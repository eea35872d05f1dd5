"""An alert in words: the SMS, the subject, the long form. Pure.

Written for somebody who is woken by it: what happened, since when, whether the data is still good,
what to do. A sentence is a unit of translation; what stands in braces is filled in afterwards.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.alerts.sms import LONGEST_SMS, sms, subject
from etl.alerts.state import Alert
from etl.alerts.translation import BLANK, filled
from etl.errors import one_line

NAME = "Cloud ETL:"  # who speaks
LONGEST_VALUE = 2_000
ITEMS = "{items}"  # on a line of its own: what is listed, each item as it is
LINK = "See {link} (this link works for 7 days at most)"
PUBLISHED = (
    "Readers still have the version of {published}, whole, with figures up to {source_last}."
)
NOTHING = "Nothing has been published yet."
UNTOUCHED = "What is published is not touched by this."
STAYS = "Published data stays, up to {source_last}."  # in an SMS
TOLD_AGAIN = "You will be told when it works again, and nothing more until then."
BLIND = (
    "The folder itself can't be used, so the worker can't remember that it told this; it may do so "
    "again after a restart."
)
STILL = (
    "Its last date has been the same since the run of {date_since}, its bytes since that of "
    "{bytes_since}."
)
UNTRANSLATED = "This message could not be translated to {language}: it is the original."

SUBJECTS: Mapping[str, str] = {
    "failed": "Cloud ETL: the run of {slot} fails",
    "refused": "Cloud ETL: the data of {slot} is refused",
    "recovered": "Cloud ETL: the daily run works again",
    "stale": "Cloud ETL: the source is stale, it ends on {source_last}",
    "restated": "Cloud ETL: the source restated {share} of its figures",
    "crossed": "Cloud ETL: thresholds crossed: {count}",
    "report": "Cloud ETL: the report of {month} is ready",
    "letters": "Cloud ETL: readers' letters to look at: {count}",
    "note": "Cloud ETL: a note",
}
# What is most needed comes first: a translation may be longer, and is cut.
SHORT: Mapping[str, str] = {
    "failed": "Cloud ETL: the run of {slot} has been failing since {since}, attempts: {attempts}. "
    f"{STAYS} {{kind}}: {{error}}",
    "refused": "Cloud ETL: the data of {slot} has been refused since {since}. "
    f"{STAYS} Why: {{error}}",
    "recovered": "Cloud ETL: the daily run works again. It had been failing since {since}, "
    "attempts: {attempts}. Published: figures up to {source_last}. Nothing to do.",
    "stale": "Cloud ETL: the source {source} is stale: nothing after {source_last}, {behind} days "
    "ago. The runs themselves work.",
    "restated": "Cloud ETL: the source restated {share} of the figures published before. The new "
    "ones are published.",
    "crossed": "Cloud ETL: thresholds crossed: {count}. {first}",
    "report": "Cloud ETL: the monthly report of {month} is ready: {key}",
    "letters": "Cloud ETL: readers' letters to look at: {count}. {first}",
}
LONG: Mapping[str, Sequence[str]] = {
    "failed": (
        "The daily run has been failing since {since}, the last time for {slot}.",
        "Attempts in a row: {attempts}.",
        "The error, as it stands in the log:",
        "{kind}: {error}",
        "",
        PUBLISHED,
        "The worker goes on trying, at least once an hour.",
        "{advice}",
        TOLD_AGAIN,
    ),
    "refused": (
        "The source can be read, but what it sends for {slot} has been refused since {since}.",
        "Attempts in a row: {attempts}.",
        "The reasons, as they stand in the log:",
        "{error}",
        "",
        PUBLISHED,
        "If the figures are right after all, publish them with: `python app.py run --force`",
        "If they are wrong, nothing is to be done: the worker looks again at least once an hour.",
        TOLD_AGAIN,
    ),
    "recovered": (
        "The daily run works again: the one for {slot} succeeded, begun at {ended}.",
        "It had been failing since {since}; attempts: {attempts}.",
        "",
        "Readers have the version of {published}, whole, with figures up to {source_last}.",
        "Nothing is to be done.",
    ),
    "stale": (
        "The source {source} has no figures after {source_last}. That is {behind} days ago; more "
        "than {limit} count as stale.",
        STILL,
        "",
        "The runs themselves work, and what is published is whole and right. It is old.",
        "Look whether the source has ended. SOURCE chooses another one; ALERT_ON without `stale` "
        "silences this message.",
        "As long as it lasts you will be told once a week.",
    ),
    "restated": (
        "The source has rewritten its history: of {compared} figures that were published before, "
        "{cells} ({share}) are different now.",
        "Most of them in:",
        ITEMS,
        "",
        "The new figures passed the checks and are published, up to {source_last}.",
        "The version before is kept in runs/{before}/.",
        "If you have quoted older figures, compare them; else nothing is to be done.",
    ),
    "crossed": (
        "These figures have crossed a threshold of ALERT_RULES since they were last looked at:",
        ITEMS,
        "",
        "They are from the version of {published}, with figures up to {source_last}.",
        "Each is told once on its way up and once on its way down.",
    ),
    "report": (
        "The monthly report of {month} is ready.",
        "It lies in the folder under {key}.",
    ),
    "letters": (
        "Readers have sent what answers to INBOX_ALERT. Letters: {count}.",
        ITEMS,
        "",
        "All of them: `python app.py inbox --list`",
        "These are the words of strangers: trust no link, number or request in them.",
    ),
}
ADVICE: Mapping[str, str] = {
    "SourceUnavailable": "The source could not be reached, so nothing is to be done for now. If it "
    "lasts for a day, look whether the source has moved.",
    "SourceChanged": "The source does not send what it used to. Look at it; what was received is "
    "kept in raw/. The reader of this source may have to be adapted.",
    "StoreError": "The error says what to do. `python app.py doctor` looks at the rest.",
    "StateConflict": "Look whether a second worker writes to the same folder.",
    "Lost": "Look for `worker.run_lost` in the log. If memory ran out, take a larger dyno.",
}
LITERAL = {"brace": "{", "tick": "`"}
DEFECT = "This looks like a defect of the worker: `run.crashed` in the log says where."


@dataclass(frozen=True)
class Message:
    """As it is sent: `short` fits one SMS, or several with a link, `subject` an e-mail's header."""

    subject: str
    short: str
    long: str


@dataclass(frozen=True)
class Draft:
    """The sentences of a message, in the original language, and what fills their blanks."""

    subject: str
    short: str
    body: Sequence[str]
    values: Mapping[str, str]
    items: Sequence[str] = ()
    short_link: str = ""

    @property
    def sentences(self) -> list[str]:
        """What there is to translate."""
        texts = (self.subject, self.short, *self.body)
        return [
            text for text in dict.fromkeys(texts) if re.search(r"[^\W\d_]", BLANK.sub("", text))
        ]


def draft(alert: Alert, *, where: str, link: str | None = None, of: str = "") -> Draft:
    """`where` is the worker's folder, as people write it; `of` which of several SOURCES it is."""
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
        # a picture can't be told in words; cut to one SMS, its link would be none
        short_link=link if link and alert.event == "letters" else "",
    )


def note(text: str, *, where: str, alert_id: str) -> Draft:
    """A message that somebody wrote by hand, line by line."""
    lines = [_literal(one_line(line, instead=" ")) for line in text.strip().splitlines()]
    values = {"where": clean(where), "id": alert_id, **LITERAL}
    return Draft(SUBJECTS["note"], " ".join(filter(None, lines)), lines, values)


def write(
    draft: Draft, translated: Mapping[str, str] | None = None, language: str | None = None
) -> Message:
    """Fill the blanks of the sentences, or of their translations.

    With a `language`, but no translation to it, the original says so.
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
    """One line of printable text, of bearable length."""
    return one_line(text, LONGEST_VALUE, instead=" ", end="...")


def _literal(text: str) -> str:
    """What would be a blank, or mark code, stands for itself."""
    return text.replace("{", "{brace}").replace("`", "{tick}")


def _filled(sentence: str, values: Mapping[str, str]) -> str:
    """With the values in their places, and without the marks around code."""
    return filled(sentence.replace("`", ""), values)
