"""SNS over the wire: what is published is what arrives, at those who asked for it."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from etl import PROJECT
from etl.alerts import subscriptions
from etl.alerts.messages import Message
from etl.alerts.sns import Topic
from etl.alerts.state import Event
from etl.errors import AlertError
from tests.support.alerts import ALERTS, sent
from tests.support.sns_server import ARN, Sns, attributes


def publish(event: Event, topic: Topic | None = None, language: str = "en") -> Message:
    alert = ALERTS[event]
    message = sent(alert)
    topic = topic or Topic(ARN)
    topic.publish(message, language=language, kind=alert.kind, message_id=alert.id)
    return message


# ---- what arrives


@pytest.mark.parametrize("event", list(ALERTS))
def test_each_alert_arrives_to_the_letter(sns: Sns, event: Event) -> None:
    box = sns.mailbox("ada")
    message = publish(event)
    (came,) = box.read()
    assert came["Message"] == message.long
    assert came["Subject"] == message.subject
    alert = ALERTS[event]
    assert attributes(came) == {"lang": "en", "kind": alert.kind, "message_id": alert.id}
    (action,) = sns.published()
    assert action["MessageStructure"] == "json"
    assert json.loads(action["Message"]) == {
        "default": message.long,
        "sms": message.short,
        "email": message.long,
    }


def test_who_asked_for_a_language_and_kinds_gets_those_and_no_others(sns: Sns) -> None:
    everything, in_catalan = sns.mailbox("everything"), sns.mailbox("catalan", "ca")
    failures = sns.mailbox("failures", "en", ("failures", "thresholds"))
    topic = Topic("news")
    for event in ALERTS:
        publish(event, topic)
    publish("failed", topic, "ca")
    kinds = [attributes(came)["kind"] for came in everything.read()]
    assert sorted(kinds) == sorted(alert.kind for alert in ALERTS.values())
    assert [attributes(came)["lang"] for came in in_catalan.read()] == ["ca"]
    assert {attributes(came)["kind"] for came in failures.read()} == {"failures", "thresholds"}


@contextmanager
def https_endpoint(folder: Path) -> Iterator[tuple[str, Path, list[dict[str, Any]]]]:
    """A subscriber's own server: its URL, the certificate to trust, what was posted to it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    trusted, both = folder / "trusted.pem", folder / "both.pem"
    trusted.write_bytes(certificate.public_bytes(pem))
    plain, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    both.write_bytes(key.private_bytes(pem, plain, nothing) + trusted.read_bytes())
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(both)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}/hook", trusted, posted
        server.shutdown()
        thread.join()


def test_a_url_gets_the_long_text_posted(
    sns: Sns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with https_endpoint(tmp_path) as (url, trusted, posted):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))  # moto posts by requests
        made = subscriptions.subscribe(Topic("news"), "https", url, "en", ("failures",))
        assert made.pending
        publish("failed")  # to nobody: it has not confirmed
        sns.rules.confirm(url)
        message = publish("failed")
        publish("stale")
        notifications = [body for body in posted if body["Type"] == "Notification"]
    (came,) = notifications
    assert (came["Subject"], came["Message"]) == (message.subject, message.long)
    assert came["Message"].endswith(ALERTS["failed"].id)


# ---- limits that moto does not hold, asserted on the wire by sns_server


def test_the_wire_refuses_what_amazon_refuses(sns: Sns) -> None:
    topic = Topic(ARN)
    for wrong in (
        Message("two\nlines", "short", "long"),
        Message("x" * 100, "short", "long"),
        Message("tab\t", "short", "long"),
        Message("", "short", "long"),
        Message("subject", "x" * 150, "long"),  # with "CLOUD ETL> " before it
        Message("subject", "\u044f" * 60, "long"),
    ):
        with pytest.raises(AlertError, match="Invalid parameter"):
            topic.publish(wrong, language="en", kind="notes", message_id="x")
    with pytest.raises(AlertError, match="Message too long"):
        topic.text("+34600111222", "\u00e9" * 801)
    topic.publish(
        Message("caf\u00e9", "x" * 149, "long"), language="en", kind="notes", message_id="x"
    )


def test_a_message_that_is_too_long_for_sns_is_not_sent(sns: Sns) -> None:
    with pytest.raises(AlertError, match="message x is too long for SNS: 262,144 bytes"):
        Topic("news").publish(
            Message("s", "s", "x" * 140_000), language="en", kind="notes", message_id="x"
        )
    assert sns.published() == []


def test_a_text_to_one_phone_needs_no_topic_and_is_urgent(sns: Sns) -> None:
    Topic("").text("+34600111222", "Look at the page, please.")
    (action,) = sns.published()
    assert (action["PhoneNumber"], action["Message"]) == (
        "+34600111222",
        "Look at the page, please.",
    )
    assert "TopicArn" not in action
    assert "Transactional" in action.values()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((403, "AuthorizationError", "no"), f"access denied; allow sns:Publish on {ARN}"),
        ((403, "InvalidClientTokenId", "no"), "AWS does not know this access key"),
        ((403, "SignatureDoesNotMatch", "no"), "the secret does not match the access key"),
        ((403, "SignatureDoesNotMatch", "Signature expired: now 2"), "clock is wrong"),
        ((403, "ExpiredToken", "no"), "the AWS session has expired"),
        ((400, "RequestExpired", "no"), "clock is wrong, so the server refuses it"),
        ((400, "NotAuthorized", "no"), "access denied; allow sns:Publish"),
        ((400, "Throttled", "no"), "the service is busy or failing (Throttled)"),
        ((503, "Whatever", "no"), "the service is busy or failing (Whatever)"),
        ((400, "InvalidParameter", "a reason\n of two lines"), "a reason of two lines"),
    ],
)
def test_what_sns_refuses_is_told_with_what_to_do(
    sns: Sns, answer: tuple[int, str, str], told: str
) -> None:
    sns.refuse["Publish"] = answer
    with pytest.raises(AlertError) as caught:
        publish("failed")
    assert told in str(caught.value)
    assert caught.value.__cause__
    assert len(sns.published()) == (3 if answer[0] == 503 else 1)


def test_no_server_is_one_clear_line_that_names_the_variable(
    sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://me:s3cret@127.0.0.1:9")
    with pytest.raises(AlertError, match="check the network, and AWS_ENDPOINT_URL_SNS") as caught:
        Topic(ARN).publish(Message("s", "s", "l"), language="en", kind="notes", message_id="x")
    assert "s3cret" not in str(caught.value)


def test_to_know_the_settings_needs_no_botocore() -> None:
    program = "import config, sys; print('botocore' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
