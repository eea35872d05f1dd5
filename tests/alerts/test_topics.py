"""Topics: named or by ARN, made once, looked up, deleted."""

import pytest

from etl.alerts import sns as topics
from etl.alerts import subscriptions
from etl.alerts.messages import Message
from etl.alerts.sns import Topic
from etl.errors import AlertError
from tests.support.sns_server import ARN, Sns


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
    with pytest.raises(AlertError, match="set ALERT_TOPIC to a name to create one"):
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
