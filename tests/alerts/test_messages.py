"""The texts, as they go out: what docs/alerts.md shows, and limits that nothing may break."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import PROJECT
from etl.alerts import messages, rules, sms, texts, translation
from etl.alerts.messages import Draft, Message, clean, draft_alert, draft_note, write_message
from etl.alerts.state import Alert, Event
from etl.errors import one_line
from etl.history.record import Document, Failure, InputsSeen
from etl.inbox.letter import Label, Letter
from etl.inbox.notice import notice
from tests.alerts.test_rules import REWRITTEN, RULE, manifest, row, seen, told
from tests.history.test_history import failure, record

DOCS = PROJECT / "docs" / "alerts.md"
NOW = datetime(2026, 2, 1, 7, tzinfo=UTC)
WHERE = "s3://bucket/covid"
LINK = "https://bucket.s3.amazonaws.com/covid/index.html?X-Amz-Expires=604800&X-Amz-Signature=..."


def failing(kind: str = "SourceUnavailable", message: str = "") -> Alert:
    error = Failure(kind, message or "https://example.org/stats.json: HTTP status 503")
    (alert,) = told(seen(record(0), failure(1, attempts=3, failure=error), published=manifest(0)))[
        1
    ]
    return alert


def recovered() -> Alert:
    state, _ = told(seen(record(0), failure(1, attempts=7), published=manifest(0)))
    later = record(1, started_at=record(1).started_at + timedelta(hours=5))
    past = (record(0), failure(1, attempts=7), later)
    return told(seen(*past, published=manifest(1)), state)[1][0]


def stale() -> Alert:
    last = record(0).slot - timedelta(days=15)
    looked = {"source_last": last, "seen": InputsSeen("", [Document("a")])}
    past = [record(day, **looked) for day in range(-14, 1)]
    return told(seen(*past, published=manifest(0, last=last)))[1][0]


def restated() -> Alert:
    return told(seen(record(0), published=manifest(0, restated=REWRITTEN)))[1][0]


def crossed() -> Alert:
    look = {"rules": [RULE]}
    state, _ = told(seen(record(0), published=manifest(0), latest=[row()], **look))
    high = [row(value=312.4)]
    return told(seen(record(1), published=manifest(1), latest=high, **look), state)[1][0]


def letters() -> Alert:
    at = datetime(2026, 1, 2, 8, 15, tzinfo=UTC)
    first = Letter(
        "2026-01-02T081500Z-0a1b2c3d4e5f6071",
        "inbox/incoming/1-remark",
        at,
        42,
        "text",
        text="Las cifras de ayer están mal.",
        language="es",
        translation="Yesterday's figures are wrong.",
        mood="negative",
        look=["negative"],
    )
    picture = Letter(
        "2026-01-02T081502Z-1a2b3c4d5e6f7081",
        "inbox/incoming/1-picture",
        at,
        42_000,
        "picture",
        picture="inbox/pictures/2026-01-02T081502Z-1a2b3c4d5e6f7081.jpg",
        labels=[Label("Animal", 99.1), Label("Cat", 98.2)],
        look=["label:Cat>80"],
    )
    return notice([first, picture], NOW)


REFUSED = "only 12 countries; 190 were published last time, and under 90% of that is refused"
ALERTS: dict[Event, Alert] = {
    "failed": failing(),
    "refused": failing("DataRejected", REFUSED),
    "recovered": recovered(),
    "stale": stale(),
    "restated": restated(),
    "crossed": crossed(),
    "report": rules.report_ready("2026-01", "reports/2026-01/index.html", NOW),
    "letters": letters(),
}
NOTE = draft_note(
    "The source has moved.\nFigures will be late today.", where=WHERE, alert_id="note-1"
)


def remark(name: str = "1", **over: Any) -> Letter:
    """A remark that is wrong about everything, but for what is given."""
    known: dict[str, Any] = {"text": "It is wrong.", "mood": "negative", "look": ["negative"]}
    return Letter(name, "k", NOW, 1, "text", **(known | over))


def sent(alert: Alert) -> Message:
    return write_message(draft_alert(alert, where=WHERE, link=LINK if alert.page else None))


def shown(message: Message) -> str:
    return f"```text\nSubject: {message.subject}\nSMS: {message.short}\n\n{message.long}\n```"


@pytest.mark.parametrize("event", list(ALERTS))
def test_the_documents_show_each_text_as_it_goes_out(event: Event) -> None:
    assert shown(sent(ALERTS[event])) in DOCS.read_text(encoding="utf-8")


def test_every_event_has_an_example_here() -> None:
    assert {*ALERTS, "note"} == set(get_args(Event))


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_every_blank_is_filled_and_no_mark_is_left(alert: Alert) -> None:
    message = sent(alert)
    for text in (message.subject, message.short, message.long):
        assert not re.search(r"[{}`]", text)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_an_sms_is_cut_only_in_the_words_of_an_error(alert: Alert) -> None:
    short = sent(alert).short
    if alert.event in ("failed", "refused"):
        assert "Published data stays, up to 2025-12-31. " in short[:-3]
    else:
        assert not short.removesuffix(f" {LINK}").endswith("...")


# ---- what somebody who is woken by it asks


@pytest.mark.parametrize("event", ["failed", "refused", "recovered", "stale", "restated"])
def test_it_says_what_is_published_and_what_to_do(event: Event) -> None:
    text = sent(ALERTS[event]).long
    assert re.search(r"(version of|published|figures)", text)
    assert re.search(r"[Nn]othing is to be done|[Ll]ook|publish them with|compare them", text)
    assert WHERE in text
    assert ALERTS[event].id in text


@pytest.mark.parametrize("kind", [*texts.ADVICE, "KeyError"])
def test_each_kind_of_failure_has_its_own_advice(kind: str) -> None:
    text = sent(failing(kind, "it broke")).long
    advice = texts.ADVICE.get(kind, texts.DEFECT).replace("`", "")
    assert advice in text
    assert f"{kind}: it broke" in text


def test_where_nothing_was_ever_published_it_says_so() -> None:
    alert = failing()
    bare = {k: v for k, v in alert.values.items() if k not in ("published", "source_last")}
    message = write_message(draft_alert(Alert("x", "failed", NOW, bare), where=WHERE))
    for text in (message.short, message.long):
        assert "Nothing has been published yet." in text
        assert "{" not in text
    blind = write_message(
        draft_alert(Alert("x", "failed", NOW, {**bare, "blind": "yes"}), where=WHERE)
    )
    assert "What is published is not touched by this." in blind.short
    assert "the worker can't remember that it told this" in blind.long


def test_without_a_page_there_is_no_link() -> None:
    assert "See " not in write_message(draft_alert(ALERTS["failed"], where=WHERE)).long
    assert LINK in sent(ALERTS["failed"]).long


# ---- texts of a source


WILD = "=cmd|' /C calc'!A0\r\n{where} `x` \x1b[31m\u2028<script>\x00\ud800 " + "x" * 5000


def test_text_of_a_source_stays_on_its_line_and_fills_no_blank() -> None:
    alert = failing("SourceChanged", WILD)
    message = sent(alert)
    assert "\r" not in message.long
    assert "\x1b" not in message.long
    assert "\x00" not in message.long
    assert WHERE + " `x`" not in message.long
    (line,) = [line for line in message.long.split("\n") if "=cmd" in line]
    assert line.startswith("SourceChanged: =cmd|' /C calc'!A0 {where} `x` [31m <script>")
    assert len(message.long) < 5000
    assert message.long.encode()


@given(st.text())
def test_clean_text_is_one_printable_line(text: str) -> None:
    line = clean(text)
    assert line == clean(line)
    assert len(line) <= messages.LONGEST_VALUE
    assert all(char.isprintable() for char in line)


# ---- notes


def test_a_note_goes_out_as_it_was_written() -> None:
    text = "Look at {where}: `ls` {kind}\n  caf\u00e9 \u2014 {brace}\n"
    message = write_message(draft_note(text, where=WHERE, alert_id="note-1"))
    assert message.long.split("\n")[:2] == [
        "Look at {where}: `ls` {kind}",
        "caf\u00e9 \u2014 {brace}",
    ]
    assert message.short == "Look at {where}: `ls` {kind} caf\u00e9 - {brace}".replace("`", "?")
    assert message.subject == "Cloud ETL: a note"


# ---- languages


def test_a_translation_takes_the_places_of_the_sentences() -> None:
    made = draft_alert(ALERTS["failed"], where=WHERE)
    spoken = {text: text.replace("The ", "La ").replace("run", "corsa") for text in made.sentences}
    message = write_message(made, spoken, "es")
    assert message.subject == "Cloud ETL: the corsa of 2026-01-02 fails"
    assert "La daily corsa has been failing since" in message.long
    assert "SourceUnavailable: https://example.org/stats.json: HTTP status 503" in message.long
    assert "could not be translated" not in message.long


def test_without_a_translation_the_original_goes_out_with_a_note() -> None:
    made = draft_alert(ALERTS["failed"], where=WHERE)
    message = write_message(made, None, "ca")
    assert (
        message.long.replace(
            "\n\nThis message could not be translated to ca: it is the original.", ""
        )
        == write_message(made).long
    )
    assert "could not be translated to ca" in message.long


def test_a_subject_in_another_script_stays_the_original() -> None:
    made = draft_alert(ALERTS["stale"], where=WHERE)
    message = write_message(
        made, dict.fromkeys(made.sentences, "\u6570\u636e\u6e90\u5df2\u8fc7\u65f6"), "zh"
    )
    assert message.subject == write_message(made).subject
    assert message.short.startswith("\u6570")


def test_only_sentences_are_translated_no_names_figures_or_lists() -> None:
    for alert in ALERTS.values():
        made = draft_alert(alert, where=WHERE, link=LINK)
        for sentence in made.sentences:
            assert re.search("[a-z]{2}", sentence)
            for kept in (*made.items, LINK, WHERE, alert.id):
                assert kept not in sentence


# ---- readers' letters


def test_an_sms_of_a_picture_ends_on_its_whole_link_and_one_of_a_run_has_none() -> None:
    short = sent(ALERTS["letters"]).short
    assert short.endswith(f" {LINK}")
    assert sms.parts(short.removesuffix(f" {LINK}")) == 1
    assert LINK not in sent(ALERTS["failed"]).short


def test_a_link_that_makes_an_sms_too_long_for_sns_is_left_out_of_it() -> None:
    link = f"{LINK}&X-Amz-Security-Token={'x' * 1_500}"
    message = write_message(draft_alert(ALERTS["letters"], where=WHERE, link=link))
    assert sms.parts(message.short) == 1
    assert link in message.long


def test_a_stranger_s_words_fill_no_blank_and_stay_on_their_line() -> None:
    first = remark(text=WILD)
    message = write_message(draft_alert(notice([first], NOW), where=WHERE, link=LINK))
    (line,) = [line for line in message.long.split("\n") if "=cmd" in line]
    assert line.startswith("- 1, negative: \"=cmd|' /C calc'!A0 {where} `x` [31m <script>")
    assert len(line) < 500
    assert message.short.isprintable()


def test_many_letters_are_one_alert_that_lists_the_first_ones() -> None:
    many = [remark(f"letter-{n}") for n in range(30)]
    message = write_message(draft_alert(notice(many, NOW), where=WHERE))
    assert "Letters: 30." in message.long
    assert "letter-19" in message.long
    assert "letter-20" not in message.long
    assert "- and 10 more" in message.long
    assert notice(many, NOW).id == notice(many, NOW).id != notice(many[:29], NOW).id


# ---- limits


SPOKEN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("\u20ac^{}[]~|\\"),
    max_size=400,
)


@given(SPOKEN)
def test_whatever_is_said_an_sms_is_one_sms(text: str) -> None:
    short = sms.sms(text)
    assert sms.parts(short) == 1
    if set(short) <= sms.BASIC | sms.EXTENDED:
        # as 3GPP TS 23.038 counts them
        assert len(short) + len(re.findall(r"[\^{}\\\[~\]|\u20ac]", short)) <= 160
    else:
        assert len(short.encode("utf-16-le")) <= 2 * 70
    assert "\n" not in short


@given(SPOKEN, SPOKEN)
def test_whatever_is_said_a_subject_is_ascii_on_one_line_and_under_100_characters(
    text: str, otherwise: str
) -> None:
    for given_text in (sms.subject(text), sms.subject(text, otherwise)):
        assert given_text.isascii()
        assert given_text.isprintable()
        assert len(given_text) < 100


def test_accents_that_an_sms_lacks_are_taken_off_and_others_stay() -> None:
    spanish = "¿Qué pasó? La ejecución «falló» \u2014 mañana…"
    assert sms.sms(spanish) == '¿Qué paso? La ejecucion "fallo" - mañana...'
    assert sms.sms("a na\u00efve one: \U0001f600 \u0142") == "a naive one: ? ?"


def test_long_texts_are_cut_where_their_alphabet_ends() -> None:
    assert sms.sms("a" * 200) == "a" * 157 + "..."
    assert sms.sms("a" * 160) == "a" * 160
    assert len(sms.sms("\u20ac" * 100)) == 78 + 3
    assert sms.sms("\u044f" * 71) == "\u044f" * 67 + "..."
    assert [sms.parts(t) for t in ("a" * 160, "a" * 161, "a" * 306, "a" * 307)] == [1, 2, 2, 3]
    assert [sms.parts(t) for t in ("\u044f" * 70, "\u044f" * 71, "\U0001f600" * 35)] == [1, 2, 1]


# ---- on the way to a translation and back


def answer(sentence: str) -> str:
    """What the service sends for it: the words in capitals, what is marked as it came."""
    pieces = re.split(r"(<span translate=\"no\">.*?</span>)", translation.marked(sentence))
    return "".join(p if p.startswith("<span") else p.upper() for p in pieces)


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("The run of {slot} failed {attempts} times.", ["{slot}", "{attempts}"]),
        ("Publish with: `python app.py run --force`", ["`python app.py run --force`"]),
        ("See https://example.org/a?b=1&c=2.", ["https://example.org/a?b=1&c=2"]),
        ("Ask ada@example.org about run_lost, 3x.", ["ada@example.org", "run_lost", "3x"]),
        ("It cost 1,234.5 on 2026-01-01, 06:00 UTC", ["1,234.5", "2026-01-01", "06:00", "UTC"]),
        ("Call +34600111222 (v42) at Cloud ETL", ["+34600111222", "v42", "Cloud ETL"]),
        ("SOURCE chooses; ESP too; kept in raw/ and runs/{before}/.", None),
        ("TODO IN CAPITALS, 7 OF THEM", ["7"]),
    ],
)
def test_figures_names_links_and_codes_are_marked(sentence: str, kept: list[str] | None) -> None:
    marks = re.findall(r'<span translate="no">(.*?)</span>', translation.marked(sentence))
    if kept is not None:
        assert [mark.replace("&amp;", "&") for mark in marks] == kept
    text = translation.unmarked(sentence, answer(sentence))
    assert text
    assert text.upper() == " ".join(sentence.upper().split())


def test_words_may_change_places_but_nothing_marked_may_be_lost_changed_or_doubled() -> None:
    sentence = "The run of {slot} failed {attempts} times & more."
    slot, attempts = map(translation.MARKED.format, ("{slot}", "{attempts}"))
    swapped = f"{attempts} veces fall\u00f3 la ejecuci\u00f3n de {slot} &amp; m\u00e1s."
    assert translation.unmarked(sentence, swapped) == (
        "{attempts} veces fall\u00f3 la ejecuci\u00f3n de {slot} & m\u00e1s."
    )
    for wrong in (
        f"La ejecuci\u00f3n de {slot} fall\u00f3.",
        f"{slot} {attempts} {attempts}",
        f"{slot} {attempts.replace('attempts', 'intentos')}",
        f"{slot} {attempts} {{kind}}",
        "{slot} {attempts}",
        "",
    ):
        assert translation.unmarked(sentence, wrong) is None


@given(SPOKEN)
def test_whatever_is_written_comes_back_with_all_that_was_marked(text: str) -> None:
    line = messages.literal(one_line(text, instead=" "))
    back = translation.unmarked(line, translation.marked(line))
    assert back == " ".join(line.split())


def test_a_translation_that_was_never_asked_for_leaves_the_sentence() -> None:
    made = Draft("s", "short", ["one", "two"], {"where": "here", "id": "x"})
    assert write_message(made, {"one": "uno"}).long.split("\n")[:2] == ["uno", "two"]
    assert write_message(replace(made, body=[]), {}).long == "\n-- \nhere\nx"
