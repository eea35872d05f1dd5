"""What the doctor says of the topic, its subscribers, SMS and translations."""

from collections.abc import Iterator

import pytest

from etl.alerts import subscriptions
from etl.alerts.messages import Message
from etl.alerts.sns import Topic
from etl.errors import AlertError
from etl.store.memory import MemoryStore
from etl.store.s3.setup import BucketWish
from etl.store.s3.setup.policy import worker_policy
from etl.upkeep.doctor import alerts
from etl.upkeep.doctor.finding import Finding
from tests.support.aws_like import AwsLike
from tests.support.language_server import Languages, language_server
from tests.support.runs import settings as settings_for
from tests.support.sns_server import Sns

NUMBER = "+34600111222"


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, sns: Sns) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found


def findings(topic: str = "news", translate_to: str = "es,ca") -> list[Finding]:
    chosen = settings_for("stats.json", ALERT_TOPIC=topic, TRANSLATE_TO=translate_to)
    return list(alerts.alert_findings(chosen, MemoryStore()))


def subscribe(sns: Sns) -> None:
    topic = Topic("news")
    subscriptions.subscribe(topic, "sms", NUMBER)
    for address in ("ada@example.org", "eve@example.org", "may@example.org"):
        subscriptions.subscribe(topic, "email", address)
    sns.rules.confirm("ada@example.org")
    sns.rules.confirm("eve@example.org")


def test_all_is_well_where_somebody_has_confirmed(sns: Sns, languages: Languages) -> None:
    subscribe(sns)
    sns.rules.spend_limit = "50"
    found = findings()
    assert [(finding.level, finding.what.removeprefix("the alerts: ")) for finding in found] == [
        ("ok", "topic 'news' exists"),
        ("ok", "confirmed subscribers: 2 by email, 1 by sms (1 not confirmed yet)"),
        ("ok", "SMS reach any number, since the account is not in the sandbox"),
        ("ok", "monthly spend limit of SMS: 50.00 dollars; SMS beyond it are not sent"),
        ("ok", "Translate translates to es"),
    ]
    assert languages.calls == ["TranslateText"]
    assert sns.published() == []


def test_a_topic_that_is_not_there_and_one_without_subscribers_fail(
    sns: Sns, languages: Languages
) -> None:
    (missing,) = findings("gone", "")
    assert missing.level == "failed"
    assert "topic 'gone' does not exist, so nobody gets an alert" in missing.what
    assert missing.step == "python app.py setup creates it"
    subscriptions.subscribe(Topic("news"), "email", "may@example.org")
    nobody = findings()[1]
    assert nobody.level == "failed"
    assert (
        "has no confirmed subscriber, so nobody gets an alert (1 not confirmed yet)" in nobody.what
    )
    assert "python app.py subscribe" in nobody.step
    (known,) = subscriptions.listed(Topic("news"))
    assert known.pending


def test_what_keeps_an_sms_from_arriving_is_a_warning_where_somebody_gets_sms(
    sns: Sns, languages: Languages
) -> None:
    sns.rules.sandbox = True
    assert [finding.level for finding in findings("news", "")] == ["ok", "failed", "ok", "ok"]
    subscribe(sns)
    sns.rules.opted_out.add(NUMBER)
    warnings = [finding for finding in findings() if finding.level == "warning"]
    assert [finding.what.removeprefix("the alerts: ").split(":")[0] for finding in warnings] == [
        "the account is in the SMS sandbox",
        f"{NUMBER} has opted out and gets no SMS",
        "monthly spend limit of SMS",
    ]
    assert all(finding.step for finding in warnings)
    sns.rules.spend_limit = ""
    assert "not set, which is 1 dollar for a new account" in findings()[-2].what


def test_a_refused_translation_fails_with_the_permission_that_it_needs(
    sns: Sns, languages: Languages
) -> None:
    subscribe(sns)
    languages.refuse = (400, "AccessDeniedException", "no")
    failed = findings()[-1]
    assert failed.level == "failed"
    assert "translation to es: access denied; allow translate:TranslateText" in failed.what
    assert "setup --policy" in failed.step
    languages.refuse = (400, "SubscriptionRequiredException", "no")
    assert "billing" in findings()[-1].what
    assert findings("", "es")[0].level == "failed"


@pytest.mark.parametrize(
    ("action", "findings_left"),
    [
        ("GetTopicAttributes", 5),
        ("ListSubscriptionsByTopic", 5),
        ("GetSMSSandboxAccountStatus", 5),
        ("GetSMSAttributes", 5),
        ("CheckIfPhoneNumberIsOptedOut", 6),
    ],
)
def test_a_permission_that_is_missing_is_named_and_the_rest_is_examined(
    sns: Sns, languages: Languages, action: str, findings_left: int
) -> None:
    subscribe(sns)
    sns.refuse[action] = (403, "AuthorizationError", "no")
    found = findings()
    (failed,) = [finding for finding in found if finding.level == "failed"]
    assert f"allow sns:{action}" in failed.what
    assert "setup --policy" in failed.step
    assert len(found) == findings_left


def test_a_server_that_does_not_know_the_sandbox_is_no_failure_where_nobody_gets_sms(
    sns: Sns, languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sns.rules, "answer", lambda form: None)  # moto answers with a page of HTML
    unknown = findings("news", "")[2]
    assert unknown.level == "warning"
    assert unknown.what == (
        "the alerts: SMS: the answer is not in AWS's format; check AWS_ENDPOINT_URL_SNS: "
        "the server there may not know this request"
    )


def test_sns_out_of_reach_is_one_finding(
    sns: Sns, languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:9")
    (found,) = findings("news", "")
    assert (found.level, "can't be reached" in found.what) == ("failed", True)


def test_the_policy_allows_what_an_alert_and_the_doctor_ask_for_and_no_more(
    sns: Sns, languages: Languages
) -> None:
    subscribe(sns)
    sns.actions.clear()
    assert findings()
    topic = Topic("news")
    assert topic.display_name
    topic.publish(Message("s", "s", "l"), language="en", kind="stale", message_id="1")
    used = {f"sns:{action['Action']}" for action in sns.actions}
    used |= {f"translate:{call}" for call in languages.calls}
    policy = worker_policy(BucketWish("news", "covid"), "news", translates=True)
    allowed = {
        action
        for statement in policy["Statement"]
        for action in listed(statement["Action"])
        if action.startswith(("sns:", "translate:"))
    }
    assert used == allowed


def test_the_printed_policy_is_enough_for_the_topic_and_for_no_other(
    sns: Sns, languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(sns)
    sns.client("sns").create_topic(Name="other")
    policy = worker_policy(BucketWish("news", "covid"), "news", translates=True)
    with AwsLike(sns.url) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", aws.url)
        aws.policy = policy
        assert "failed" not in [finding.level for finding in findings()]
        message = Message("s", "s", "l")
        Topic("news").publish(message, language="en", kind="stale", message_id="1")
        denied = findings("other")[0]
        assert "allow sns:GetTopicAttributes" in denied.what
        with pytest.raises(AlertError, match="allow sns:Publish"):
            Topic("other").publish(message, language="en", kind="stale", message_id="2")


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
