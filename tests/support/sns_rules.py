"""What Amazon documents about SNS and moto leaves out: limits, confirmation, opting out.

An e-mail address or a URL is pending until it is confirmed; before, moto does not know of it. A
subscription that was removed is listed for a while as deleted, even beside a new one. Publish says
nothing about the sandbox or a number that has opted out: it accepts the message and drops it.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

Form = dict[str, str]
Refusal = tuple[int, str, str]
Place = tuple[str, str, str]  # topic, protocol, endpoint
CONFIRMS = {"email", "email-json", "http", "https"}
MOST_BYTES, SMS_BYTES = 256 * 1024, 1600
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
EXTENDED = set("^{}\\[~]|€")
NAME = r"[A-Za-z0-9_-]{1,256}"
TOPIC = rf"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{{12}}:{NAME}(\.fifo)?"
MEMBER = (
    "<member><SubscriptionArn>{}</SubscriptionArn><Owner>1</Owner><Protocol>{}</Protocol>"
    "<Endpoint>{}</Endpoint><TopicArn>{}</TopicArn></member>"
)
ANSWER = "<{0}Response><{0}Result>{1}</{0}Result></{0}Response>"


def backend(arn: str) -> Any:
    """Return moto's own state of a topic's region."""
    from moto.sns.models import sns_backends  # slow to import

    _, _, _, region, account, _ = arn.split(":")
    return sns_backends[account][region]


@dataclass
class Rules:
    """The state that moto does not keep. `spend_limit` is of SMS, in dollars a month.

    `sends_sms`: the region does.
    """

    sandbox: bool = False
    opted_out: set[str] = field(default_factory=set)
    spend_limit: str = "1"
    sends_sms: bool = True
    pending: dict[Place, Form] = field(default_factory=dict)
    deleted: list[Place] = field(default_factory=list)

    def answer(self, form: Form) -> str | None:
        """Return the answer to what moto does not know or does otherwise; None: ask moto."""
        match form["Action"]:
            case "GetSMSSandboxAccountStatus":
                fields = f"<IsInSandbox>{str(self.sandbox).lower()}</IsInSandbox>"
            case "CheckIfPhoneNumberIsOptedOut":
                out = str(form["phoneNumber"] in self.opted_out).lower()
                fields = f"<isOptedOut>{out}</isOptedOut>"
            case "GetSMSAttributes":
                entry = f"<key>MonthlySpendLimit</key><value>{self.spend_limit}</value>"
                fields = f"<attributes><entry>{entry}</entry></attributes>" * bool(self.spend_limit)
            case "Subscribe" if form["Protocol"] in CONFIRMS and not _known(form):
                self.pending[_place(form)] = form
                fields = "<SubscriptionArn>pending confirmation</SubscriptionArn>"
            case _:
                return None
        return ANSWER.format(form["Action"], fields)

    def refuse(self, form: Form, region: str) -> Refusal | None:
        """Return the error for a request signed for a region that AWS refuses, not moto."""
        fault = {
            "Publish": _of_message,
            "CreateTopic": _of_name,
            "Subscribe": self._of_subscription,
            "Unsubscribe": self._of_leaving,
        }.get(form["Action"], _nothing)(form)
        topic = form.get("TopicArn", "")
        if not fault and topic and not (re.fullmatch(TOPIC, topic) and f":{region}:" in topic):
            fault = "TopicArn"
        if "PhoneNumber" in form and not self.sends_sms:
            fault = f"PhoneNumber Reason: {form['PhoneNumber']} is not valid to publish to"
        return (400, "InvalidParameter", f"Invalid parameter: {fault}") if fault else None

    def listing(self, form: Form, body: str) -> str:
        """Add the pending and the deleted subscriptions to moto's list."""
        if form["Action"] != "ListSubscriptionsByTopic" or "NextToken" in form:
            return body
        rows = [("PendingConfirmation", place) for place in self.pending]
        rows += [("Deleted", place) for place in self.deleted]
        more = "".join(
            MEMBER.format(state, protocol, escape(endpoint), topic)
            for state, (topic, protocol, endpoint) in rows
            if topic == form["TopicArn"]
        )
        return re.sub("<Subscriptions ?/>", "<Subscriptions></Subscriptions>", body).replace(
            "</Subscriptions>", f"{more}</Subscriptions>"
        )

    def confirm(self, endpoint: str) -> None:
        """Do what happens when somebody follows the link that AWS sent."""
        (place,) = [place for place in self.pending if place[2] == endpoint]
        form = self.pending.pop(place)
        moto = backend(place[0])
        made = moto.subscribe(place[0], endpoint, place[1])
        if policy := _filter(form):
            moto.set_subscription_attributes(made.arn, "FilterPolicy", policy)

    def _of_subscription(self, form: Form) -> str:
        known = _known(form)
        had = known.attributes.get("FilterPolicy", "") if known else None
        if waits := self.pending.get(_place(form)):
            had = _filter(waits)
        if had is not None and had != _filter(form):
            return "Attributes Reason: Subscription already exists with different attributes"
        return ""

    def _of_leaving(self, form: Form) -> str:
        moto = backend(form["SubscriptionArn"].rpartition(":")[0]) if "arn:" in str(form) else None
        known = moto and moto.subscriptions.get(form["SubscriptionArn"])
        if moto is None:
            return "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"
        if known:
            self.deleted.append((known.topic.arn, known.protocol, known.endpoint))
        return ""


def _nothing(form: Form) -> str:
    return ""


def _place(form: Form) -> Place:
    return form["TopicArn"], form["Protocol"], form["Endpoint"]


def _filter(form: Form) -> str:
    named = "Attributes.entry.1.key"
    return form["Attributes.entry.1.value"] if form.get(named) == "FilterPolicy" else ""


def _known(form: Form) -> Any:
    topic, protocol, endpoint = _place(form)
    return backend(topic)._find_subscription(topic, endpoint, protocol)


def _of_name(form: Form) -> str:
    return "" if re.fullmatch(NAME, form["Name"]) else "Topic Name"


def _of_message(form: Form) -> str:
    subject, message = form.get("Subject", "-"), form["Message"]
    if not 0 < len(subject) < 100 or any(ord(char) < 32 or ord(char) == 127 for char in subject):
        return "Subject"
    size = sum(len(v.encode()) for name, v in form.items() if name.startswith("MessageAttr"))
    if not message or size + len(message.encode()) > MOST_BYTES:
        return "Message too long"
    if "PhoneNumber" in form:
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", form["PhoneNumber"]):
            return "PhoneNumber"
        return "" if len(message.encode()) <= SMS_BYTES else "Message too long"
    if form.get("MessageStructure") != "json":
        return ""
    texts = json.loads(message)
    return _of_sms(form["TopicArn"], texts["sms"]) if "default" in texts else "no default"


def _of_sms(topic: str, text: str) -> str:
    """Refuse what is more than one SMS as it arrives, after the topic's display name and "> ".

    AWS would send several; the project promises one, or several with a link at the end.
    """
    known = backend(topic).topics.get(topic)
    prefix = f"{known.display_name.upper()}> " if known and known.display_name else ""
    arrives = prefix + text
    if len(arrives.encode()) > SMS_BYTES:
        return "SMS too long"
    one = re.sub(r" https?://\S+$", "", arrives)
    if set(one) <= GSM:
        return "" if len(one) + sum(char in EXTENDED for char in one) <= 160 else "SMS too long"
    return "" if len(one.encode("utf-16-le")) <= 140 else "SMS too long"
