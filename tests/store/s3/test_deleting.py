"""Many deletions with one request, on servers that can do that and on others."""

import pytest

from etl.errors import StoreError
from tests.support.s3_server import Answer, answering, s3_error
from tests.support.scripted_s3 import Connect, Scripted

REFUSED = (
    '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Error><Key>covid/b</Key>'
    "<Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>"
)


def test_a_request_takes_a_thousand_keys(connect: Connect) -> None:
    asked = []

    def reply(answer: Answer) -> None:
        asked.append(f"{answer.command} {answer.path.partition('?')[2]}")
        answer.reply(200, "<DeleteResult/>")

    with answering(reply) as endpoint:
        connect(endpoint).delete_all(f"runs/a/{n}" for n in range(2001))
    assert asked == ["POST delete"] * 3


def test_a_server_that_can_delete_one_object_at_a_time_is_asked_for_each(connect: Connect) -> None:
    asked = []

    def reply(answer: Answer) -> None:
        asked.append(answer.command)
        if answer.command == "POST":
            s3_error(501, "NotImplemented")(answer)
        else:
            answer.reply(204)

    with answering(reply) as endpoint:
        connect(endpoint).delete_all(f"runs/a/{n}" for n in range(1001))
    assert (asked.count("POST"), asked.count("DELETE")) == (1, 1001)


def test_an_object_that_may_not_be_deleted_is_named(scripted: Scripted) -> None:
    scripted.reply = lambda answer: answer.reply(200, REFUSED)
    with pytest.raises(StoreError, match=r"allow s3:DeleteObject on arn:aws:s3:::bucket/covid/b"):
        scripted.store.delete_all(["a", "b"])
