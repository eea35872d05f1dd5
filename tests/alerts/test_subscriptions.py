"""Who is subscribed: endpoints, filters, confirmation, and leaving, over the wire."""

import pytest

from etl.alerts import subscriptions
from etl.alerts.sns import Topic
from etl.alerts.subscriptions import Subscription, valid_endpoint
from etl.errors import AlertError
from tests.support.sns_server import ARN, Sns


@pytest.mark.parametrize(
    ("protocol", "given", "plain"),
    [
        ("sms", "+34600111222", "+34600111222"),
        ("sms", "+34 600 (111) 2-2.2", "+3460011122" + "2"),
        ("email", " ada.b+c@mail.example.org ", "ada.b+c@mail.example.org"),
        ("https", "https://example.org:8443/hook?a=1", "https://example.org:8443/hook?a=1"),
        ("https", "https://example.org", "https://example.org"),
    ],
)
def test_an_endpoint_is_read(protocol: str, given: str, plain: str) -> None:
    assert valid_endpoint(protocol, given) == plain


@pytest.mark.parametrize(
    ("protocol", "given", "expected"),
    [
        ("sms", "600111222", "a number with its country code"),
        ("sms", "+0600111222", "a number with its country code"),
        ("sms", "+346001112223334445", "a number with its country code"),
        ("sms", "+34600\u0661\u0661\u0661222", "a number with its country code"),
        ("email", "ada", "an address such as ada@example.org"),
        ("email", "ada@example", "an address such as ada@example.org"),
        ("email", "a da@example.org", "an address such as ada@example.org"),
        ("email", "ada@example.org,eve@example.org", "an address such as ada@example.org"),
        ("https", "http://example.org/hook", "a URL such as https://example.org/hook"),
        ("https", "https://", "a URL such as https://example.org/hook"),
        ("https", "https://me:secret@example.org/", "a URL such as https://example.org/hook"),
    ],
)
def test_an_endpoint_that_sns_would_not_reach_is_refused(
    protocol: str, given: str, expected: str
) -> None:
    with pytest.raises(ValueError, match=f"expected {expected}"):
        valid_endpoint(protocol, given)


def test_subscribing_again_changes_what_is_read_and_adds_nobody(sns: Sns) -> None:
    topic = Topic("news")
    subscriptions.subscribe(topic, "email", "ada@example.org", "en", ("failures",))
    sns.rules.confirm("ada@example.org")
    again = subscriptions.subscribe(topic, "email", "ada@example.org", "ca")
    assert list(subscriptions.described(topic)) == [
        Subscription(again.arn, "email", "ada@example.org", ("ca",), ())
    ]
    subscriptions.subscribe(topic, "sms", "+34600111222")
    assert len(subscriptions.listed(topic)) == 2
    subscriptions.unsubscribe(topic, again)
    assert [each.protocol for each in subscriptions.listed(topic) if not each.deleted] == ["sms"]


def test_who_unsubscribed_is_listed_so_and_can_subscribe_again(sns: Sns) -> None:
    topic = Topic("news")
    subscriptions.subscribe(topic, "sms", "+34600111222")
    (known,) = subscriptions.listed(topic)
    subscriptions.unsubscribe(topic, known)
    (gone,) = subscriptions.described(topic)
    assert gone == Subscription(None, "sms", "+34600111222", deleted=True)
    with pytest.raises(AlertError, match="has already unsubscribed"):
        subscriptions.unsubscribe(topic, gone)
    assert subscriptions.subscribe(topic, "sms", "+34600111222").arn
    assert [each.deleted for each in subscriptions.listed(topic)] == [False]


def test_a_confirmation_is_sent_again_only_when_that_is_asked_for(sns: Sns) -> None:
    topic = Topic("news")
    assert subscriptions.subscribe(topic, "email", "ada@example.org").pending
    with pytest.raises(AlertError, match=r"subscribe email ada@example.org --again"):
        subscriptions.subscribe(topic, "email", "ada@example.org")
    assert subscriptions.subscribe(topic, "email", "ada@example.org", again=True).pending
    assert [action["Action"] for action in sns.actions].count("Subscribe") == 2
    with pytest.raises(AlertError, match="SNS can't change --lang or --only"):
        subscriptions.subscribe(topic, "email", "ada@example.org", "ca", again=True)
    sns.rules.confirm("ada@example.org")
    assert subscriptions.subscribe(topic, "email", "ada@example.org", "ca", again=True).arn


def test_more_subscribers_than_a_page_are_all_listed(sns: Sns) -> None:
    topic = Topic("news")
    for n in range(101):
        topic.client.subscribe(TopicArn=ARN, Protocol="sms", Endpoint=f"+34600111{n:03}")
    assert len(subscriptions.listed(topic)) == 101
    assert sum(a["Action"] == "ListSubscriptionsByTopic" for a in sns.actions) == 2


@pytest.mark.parametrize("strange", ['{"lang": "en"}', '{"$or": [{"a": ["b"]}]}', '["en"]', "{"])
def test_a_filter_that_somebody_else_made_is_listed_as_far_as_it_is_ours(strange: str) -> None:
    assert subscriptions.read_filter(strange) in ({}, {"$or": [{"a": ["b"]}]})


def test_who_has_not_confirmed_cannot_be_removed_and_it_is_said_why(sns: Sns) -> None:
    topic = Topic(ARN)
    subscriptions.subscribe(topic, "email", "ada@example.org")
    (known,) = subscriptions.described(topic)
    assert known == Subscription(None, "email", "ada@example.org")
    with pytest.raises(AlertError, match=r"SNS can't remove it.* 48 hours"):
        subscriptions.unsubscribe(topic, known)
