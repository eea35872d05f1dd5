"""`setup` with ALERT_TOPIC: the topic is made after the bucket."""

import json
from typing import Any

from tests.support.commands import Command, said
from tests.support.sns_server import ARN, Sns


def test_setup_makes_the_topic_once_after_showing_it(run: Command, sns: Sns) -> None:
    on = {"ALERT_TOPIC": "other", "S3_BUCKET": ""}
    shown = said(run("setup", "--dry-run", **on))
    assert "topic 'other': 1 change\n  + create the topic" in shown
    assert "CreateTopic" not in {action["Action"] for action in sns.actions}
    assert run("setup", **on).exit_code == 1  # nobody is here to be asked
    assert "done; next: python app.py subscribe" in said(run("setup", "--yes", **on))
    assert "topic 'other': nothing to do" in said(run("setup", **on))
    again = run("setup", "--json", **on)
    assert json.loads(again.stdout) == {"topic": {"name": "other", "made": False}}


def test_setup_makes_the_bucket_and_then_the_topic(run: Command) -> None:
    on = {"ALERT_TOPIC": "other", "S3_BUCKET": "made-now", "AWS_DEFAULT_REGION": "us-east-1"}
    out = said(run("setup", "--yes", **on))
    assert out.index("create the bucket made-now") < out.index("topic 'other': 1 change")
    answer = json.loads(run("setup", "--yes", "--json", **on).stdout)
    assert answer["topic"] == {"name": "other", "made": False}


def test_the_policy_lets_the_worker_tell_and_translate_where_it_is_to(run: Command) -> None:
    def policy(**variables: str) -> dict[str, Any]:
        result = said(run("setup", "--policy", S3_BUCKET="news", **variables))
        return {each["Sid"]: each for each in json.loads(result)["Statement"]}

    assert policy(ALERT_TOPIC="", TRANSLATE_TO="").keys() == {"CloudEtlObjects", "CloudEtlList"}
    assert "CloudEtlTranslate" in policy(ALERT_TOPIC="")  # for the page
    assert policy(TRANSLATE_TO="")["CloudEtlTell"] == {
        "Sid": "CloudEtlTell",
        "Effect": "Allow",
        "Action": ["sns:Publish", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"],
        "Resource": "arn:aws:sns:*:*:news",
    }
    named = policy(ALERT_TOPIC=ARN)
    assert named["CloudEtlTell"]["Resource"] == ARN
    assert named["CloudEtlTranslate"]["Action"] == "translate:TranslateText"
