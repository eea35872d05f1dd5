"""subscribe, subscribers, unsubscribe, topics, notify: as a person and a program meet them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from config import REGISTER
from etl.cli import main
from etl.errors import AlertError, ConfigError
from tests.alerts.test_sns import PENDING
from tests.support.language_server import Languages, language_server
from tests.support.s3_server import Answer, answering
from tests.support.sns_server import ARN, Sns, attributes

Command = Callable[..., Result]


@pytest.fixture
def run(sns: Sns, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Command:
    """A command without a process of its own; what it says, and how it ends."""
    monkeypatch.chdir(tmp_path)
    for setting in REGISTER:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("ALERT_TOPIC", "news")
    monkeypatch.setenv("TRANSLATE_TO", "es,ca")

    def invoke(*arguments: str, **variables: str) -> Result:
        return CliRunner().invoke(main.cli, arguments, env=variables)

    return invoke


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, run: Command) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


# ---- subscribers


def test_somebody_is_subscribed_listed_changed_and_unsubscribed(run: Command) -> None:
    assert "nobody is told" in said(run("subscribers"))
    first = said(run("subscribe", "email", "ada@example.org"))
    assert "is told of everything in en" in first
    said(run("subscribe", "sms", "+34 600 111 222", "--lang", "ca", "--only", "failures,Notes"))
    listed = said(run("subscribers")).splitlines()
    assert [line.split() for line in listed] == [
        ["email", "ada@example.org", "en", "everything"],
        ["sms", "+34600111222", "ca", "failures,", "notes"],
    ]
    said(run("subscribe", "email", "ada@example.org", "--only", "stale"))
    assert "stale" in said(run("subscribers"))
    assert "is told no more" in said(run("unsubscribe", "+34 600 111 222"))
    as_json = json.loads(said(run("subscribers", "--json")))
    assert [(each["endpoint"], each["confirmed"], each["kinds"]) for each in as_json] == [
        ("ada@example.org", True, ["stale"])
    ]
    assert "is told no more" in said(run("unsubscribe", as_json[0]["arn"]))
    assert json.loads(said(run("subscribers", "--json"))) == []


def test_a_filter_is_kept_by_sns_and_not_by_us(run: Command, sns: Sns) -> None:
    said(run("subscribe", "email", "ada@example.org", "--only", "failures,thresholds"))
    (action,) = [action for action in sns.actions if action["Action"] == "Subscribe"]
    assert action["Attributes.entry.1.key"] == "FilterPolicy"
    assert json.loads(action["Attributes.entry.1.value"]) == {
        "lang": ["en"],
        "kind": ["failures", "thresholds"],
    }


def test_all_of_one_way_are_unsubscribed_after_asking(run: Command) -> None:
    for number in ("+34600111222", "+34600111223"):
        said(run("subscribe", "sms", number))
    said(run("subscribe", "email", "ada@example.org"))
    refused = run("unsubscribe", "--all", "sms")
    assert refused.exit_code == 1
    assert "Unsubscribe 2 by sms?" in refused.output
    assert said(run("unsubscribe", "--all", "sms", "--yes")).count("is told no more") == 2
    assert len(json.loads(said(run("subscribers", "--json")))) == 1


def test_who_has_not_confirmed_stays_and_it_is_said_why(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(answer: Answer) -> None:
        answer.reply(200, PENDING.format(arn=ARN))

    with answering(reply) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", url)
        assert "not confirmed yet" in said(run("subscribers"))
        for arguments in (("unsubscribe", "ada@example.org"), ("unsubscribe", "--all", "email")):
            refused = run(*arguments)
            assert isinstance(refused.exception, AlertError)
            assert "SNS removes no such subscription" in str(refused.exception)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("subscribe", "sms", "600111222"), "ENDPOINT: expected a number with its country code"),
        (("subscribe", "fax", "1"), "'fax' is not one of 'sms', 'email', 'https'"),
        (("subscribe", "email", "a@example.org", "--lang", "fr"), "alerts go out in en, es, ca"),
        (("subscribe", "email", "a@example.org", "--only", "news"), "expected some of failures"),
        (("unsubscribe",), "name an ENDPOINT or ARN, or say --all"),
        (("unsubscribe", "a@example.org", "--all", "sms"), "name an ENDPOINT or ARN, or say --all"),
        (("notify", " "), "expected 1 to 20,000 characters"),
        (("notify", "x" * 20_001), "expected 1 to 20,000 characters"),
        (("notify", "x", "--to", "600111222"), "--to: expected a number with its country code"),
        (("notify", "x" * 1601, "--to", "+34600111222"), "an SMS has at most 1,600 characters"),
        (("notify", "x", "--to", "+34600111222", "--detect"), "leave --detect out"),
    ],
)
def test_wrong_usage_is_named_and_nothing_is_sent(
    run: Command, sns: Sns, arguments: tuple[str, ...], told: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert sns.actions == []


def test_nobody_of_that_name_is_said(run: Command) -> None:
    result = run("unsubscribe", "eve@example.org")
    assert "eve@example.org: nobody of that name is told" in str(result.exception)


@pytest.mark.parametrize(
    "arguments", [("subscribe", "email", "a@example.org"), ("subscribers",), ("notify", "x")]
)
def test_without_a_topic_it_says_which_setting_makes_one(
    run: Command, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments, ALERT_TOPIC="")
    assert isinstance(result.exception, ConfigError)
    assert "ALERT_TOPIC: not set" in str(result.exception)
    assert "python app.py setup" in str(result.exception)


# ---- topics


def test_topics_are_listed_and_deleted_after_asking(run: Command, sns: Sns) -> None:
    sns.client("sns").create_topic(Name="other")
    assert said(run("topics")).splitlines() == ["news  (ALERT_TOPIC)", "other"]
    assert json.loads(said(run("topics", "--json"))) == [ARN, ARN.replace("news", "other")]
    refused = run("topics", "--delete", "other")
    assert (refused.exit_code, "all its subscriptions" in refused.output) == (1, True)
    assert "other is deleted" in said(run("topics", "--delete", "other", "--yes"))
    said(run("topics", "--delete", "news", "--yes"))
    assert "no topics" in said(run("topics"))


# ---- notes


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


# ---- setup


def test_setup_makes_the_topic_once_after_showing_it(run: Command, sns: Sns) -> None:
    on = {"ALERT_TOPIC": "other", "S3_BUCKET": ""}
    shown = said(run("setup", "--dry-run", **on))
    assert "topic 'other': 1 change\n  + make the topic" in shown
    assert "CreateTopic" not in {action["Action"] for action in sns.actions}
    assert run("setup", **on).exit_code == 1  # nobody is here to be asked
    assert "done: next, python app.py subscribe" in said(run("setup", "--yes", **on))
    assert "topic 'other': nothing to do" in said(run("setup", **on))
    again = run("setup", "--json", **on)
    assert json.loads(again.stdout) == {"topic": {"name": "other", "made": False}}


def test_setup_makes_the_bucket_and_then_the_topic(run: Command) -> None:
    on = {"ALERT_TOPIC": "other", "S3_BUCKET": "made-now", "AWS_DEFAULT_REGION": "us-east-1"}
    out = said(run("setup", "--yes", **on))
    assert out.index("make the bucket made-now") < out.index("topic 'other': 1 change")
    answer = json.loads(run("setup", "--yes", "--json", **on).stdout)
    assert answer["topic"] == {"name": "other", "made": False}


def test_the_policy_lets_the_worker_tell_and_translate_where_it_is_to(run: Command) -> None:
    def policy(**variables: str) -> dict[str, Any]:
        result = said(run("setup", "--policy", S3_BUCKET="news", **variables))
        return {each["Sid"]: each for each in json.loads(result)["Statement"]}

    assert policy(ALERT_TOPIC="", TRANSLATE_TO="").keys() == {"CloudEtlObjects", "CloudEtlList"}
    assert "CloudEtlTranslate" in policy(ALERT_TOPIC="")  # for the page
    assert policy(TRANSLATE_TO="")["CloudEtlTell"] == {
        "Sid": "CloudEtlTell",
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Resource": "arn:aws:sns:*:*:news",
    }
    named = policy(ALERT_TOPIC=ARN)
    assert named["CloudEtlTell"]["Resource"] == ARN
    assert named["CloudEtlTranslate"]["Action"] == "translate:TranslateText"
