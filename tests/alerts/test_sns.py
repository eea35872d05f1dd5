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
from etl.alerts import sns as topics
from etl.alerts import subscriptions
from etl.alerts.messages import Message
from etl.alerts.sns import Topic
from etl.alerts.state import Event
from etl.alerts.subscriptions import Subscription, valid_endpoint
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


# ---- topics


def test_the_display_name_is_looked_up_and_otherwise_that_of_setup(sns: Sns) -> None:
    assert Topic("news").display_name == "Cloud ETL"
    sns.client("sns").create_topic(Name="bare")
    assert Topic("bare").display_name == ""
    assert Topic("gone").display_name == "Cloud ETL"
    sns.refuse["GetTopicAttributes"] = (403, "AuthorizationError", "no")
    assert Topic("bare").display_name == "Cloud ETL"


def test_a_topic_is_named_or_an_arn(sns: Sns) -> None:
    assert Topic("news").arn == ARN
    other = "arn:aws:sns:eu-west-1:123456789012:news"
    assert Topic(other).arn == other
    assert Topic(other).client.meta.region_name == "eu-west-1"


def test_a_topic_is_made_once(sns: Sns) -> None:
    assert Topic("other").ensure()
    assert not Topic("other").ensure()
    assert topics.topic_arns() == [ARN, ARN.replace("news", "other")]
    made = Topic("other").client.get_topic_attributes(TopicArn=ARN.replace("news", "other"))
    assert made["Attributes"]["DisplayName"] == "Cloud ETL"


def test_an_arn_that_leads_nowhere_is_no_name_to_make_a_topic_of(sns: Sns) -> None:
    with pytest.raises(AlertError, match="set ALERT_TOPIC to a name to make one"):
        Topic(ARN.replace("news", "gone")).ensure()


def test_a_topic_that_is_not_there_is_said_with_the_command_that_makes_it(sns: Sns) -> None:
    with pytest.raises(
        AlertError, match=r"topic 'gone' does not exist; create it with: python app.py setup"
    ):
        Topic("gone").publish(Message("s", "s", "l"), language="en", kind="notes", message_id="x")
    with pytest.raises(AlertError, match=r"python app.py setup"):
        subscriptions.subscribe(Topic("gone"), "email", "ada@example.org")


def test_a_topic_is_deleted_with_its_subscriptions(sns: Sns) -> None:
    topics.delete(Topic("news"))
    assert topics.topic_arns() == []
    with pytest.raises(AlertError, match=r"does not exist; python app.py topics lists"):
        topics.delete(Topic("news"))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((403, "AuthorizationError", "no"), f"access denied; allow sns:Publish on {ARN}"),
        ((403, "InvalidClientTokenId", "no"), "AWS does not know this access key"),
        ((403, "SignatureDoesNotMatch", "no"), "the secret does not fit the access key"),
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


# ---- subscribers


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
    with pytest.raises(AlertError, match="has unsubscribed already"):
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
    with pytest.raises(AlertError, match="asked with another --lang or --only"):
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
    with pytest.raises(AlertError, match=r"removes no such subscription.* 48 hours"):
        subscriptions.unsubscribe(topic, known)


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
