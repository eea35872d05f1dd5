"""subscribe, subscribers, unsubscribe: as a person and a program meet them."""

import json

import pytest

from etl.errors import AlertError, ConfigError
from tests.support.commands import Command, said
from tests.support.s3_server import Answer, answering
from tests.support.sns_server import ARN, PENDING, Sns


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
