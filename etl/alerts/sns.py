"""Amazon SNS: messages to a topic's subscribers, and a text to one phone."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

from etl.alerts import aws
from etl.alerts.messages import SENDER, Message
from etl.errors import AlertError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

MOST_BYTES = 256 * 1024  # SNS's limit for a message and its attributes
MISSING = "; create it with: python app.py setup"
NO_SMS = "is not valid to publish to"
OTHER_REGION = "AWS_ENDPOINT_URL_SNS can select another region's"
Attributes = dict[str, "MessageAttributeValueTypeDef"]


class Topic:
    """A topic, given by name or ARN. Connects on first use; every method raises AlertError."""

    def __init__(self, name_or_arn: str) -> None:
        self.named = name_or_arn

    @cached_property
    def client(self) -> "SNSClient":
        region = self.named.split(":")[3] if self.named.startswith("arn:") else None
        client: SNSClient = aws.client("sns", region)
        return client

    @cached_property
    def arn(self) -> str:
        """The topic's ARN. For a name, AWS is asked for the account, which needs no permission."""
        if self.named.startswith("arn:"):
            return self.named
        with aws.explained("sts", what="AWS", action="sts:GetCallerIdentity"):
            account = aws.client("sts").get_caller_identity()["Account"]
        meta = self.client.meta
        return f"arn:{meta.partition}:sns:{meta.region_name}:{account}:{self.named}"

    def publish(self, message: Message, *, language: str, kind: str, message_id: str) -> None:
        """Send a message to everybody who subscribed to this language and kind.

        `message_id` lets a subscriber recognise a message that arrives twice.
        """
        structure = {"default": message.long, "sms": message.short, "email": message.long}
        body = json.dumps(structure, ensure_ascii=False)
        attributes = {
            name: _text(value)
            for name, value in (("lang", language), ("kind", kind), ("message_id", message_id))
        }
        if len(body.encode()) + len(json.dumps(attributes)) > MOST_BYTES:
            raise AlertError(f"message {message_id} is too long for SNS: {MOST_BYTES:,} bytes")
        with aws.explained("sns", what=self.shown, action=self.may("Publish"), missing=MISSING):
            self.client.publish(
                TopicArn=self.arn,
                Message=body,
                MessageStructure="json",
                Subject=message.subject,
                MessageAttributes=attributes | _urgent(),
            )

    def text(self, number: str, text: str) -> None:
        """Send one SMS to a phone number (E.164), which needs no subscription."""
        try:
            with aws.explained("sns", what=number, action="sns:Publish on *"):
                self.client.publish(PhoneNumber=number, Message=text, MessageAttributes=_urgent())
        except AlertError as exc:
            if NO_SMS in str(exc):  # SNS's answer in a region without SMS, too
                raise AlertError(
                    f"{exc}; not every region sends SMS: {OTHER_REGION}"
                ) from exc.__cause__
            raise

    @cached_property
    def display_name(self) -> str:
        """The sender of e-mails, which SNS puts before each SMS.

        If it can't be found out, it is assumed to be the one that `setup` chooses.
        """
        try:
            attributes = self._attributes()
        except AlertError:
            return SENDER
        return SENDER if attributes is None else attributes.get("DisplayName", "")

    def exists(self) -> bool:
        return self._attributes() is not None

    def _attributes(self) -> dict[str, str] | None:
        """Return what SNS says of the topic; None if it does not exist. Raises AlertError."""
        try:
            with aws.explained("sns", what=self.shown, action=self.may("GetTopicAttributes")):
                return self.client.get_topic_attributes(TopicArn=self.arn)["Attributes"]
        except AlertError as exc:
            if aws.is_missing(exc):
                return None
            raise

    def ensure(self) -> bool:
        """Create the topic if it does not exist. Return whether it was created."""
        if self.exists():
            return False
        if self.named.startswith("arn:"):
            raise AlertError(
                f"{self.shown} does not exist; set ALERT_TOPIC to a name to create one"
            )
        with aws.explained("sns", what=self.shown, action=self.may("CreateTopic")):
            self.client.create_topic(Name=self.named, Attributes={"DisplayName": SENDER})
        return True

    @property
    def shown(self) -> str:
        return f"topic {self.named!r}"

    def may(self, action: str) -> str:
        return f"sns:{action} on {self.arn}"


def _text(value: str) -> "MessageAttributeValueTypeDef":
    return {"DataType": "String", "StringValue": value}


def _urgent() -> Attributes:
    """Return the attribute that makes operators deliver an SMS with priority."""
    return {"AWS.SNS.SMS.SMSType": _text("Transactional")}


def topic_arns() -> list[str]:
    """Return the ARNs of all topics in the region, sorted. Raises AlertError."""
    client = aws.client("sns")
    with aws.explained("sns", what="the topics", action="sns:ListTopics"):
        pages = client.get_paginator("list_topics").paginate()
        return sorted(item["TopicArn"] for page in pages for item in page.get("Topics", ()))


def name_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def delete(topic: Topic) -> None:
    """Delete the topic and all its subscriptions. Raises AlertError, also if it does not exist."""
    if not topic.exists():
        raise AlertError(
            f"{topic.shown} does not exist; python app.py topics lists the existing ones"
        )
    with aws.explained("sns", what=topic.shown, action=topic.may("DeleteTopic")):
        topic.client.delete_topic(TopicArn=topic.arn)
