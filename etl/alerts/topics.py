"""The account's topics."""

from etl.alerts import aws
from etl.alerts.sns import Topic
from etl.errors import AlertError


def topic_arns() -> list[str]:
    """Of every topic in the region, by name. Raises AlertError."""
    client = aws.client("sns")
    with aws.explained("sns", what="the topics", action="sns:ListTopics"):
        pages = client.get_paginator("list_topics").paginate()
        return sorted(item["TopicArn"] for page in pages for item in page.get("Topics", ()))


def name_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def delete(topic: Topic) -> None:
    """With all its subscriptions. Raises AlertError, also where there is none."""
    if not topic.exists():
        raise AlertError(f"{topic.shown} does not exist; python app.py topics lists those that do")
    with aws.explained("sns", what=topic.shown, action=topic.may("DeleteTopic")):
        topic.client.delete_topic(TopicArn=topic.arn)
