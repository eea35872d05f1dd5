"""subscribe, subscribers, unsubscribe: as a person and a program meet them."""

import json

import pytest

from etl.errors import AlertError, ConfigError
from tests.support.commands import Command, said
from tests.support.sns_server import Sns


def test_somebody_is_subscribed_listed_changed_and_unsubscribed(run: Command, sns: Sns) -> None:
    assert "no subscribers" in said(run("subscribers"))
    first = said(run("subscribe", "email", "ada@example.org"))
    assert "confirmation requested from ada@example.org: AWS sends a link" in first
    assert "not confirmed yet" in said(run("subscribers"))
    sns.rules.confirm("ada@example.org")
    said(run("subscribe", "SMS", "+34 600 111 222", "--lang", "ca", "--only", "failures,Notes"))
    listed = said(run("subscribers")).splitlines()
    assert [line.split() for line in listed] == [
        ["email", "ada@example.org", "en", "everything"],
        ["sms", "+34600111222", "ca", "failures,", "notes"],
    ]
    said(run("subscribe", "email", "ada@example.org", "--only", "stale"))
    assert "stale" in said(run("subscribers"))
    assert "is unsubscribed" in said(run("unsubscribe", "+34 600 111 222"))
    as_json = json.loads(said(run("subscribers", "--json")))
    assert [(each["endpoint"], each["confirmed"], each["kinds"]) for each in as_json] == [
        ("ada@example.org", True, ["stale"]),
        ("+34600111222", False, []),
    ]
    assert "is unsubscribed" in said(run("unsubscribe", as_json[0]["arn"]))
    listed = said(run("subscribers")).splitlines()
    assert [line.split()[2] for line in listed] == ["unsubscribed"] * 2
    assert "has already unsubscribed" in str(run("unsubscribe", "ada@example.org").exception)
    assert "confirmation requested" in said(run("subscribe", "email", "ada@example.org"))


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
    assert said(run("unsubscribe", "--all", "sms", "--yes")).count("is unsubscribed") == 2
    left = json.loads(said(run("subscribers", "--json")))
    assert [each["endpoint"] for each in left if not each["deleted"]] == ["ada@example.org"]


def test_who_has_not_confirmed_stays_and_it_is_said_why(run: Command) -> None:
    said(run("subscribe", "email", "ada@example.org"))
    assert "not confirmed yet" in said(run("subscribers"))
    for arguments in (("unsubscribe", "ada@example.org"), ("unsubscribe", "--all", "email")):
        refused = run(*arguments)
        assert isinstance(refused.exception, AlertError)
        assert "SNS can't remove it" in str(refused.exception)
    assert "--again" in str(run("subscribe", "email", "ada@example.org").exception)
    out = said(run("subscribe", "email", "ada@example.org", "--again"))
    assert "confirmation requested again from " in out


def test_a_phone_that_gets_no_sms_is_warned_about(run: Command, sns: Sns) -> None:
    sns.rules.opted_out.add("+34600111222")
    sns.rules.sandbox = True
    out = said(run("subscribe", "sms", "+34600111222"))
    assert "+34600111222 has opted out" in out
    assert "SMS sandbox" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("subscribe", "sms", "600111222"), "ENDPOINT: expected a number with its country code"),
        (("subscribe", "fax", "1"), "'fax' is not one of 'sms', 'email', 'https'"),
        (("subscribe", "email", "a@example.org", "--lang", "fr"), "alerts are sent in en, es, ca"),
        (("subscribe", "email", "a@example.org", "--only", "news"), "expected some of failures"),
        (("unsubscribe",), "name an ENDPOINT or ARN, or use --all"),
        (("unsubscribe", "a@example.org", "--all", "sms"), "name an ENDPOINT or ARN, or use --all"),
        (("notify", " "), "expected 1 to 20,000 characters"),
        (("notify", "x" * 20_001), "expected 1 to 20,000 characters"),
        (("notify", "x", "--to", "600111222"), "--to: expected a number with its country code"),
        (("notify", "x" * 1601, "--to", "+34600111222"), "1,601 bytes; SNS accepts 1,600 per SMS"),
        (("notify", "\u00e9" * 801, "--to", "+34600111222"), "1,602 bytes; SNS accepts 1,600"),
        (("notify", "x", "--subject", "a\nb"), "--subject: expected 1 to 99 characters"),
        (("notify", "x", "--subject", "x" * 100), "--subject: expected 1 to 99 characters"),
        (("notify", "x", "--subject", ""), "--subject: expected 1 to 99 characters"),
        (("notify", "x", "--subject", "y", "--to", "+34600111222"), "and --subject"),
        (("notify", "x", "--to", "+34600111222", "--detect"), "leave out --detect and --subject"),
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
    assert "eve@example.org: no such subscriber" in str(result.exception)


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
