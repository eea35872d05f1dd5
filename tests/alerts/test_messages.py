"""The texts, as they go out: what docs/alerts.md shows, and limits that nothing may break."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import PROJECT
from etl.alerts import messages, texts
from etl.alerts.messages import Message, clean, draft_alert, draft_note, write_message
from etl.alerts.state import Alert, Event
from tests.support.alerts import (
    ALERTS,
    LINK,
    NOW,
    WHERE,
    failing,
    sent,
)
from tests.support.wild_text import WILD

DOCS = PROJECT / "docs" / "alerts.md"


def shown(message: Message) -> str:
    short = f"CLOUD ETL> {message.short}"  # as it arrives
    return f"```text\nSubject: {message.subject}\nSMS: {short}\n\n{message.long}\n```"


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


def test_an_sms_names_its_sender_once_and_the_source_where_there_are_several() -> None:
    alert = ALERTS["stale"]
    beginnings = {
        ("", ""): "Cloud ETL: the source",
        ("Cloud ETL", ""): "the source",
        ("cloud etl", ""): "the source",
        ("News", ""): "Cloud ETL: the source",
        ("", "who"): "Cloud ETL (who): the source",
        ("Cloud ETL", "who"): "who: the source",
    }
    for (display_name, of), begins in beginnings.items():
        draft = draft_alert(alert, where=WHERE, of=of)
        assert write_message(draft, display_name=display_name).short.startswith(begins)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_an_sms_is_cut_only_in_the_words_of_an_error(alert: Alert) -> None:
    short = sent(alert).short
    if alert.event in ("failed", "refused"):
        assert "Readers keep the data up to 2025-12-31. " in short[:-3]
    else:
        assert not short.removesuffix(f" {LINK}").endswith("...")


# ---- what somebody who is woken by it asks


@pytest.mark.parametrize("event", ["failed", "refused", "recovered", "stale", "restated"])
def test_it_says_what_is_published_and_what_to_do(event: Event) -> None:
    text = sent(ALERTS[event]).long
    assert re.search(r"(version of|published|figures)", text)
    assert re.search(r"need to do nothing|[Cc]heck|publish them with|compare them", text)
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
    assert "The published version is not affected." in blind.short
    assert "the worker can't record that it sent this message" in blind.long


def test_without_a_page_there_is_no_link() -> None:
    assert "See " not in write_message(draft_alert(ALERTS["failed"], where=WHERE)).long
    assert LINK in sent(ALERTS["failed"]).long


# ---- texts of a source


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
    assert not message.shortened


def test_a_note_may_have_a_subject_in_any_script() -> None:
    for given_subject, title in (
        ("Año {nuevo} `ya`", "Año {nuevo} `ya`"),
        ("\u6570\u636e", "\u6570\u636e"),
        ("x" * 100, "x" * 96 + "..."),
    ):
        draft = draft_note("x" * 150, where=WHERE, alert_id="1", own_subject=given_subject)
        message = write_message(draft, display_name="Cloud ETL")
        assert message.subject == title
        assert message.shortened


# ---- languages


def test_a_translation_takes_the_places_of_the_sentences() -> None:
    made = draft_alert(ALERTS["failed"], where=WHERE)
    spoken = {text: text.replace("The ", "La ").replace("run", "corsa") for text in made.sentences}
    message = write_message(made, spoken, "es")
    assert message.subject == "Cloud ETL: the corsa of 2026-01-02 is failing"
    assert "La daily corsa has been failing since" in message.long
    assert "SourceUnavailable: https://example.org/stats.json: HTTP status 503" in message.long
    assert "could not be translated" not in message.long


def test_without_a_translation_the_original_goes_out_with_a_note() -> None:
    made = draft_alert(ALERTS["failed"], where=WHERE)
    message = write_message(made, None, "ca")
    assert (
        message.long.replace(
            "\n\nThis message could not be translated to ca; this is the original.", ""
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
    assert message.short.startswith("Cloud ETL: \u6570")


def test_only_sentences_are_translated_no_names_figures_or_lists() -> None:
    for alert in ALERTS.values():
        made = draft_alert(alert, where=WHERE, link=LINK)
        for sentence in made.sentences:
            assert re.search("[a-z]{2}", sentence)
            for kept in (*made.items, LINK, WHERE, alert.id):
                assert kept not in sentence
