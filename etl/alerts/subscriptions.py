"""Who reads a topic: in which language, and of which kinds of alert."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from etl.alerts import aws
from etl.alerts.sns import MISSING, Topic
from etl.errors import AlertError
from etl.settings.languages import ORIGINAL

PROTOCOLS = ("sms", "email", "https")
PENDING = "PendingConfirmation"
# Each with what is expected. RFC 5321 allows stranger addresses; SNS does not deliver to them.
ENDPOINTS = {
    "sms": (r"\+[1-9][0-9]{6,14}", "a number with its country code, such as +34600111222"),
    "email": (r"[^\s@,;<>()]{1,64}@[\w.-]{1,190}\.\w{2,63}", "an address such as ada@example.org"),
    "https": (r"https://[^\s/@]+(/\S*)?", "a URL such as https://example.org/hook"),
}


@dataclass(frozen=True)
class Subscription:
    """`languages` and `kinds` are empty where all are read; `arn` is None while it is pending."""

    arn: str | None
    protocol: str
    endpoint: str
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def valid_endpoint(protocol: str, endpoint: str) -> str:
    """The endpoint, or ValueError with what was expected."""
    plain = re.sub(r"[ ().-]", "", endpoint) if protocol == "sms" else endpoint.strip()
    pattern, expected = ENDPOINTS[protocol]
    if not re.fullmatch(pattern, plain):
        raise ValueError(f"expected {expected}, got {endpoint[:80]!r}")
    return plain


def policy(language: str, kinds: Sequence[str]) -> str:
    """SNS's filter; always by language, or each message would come once in each of them."""
    wanted: dict[str, list[str]] = {"lang": [language]}
    if kinds:
        wanted["kind"] = list(kinds)
    return json.dumps(wanted)


def subscribe(
    topic: Topic, protocol: str, endpoint: str, language: str = ORIGINAL, kinds: Sequence[str] = ()
) -> Subscription:
    """Subscribe, or change what a subscription reads. Raises AlertError.

    SNS takes no second subscription of the same endpoint with another filter; and of one that is
    not confirmed yet nothing can be changed.
    """
    wanted = Subscription(None, protocol, endpoint, (language,), tuple(kinds))
    known = next((s for s in listed(topic) if _same(s, wanted)), None)
    if known and known.arn:
        _change(topic, known.arn, "FilterPolicy", policy(language, kinds))
        return Subscription(known.arn, protocol, endpoint, (language,), tuple(kinds))
    if known:
        raise AlertError(
            f"{endpoint} was asked already and has not confirmed: follow the link that AWS sent; "
            "after 48 hours it can be asked again"
        )
    with aws.explained("sns", what=endpoint, action=topic.may("Subscribe"), missing=MISSING):
        arn = topic.client.subscribe(
            TopicArn=topic.arn,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes={"FilterPolicy": policy(language, kinds)},
        )["SubscriptionArn"]
    return Subscription(_confirmed(arn), protocol, endpoint, (language,), tuple(kinds))


def listed(topic: Topic) -> list[Subscription]:
    """Every subscription, as far as SNS shows it. Raises AlertError."""
    action = topic.may("ListSubscriptionsByTopic")
    pages = topic.client.get_paginator("list_subscriptions_by_topic")
    with aws.explained("sns", what=topic.shown, action=action, missing=MISSING):
        return [
            Subscription(_confirmed(item["SubscriptionArn"]), item["Protocol"], item["Endpoint"])
            for page in pages.paginate(TopicArn=topic.arn)
            for item in page["Subscriptions"]
        ]


def described(topic: Topic) -> Iterator[Subscription]:
    """Every subscription with what it reads, which costs a request each."""
    for known in listed(topic):
        if known.arn is None:
            yield known
            continue
        action = topic.may("GetSubscriptionAttributes")
        with aws.explained("sns", what=known.endpoint, action=action):
            found = topic.client.get_subscription_attributes(SubscriptionArn=known.arn)
        wanted = read_filter(found["Attributes"].get("FilterPolicy", ""))
        languages, kinds = (tuple(map(str, wanted.get(name, ()))) for name in ("lang", "kind"))
        yield Subscription(known.arn, known.protocol, known.endpoint, languages, kinds)


def unsubscribe(topic: Topic, subscription: Subscription) -> None:
    """Raises AlertError; a pending one can't be removed."""
    if subscription.arn is None:
        raise AlertError(
            f"{subscription.endpoint} has not confirmed yet, and SNS removes no such subscription; "
            "it gets no alerts, and is gone by itself 48 hours after it was asked"
        )
    with aws.explained("sns", what=subscription.endpoint, action=topic.may("Unsubscribe")):
        topic.client.unsubscribe(SubscriptionArn=subscription.arn)


def _change(topic: Topic, arn: str, name: str, value: str) -> None:
    with aws.explained("sns", what=arn, action=topic.may("SetSubscriptionAttributes")):
        topic.client.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName=name, AttributeValue=value
        )


def _same(one: Subscription, other: Subscription) -> bool:
    return (one.protocol, one.endpoint) == (other.protocol, other.endpoint)


def _confirmed(arn: str) -> str | None:
    return arn if arn.startswith("arn:") else None


def read_filter(text: str) -> dict[str, Any]:
    """Read the lists of a filter policy; one that somebody else wrote may be of any shape."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    lists = found.items() if isinstance(found, dict) else ()
    return {name: wanted for name, wanted in lists if isinstance(wanted, list)}
