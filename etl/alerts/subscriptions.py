"""The subscribers of a topic, their languages and the kinds of alert they get."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from etl.alerts import aws
from etl.alerts.sns import MISSING, Topic
from etl.errors import AlertError
from etl.settings.languages import ORIGINAL

DELETED = "Deleted"  # SNS's text in place of the ARN
DIFFERENT = "already exists with different attributes"
# A pattern and what to expect, for errors. RFC 5321 allows more addresses than SNS delivers to.
ENDPOINTS = {
    "sms": (r"\+[1-9][0-9]{6,14}", "a number with its country code, such as +34600111222"),
    "email": (r"[^\s@,;<>()]{1,64}@[\w.-]{1,190}\.\w{2,63}", "an address such as ada@example.org"),
    "https": (r"https://[^\s/@]+(/\S*)?", "a URL such as https://example.org/hook"),
}


@dataclass(frozen=True)
class Subscription:
    """A subscription: empty `languages` or `kinds` mean all.

    `arn` is None while it is pending, and if it is `deleted`: SNS lists it for a while after
    somebody has unsubscribed.
    """

    arn: str | None
    protocol: str
    endpoint: str
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    deleted: bool = False

    @property
    def pending(self) -> bool:
        return self.arn is None and not self.deleted

    def gets(self, kind: str, languages: Sequence[str]) -> bool:
        """Return whether it gets a message of this kind that goes out in these languages."""
        return (
            self.arn is not None
            and (not self.kinds or kind in self.kinds)
            and (not self.languages or not set(self.languages).isdisjoint(languages))
        )


def valid_endpoint(protocol: str, endpoint: str) -> str:
    """Return the endpoint in normal form. Raises ValueError, which says what was expected."""
    plain = re.sub(r"[ ().-]", "", endpoint) if protocol == "sms" else endpoint.strip()
    pattern, expected = ENDPOINTS[protocol]
    if not re.fullmatch(pattern, plain):
        raise ValueError(f"expected {expected}, got {endpoint[:80]!r}")
    return plain


def policy(language: str, kinds: Sequence[str]) -> str:
    """Return the SNS filter policy as JSON.

    It always names a language, or a subscriber would get each message in every language.
    """
    wanted: dict[str, list[str]] = {"lang": [language]}
    if kinds:
        wanted["kind"] = list(kinds)
    return json.dumps(wanted)


def subscribe(
    topic: Topic,
    protocol: str,
    endpoint: str,
    language: str = ORIGINAL,
    kinds: Sequence[str] = (),
    *,
    again: bool = False,
) -> Subscription:
    """Subscribe, or change the filter of an existing subscription. Raises AlertError.

    SNS refuses a second subscription of an endpoint with another filter, and does not let an
    unconfirmed one be changed. `again` makes SNS send the confirmation of a pending one again.
    """
    wanted = Subscription(None, protocol, endpoint, (language,), tuple(kinds))
    known = next((s for s in listed(topic) if _same(s, wanted) and not s.deleted), None)
    if known and known.arn:
        _change(topic, known.arn, "FilterPolicy", policy(language, kinds))
        return Subscription(known.arn, protocol, endpoint, (language,), tuple(kinds))
    if known and not again:
        raise AlertError(
            f"{endpoint} has not confirmed yet: open the link that AWS sent, or send it again: "
            f"python app.py subscribe {protocol} {endpoint} --again"
        )
    try:
        arn = _ask(topic, wanted, policy(language, kinds))
    except AlertError as exc:
        if known and DIFFERENT in str(exc):
            raise AlertError(
                f"{endpoint} has not confirmed yet, and SNS can't change --lang or --only until "
                "then: use the same options again, or wait 48 hours"
            ) from exc
        raise
    return replace(wanted, arn=_confirmed(arn))


def _ask(topic: Topic, wanted: Subscription, filter_policy: str) -> str:
    """Request a subscription; return its ARN, or other text if it has to be confirmed."""
    action = topic.may("Subscribe")
    with aws.explained("sns", what=wanted.endpoint, action=action, missing=MISSING):
        return topic.client.subscribe(
            TopicArn=topic.arn,
            Protocol=wanted.protocol,
            Endpoint=wanted.endpoint,
            Attributes={"FilterPolicy": filter_policy},
        )["SubscriptionArn"]


def listed(topic: Topic) -> list[Subscription]:
    """Return all subscriptions, without their languages and kinds. Raises AlertError.

    A deleted one is left out if its endpoint has subscribed again.
    """
    action = topic.may("ListSubscriptionsByTopic")
    pages = topic.client.get_paginator("list_subscriptions_by_topic")
    with aws.explained("sns", what=topic.shown, action=action, missing=MISSING):
        found = [
            Subscription(
                _confirmed(item["SubscriptionArn"]),
                item["Protocol"],
                item["Endpoint"],
                deleted=item["SubscriptionArn"] == DELETED,
            )
            for page in pages.paginate(TopicArn=topic.arn)
            for item in page["Subscriptions"]
        ]
    in_force = {(each.protocol, each.endpoint) for each in found if not each.deleted}
    gone = {(s.protocol, s.endpoint): s for s in found if s.deleted}
    return [each for each in found if not each.deleted] + [
        each for place, each in gone.items() if place not in in_force
    ]


def described(topic: Topic) -> Iterator[Subscription]:
    """Yield all subscriptions with languages and kinds, at one request each. Raises AlertError."""
    for known in listed(topic):
        if known.arn is None:
            yield known
            continue
        action = topic.may("GetSubscriptionAttributes")
        with aws.explained("sns", what=known.endpoint, action=action):
            found = topic.client.get_subscription_attributes(SubscriptionArn=known.arn)
        wanted = read_filter(found["Attributes"].get("FilterPolicy", ""))
        languages, kinds = (tuple(map(str, wanted.get(name, ()))) for name in ("lang", "kind"))
        yield replace(known, languages=languages, kinds=kinds)


def audience(topic: Topic, kind: str, languages: Sequence[str]) -> list[Subscription]:
    """Return the subscriptions that get messages of a kind, sent in these languages.

    Takes one request per subscription. Raises AlertError.
    """
    return [each for each in described(topic) if each.gets(kind, languages)]


def unsubscribe(topic: Topic, subscription: Subscription) -> None:
    """Remove a subscription. Raises AlertError, also if it is pending: SNS can't remove those."""
    if subscription.deleted:
        raise AlertError(f"{subscription.endpoint} has already unsubscribed")
    if subscription.arn is None:
        raise AlertError(
            f"{subscription.endpoint} has not confirmed yet, and SNS can't remove it until then; "
            "it gets no alerts, and SNS deletes it 48 hours after it was added"
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
    """Return the lists in a filter policy, skipping anything else: others may have written it."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    lists = found.items() if isinstance(found, dict) else ()
    return {name: wanted for name, wanted in lists if isinstance(wanted, list)}
