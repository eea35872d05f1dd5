"""SNS over HTTP on this machine: moto's server, with AWS's rules of sns_rules.py before it.

Alerts are read back from an SQS queue, which is subscribed like anybody else.
"""

import io
import json
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
from tests.support.sns_rules import Rules

ACCOUNT = "123456789012"
ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
SERVICES = ("S3", "SNS", "SQS", "STS")
REFUSED = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"""


@dataclass
class Sns:
    """The service. `actions`: the requests so far, each as the fields of its form."""

    url: str = ""
    actions: list[dict[str, str]] = field(default_factory=list)
    refuse: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    """An action -> the status, code and message that it is answered with."""
    rules: Rules = field(default_factory=Rules)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()
        use(monkeypatch, self.url)
        for service in SERVICES:
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", self.url)
        self.refuse.clear()
        self.rules = Rules()
        self.client("sns").create_topic(Name="news", Attributes={"DisplayName": "Cloud ETL"})
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
            if "Action" not in form or "sns" not in environ.get("HTTP_AUTHORIZATION", ""):
                return app(environ, start_response)
            sns.actions.append(form)
            region = environ["HTTP_AUTHORIZATION"].split("/")[2]
            if refusal := sns.refuse.get(form["Action"]) or sns.rules.refuse(form, region):
                status, code, message = refusal
                start_response(f"{status} no", [("Content-Type", "text/xml")])
                return [REFUSED.format(code=code, message=message).encode()]
            own = sns.rules.answer(form)
            if own is not None:
                start_response("200 OK", [("Content-Type", "text/xml")])
                return [own.encode()]
            return _changed(app, environ, start_response, form, sns.rules)

        return guarded

    with s3_server(around) as sns.url:
        yield sns


def _form(environ: dict[str, Any]) -> dict[str, str]:
    if "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return {}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return {name: values[0] for name, values in parse_qs(body.decode(), True).items()}


def _changed(
    app: App, environ: dict[str, Any], start_response: Any, form: dict[str, str], rules: Rules
) -> Iterable[bytes]:
    """Return moto's answer, with the subscriptions that moto does not know of."""
    began: list[Any] = []
    body = b"".join(app(environ, lambda *args: began.append(args)))
    body = rules.listing(form, body.decode()).encode()
    status, headers, *_ = began[0]
    others = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(status, [*others, ("Content-Length", str(len(body)))])
    return [body]
