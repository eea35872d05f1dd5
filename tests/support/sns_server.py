"""SNS over HTTP on this machine: moto's server, and the limits that it does not enforce.

Alerts are read back from an SQS queue, which is subscribed like anybody else.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
import requests

from etl.alerts.subscriptions import policy
from tests.support.s3_server import App, s3_server, use

ACCOUNT = "123456789012"
ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
# subscriptions of the topic `arn`; one is not confirmed yet
PENDING = """<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions>
<member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Protocol>email</Protocol>
<Endpoint>ada@example.org</Endpoint><TopicArn>{arn}</TopicArn><Owner>1</Owner></member>
</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"""
SERVICES = ("S3", "SNS", "SQS", "STS")
REFUSED = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"""
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass
class Sns:
    """The service. `actions`: the requests so far, each as the fields of its form."""

    url: str = ""
    actions: list[dict[str, str]] = field(default_factory=list)
    refuse: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    """An action -> the status, code and message that it is answered with."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()
        use(monkeypatch, self.url)
        for service in SERVICES:
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", self.url)
        self.refuse.clear()
        self.client("sns").create_topic(Name="news")
        self.client("s3").create_bucket(Bucket="news")
        self.actions.clear()

    def client(self, service: str) -> Any:
        """Return a plain boto3 client, shared by all tests, since making one takes time."""
        if service not in self._clients:
            self._clients[service] = boto3.client(service)  # type: ignore[call-overload]
        return self._clients[service]

    def published(self) -> list[dict[str, str]]:
        return [action for action in self.actions if action["Action"] == "Publish"]

    def mailbox(self, name: str, language: str = "en", kinds: tuple[str, ...] = ()) -> "Mailbox":
        """Subscribe somebody to `news` in a language, to some kinds of alert or to all."""
        box = Mailbox(self.client("sqs"), name)
        self.client("sns").subscribe(
            TopicArn=ARN,
            Protocol="sqs",
            Endpoint=box.arn,
            Attributes={"FilterPolicy": policy(language, kinds)},
        )
        return box


class Mailbox:
    def __init__(self, sqs: Any, name: str) -> None:
        self._sqs = sqs
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def read(self) -> list[dict[str, Any]]:
        """Return SNS's new notifications, in the order in which they arrived."""
        found: list[dict[str, Any]] = []
        while came := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in came:
                found.append(json.loads(message["Body"]))
                handle = message["ReceiptHandle"]
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
        return found


def attributes(notification: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that the project set, as plain text."""
    found = notification["MessageAttributes"].items()
    return {name: about["Value"] for name, about in found if not name.startswith("AWS.")}


@contextmanager
def sns_server() -> Iterator[Sns]:
    sns = Sns()

    def around(app: App) -> App:
        def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            form = _form(environ)
            if "Action" in form and "sns" in environ.get("HTTP_AUTHORIZATION", ""):
                sns.actions.append(form)
                answer = sns.refuse.get(form["Action"]) or _limits(form)
                if answer:
                    status, code, message = answer
                    start_response(f"{status} no", [("Content-Type", "text/xml")])
                    return [REFUSED.format(code=code, message=message).encode()]
            return app(environ, start_response)

        return guarded

    with s3_server(around) as sns.url:
        yield sns


def _form(environ: dict[str, Any]) -> dict[str, str]:
    if "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return {}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return {name: values[0] for name, values in parse_qs(body.decode(), True).items()}


def _limits(form: dict[str, str]) -> tuple[int, str, str] | None:
    """Return the error for a request that breaks Amazon's documented limits, or None."""
    if form["Action"] != "Publish":
        return None
    faults = []
    subject, message = form.get("Subject", "-"), form["Message"]
    if not re.fullmatch(r"[A-Za-z0-9!-/:-@\[-`{-~][ -~]{0,98}", subject):
        faults.append("Subject")
    if len(message.encode()) > 256 * 1024:
        faults.append("Message too long")
    if form.get("MessageStructure") == "json":
        texts = json.loads(message)
        # the project sends one SMS, or several with a link at the end: 1,600 characters in all
        short = re.sub(r" https?://\S+$", "", texts["sms"]) if len(texts["sms"]) <= 1600 else ""
        faults += [] if "default" in texts else ["no default"]
    else:
        short = message
    most = 1600 if "PhoneNumber" in form else 160 if set(short) <= GSM else 70
    if not 0 < len(short) <= most:
        faults.append("SMS")
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", form.get("PhoneNumber", "+34600111222")):
        faults.append("PhoneNumber")
    return (400, "InvalidParameter", f"Invalid parameter: {faults}") if faults else None
