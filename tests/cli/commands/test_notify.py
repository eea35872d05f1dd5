"""notify: as a person and a program meet it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from etl.alerts import subscriptions
from etl.alerts.sns import Topic
from etl.errors import AlertError
from tests.support.commands import Command, said
from tests.support.language_server import Languages, language_server
from tests.support.sns_server import Sns, attributes


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, run: Command) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found


def test_a_note_goes_to_everybody_in_their_language(
    run: Command, sns: Sns, languages: Languages
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "es", "ca")}
    out = said(run("notify", "The source has moved.", "--yes"))
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
    out = said(run("notify", "The source has moved.", "--yes"))
    assert "warning: not translated to ca" in out
    assert "could not be translated to ca" in box.read()[0]["Message"]


def test_a_text_to_one_number_needs_no_topic(run: Command, sns: Sns) -> None:
    out = said(
        run("notify", "Look at the page.", "--to", "+34 600 111 222", "--yes", ALERT_TOPIC="")
    )
    assert out == "sent to SNS for +34600111222, as 1 SMS\n"
    long = said(run("notify", "\u00e1" * 100, "--to", "+34600111222", "--json", "--yes"))
    assert json.loads(long) == {"to": "+34600111222", "parts": 2}
    assert [action["PhoneNumber"] for action in sns.published()] == ["+34600111222"] * 2


def test_a_region_that_sends_no_sms_says_so(run: Command, sns: Sns) -> None:
    sns.rules.sends_sms = False
    result = run("notify", "Look at the page.", "--to", "+34600111222", "--yes")
    assert "not every region sends SMS: AWS_ENDPOINT_URL_SNS can select" in str(result.exception)


def test_a_note_that_was_sent_in_part_says_in_which_languages(
    run: Command, sns: Sns, languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Topic.publish

    def refuse_spanish(topic: Topic, message: Any, **about: str) -> None:
        if about["language"] == "es":
            sns.refuse["Publish"] = (403, "AuthorizationError", "no")
        publish(topic, message, **about)

    monkeypatch.setattr(Topic, "publish", refuse_spanish)
    sns.mailbox("english")
    result = run("notify", "The source has moved.", "--yes")
    assert "allow sns:Publish" in str(result.exception)
    assert str(result.exception).endswith("; it was sent in en")


# ---- whom it goes to, and what it asks before


def subscribed(sns: Sns, *numbers: str, kinds: tuple[str, ...] = ()) -> None:
    for number in numbers:
        subscriptions.subscribe(Topic("news"), "sms", number, "en", kinds)


def test_it_says_who_gets_it_and_sends_nothing_unless_somebody_agrees(
    run: Command, sns: Sns, languages: Languages
) -> None:
    subscribed(sns, "+34600111222")
    subscribed(sns, "+34600111223", kinds=("failures",))  # gets no notes
    subscriptions.subscribe(Topic("news"), "email", "ada@example.org")
    subscriptions.subscribe(Topic("news"), "email", "eve@example.org")  # has not confirmed
    sns.rules.confirm("ada@example.org")
    refused = run("notify", "The source has moved.")
    assert refused.exit_code == 1
    assert "there is no terminal to ask: Send this to 2 people, 1 of them by SMS?" in refused.output
    assert sns.published() == []
    assert "sent to topic 'news'" in said(run("notify", "The source has moved.", "--yes"))
    refused = run("notify", "Look at the page.", "--to", "+34600111222")
    assert "Send this to +34600111222, as 1 SMS? Use --yes" in refused.output
    assert len(sns.published()) == 3


def test_where_nobody_is_subscribed_nothing_is_sent(run: Command, sns: Sns) -> None:
    subscribed(sns, "+34600111223", kinds=("failures",))
    subscriptions.subscribe(Topic("news"), "email", "eve@example.org")
    result = run("notify", "The source has moved.", "--yes")
    assert isinstance(result.exception, AlertError)
    assert str(result.exception).startswith("nobody gets this: topic 'news' has no confirmed")
    missing = run("notify", "The source has moved.", "--yes", ALERT_TOPIC="gone")
    assert "topic 'gone' does not exist; create it with" in str(missing.exception)
    assert sns.published() == []


def test_who_may_not_see_the_subscribers_can_send_all_the_same(
    run: Command, sns: Sns, languages: Languages
) -> None:
    sns.refuse["ListSubscriptionsByTopic"] = (403, "AuthorizationError", "no")
    result = run("notify", "The source has moved.")
    assert "warning: can't tell who gets this: topic 'news': access denied" in result.output
    assert "Send this to all subscribers?" in result.output
    said(run("notify", "The source has moved.", "--yes"))
    assert len(sns.published()) == 3


def test_what_is_too_long_for_one_sms_is_shown_as_it_will_arrive(
    run: Command, sns: Sns, languages: Languages
) -> None:
    subscribed(sns, "+34600111222")
    out = said(run("notify", "x" * 149, "--yes"))
    assert "shortened" not in out
    out = said(run("notify", "x" * 150, "--yes"))
    assert f"for SMS it is shortened to: {'x' * 146}..." in out


def test_what_publish_never_says_is_asked_before(
    run: Command, sns: Sns, languages: Languages
) -> None:
    subscribed(sns, "+34600111222", "+34600111223")
    sns.rules.sandbox = True
    sns.rules.opted_out.add("+34600111223")
    for arguments in (("The source has moved.",), ("Look.", "--to", "+34600111223")):
        out = said(run("notify", *arguments, "--yes"))
        assert "warning: the account is in the SMS sandbox: only verified numbers" in out
        assert "warning: +34600111223 has opted out and gets no SMS" in out
        assert "+34600111222 has opted out" not in out
    sns.refuse["GetSMSSandboxAccountStatus"] = (403, "AuthorizationError", "no")
    out = said(run("notify", "Look.", "--to", "+34600111223", "--yes"))
    assert "allow sns:GetSMSSandboxAccountStatus on *" in out


def test_its_subject_may_have_any_characters_and_is_translated(
    run: Command, sns: Sns, languages: Languages
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "ca")}
    said(run("notify", "The source has moved.", "--subject", "Año nuevo \u6570", "--yes"))
    assert [box.read()[0]["Subject"] for box in boxes.values()] == [
        "Año nuevo \u6570",
        "ca: AÑO NUEVO \u6570",
    ]


def test_a_service_that_the_region_lacks_is_named_so(
    run: Command, sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    sns.mailbox("english")
    monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSLATE", "http://127.0.0.1:9")
    out = said(run("notify", "The source has moved.", "--yes"))
    assert "not every region has this service: AWS_ENDPOINT_URL_TRANSLATE can" in out
    failed = run("notify", "--detect", "Hoy es un buen dia", "--yes")
    assert "not every region has this service: AWS_ENDPOINT_URL_COMPREHEND" in str(failed.exception)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:9")
    failed = run("notify", "The source has moved.", "--yes")
    assert "not every region has this service: AWS_ENDPOINT_URL_SNS" in str(failed.exception)
