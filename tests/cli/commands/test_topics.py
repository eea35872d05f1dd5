"""topics: as a person and a program meet it."""

import json

from tests.support.commands import Command, said
from tests.support.sns_server import ARN, Sns


def test_topics_are_listed_and_deleted_after_asking(run: Command, sns: Sns) -> None:
    sns.client("sns").create_topic(Name="other")
    assert said(run("topics")).splitlines() == ["news  (ALERT_TOPIC)", "other"]
    assert json.loads(said(run("topics", "--json"))) == [ARN, ARN.replace("news", "other")]
    refused = run("topics", "--delete", "other")
    assert (refused.exit_code, "all its subscriptions" in refused.output) == (1, True)
    assert "other is deleted" in said(run("topics", "--delete", "other", "--yes"))
    said(run("topics", "--delete", "news", "--yes"))
    assert "no topics" in said(run("topics"))


def test_what_is_no_topic_is_refused_before_anything_is_asked(run: Command, sns: Sns) -> None:
    for name in ("arn:foo", "arn:aws:sns:eu-west-1", "my topic", ""):
        result = run("topics", "--delete", name, "--yes")
        assert result.exit_code == 2
        assert "expected a topic's name" in " ".join(result.output.split())
    assert sns.actions == []


def test_a_fifo_topic_of_somebody_else_s_work_can_be_deleted(run: Command, sns: Sns) -> None:
    result = run("topics", "--delete", "orders.fifo", "--yes")
    assert "topic 'orders.fifo' does not exist" in str(result.exception)
