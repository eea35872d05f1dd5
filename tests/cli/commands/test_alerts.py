"""topics, notify: as a person and a program meet them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.commands import Command, said
from tests.support.language_server import Languages, language_server
from tests.support.sns_server import ARN, Sns, attributes


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, run: Command) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found


def test_topics_are_listed_and_deleted_after_asking(run: Command, sns: Sns) -> None:
    sns.client("sns").create_topic(Name="other")
    assert said(run("topics")).splitlines() == ["news  (ALERT_TOPIC)", "other"]
    assert json.loads(said(run("topics", "--json"))) == [ARN, ARN.replace("news", "other")]
    refused = run("topics", "--delete", "other")
    assert (refused.exit_code, "all its subscriptions" in refused.output) == (1, True)
    assert "other is deleted" in said(run("topics", "--delete", "other", "--yes"))
    said(run("topics", "--delete", "news", "--yes"))
    assert "no topics" in said(run("topics"))


def test_a_note_goes_to_everybody_in_their_language(
    run: Command, sns: Sns, languages: Languages
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "es", "ca")}
    out = said(run("notify", "The source has moved."))
    came = {language: box.read() for language, box in boxes.items()}
    assert {language: texts[0]["Message"].split("\n")[0] for language, texts in came.items()} == {
        "en": "The source has moved.",
        "es": "es: THE SOURCE HAS MOVED.",
        "ca": "ca: THE SOURCE HAS MOVED.",
    }
    (message_id,) = {attributes(texts[0])["message_id"] for texts in came.values()}
    assert out.strip() == f"sent to topic 'news' in en, es, ca: {message_id}"
    assert all(attributes(texts[0])["kind"] == "notes" for texts in came.values())


def test_its_language_is_found_shown_and_translated_from(
    run: Command, sns: Sns, languages: Languages
) -> None:
    box = sns.mailbox("english")
    refused = run("notify", "--detect", "Hoy es un buen dia")
    assert (refused.exit_code, sns.published()) == (1, [])
    assert "this is es (75% sure)" in refused.output
    assert "en  en: HOY ES UN BUEN DIA" in refused.output
    assert "es  Hoy es un buen dia" in refused.output
    result = run("notify", "--detect", "--yes", "--json", "Hoy es un buen dia")
    answer = json.loads(result.stdout)
    assert answer["language"] == "es"
    (came,) = box.read()
    assert came["Message"].startswith("en: HOY ES UN BUEN DIA\n")
    assert attributes(came)["message_id"] == answer["id"]


def test_where_it_cannot_be_translated_the_original_goes_out_and_it_is_said(
    run: Command, sns: Sns, languages: Languages
) -> None:
    languages.refuse = (400, "AccessDeniedException", "no")
    box = sns.mailbox("catalan", "ca")
    out = said(run("notify", "The source has moved."))
    assert "warning: not translated to ca" in out
    assert "could not be translated to ca" in box.read()[0]["Message"]


def test_a_text_to_one_number_needs_no_topic(run: Command, sns: Sns) -> None:
    out = said(run("notify", "Look at the page.", "--to", "+34 600 111 222", ALERT_TOPIC=""))
    assert out == "handed over for +34600111222, as 1 SMS\n"
    long = said(run("notify", "\u00e1" * 100, "--to", "+34600111222", "--json"))
    assert json.loads(long) == {"to": "+34600111222", "parts": 2}
    assert [action["PhoneNumber"] for action in sns.published()] == ["+34600111222"] * 2


def test_a_note_that_was_sent_in_part_says_in_which_languages(
    run: Command, sns: Sns, languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl.alerts.sns import Topic

    publish = Topic.publish

    def refuse_spanish(topic: Topic, message: Any, **about: str) -> None:
        if about["language"] == "es":
            sns.refuse["Publish"] = (403, "AuthorizationError", "no")
        publish(topic, message, **about)

    monkeypatch.setattr(Topic, "publish", refuse_spanish)
    result = run("notify", "The source has moved.")
    assert "allow sns:Publish" in str(result.exception)
    assert str(result.exception).endswith("; it was sent in en")
