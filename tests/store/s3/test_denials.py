"""What a person reads when AWS denies a request and says why."""

import pytest
from botocore.exceptions import ClientError

from etl.store.s3.errors import Asked, explain, sentence

WHO = "User: arn:aws:iam::111122223333:user/etl is not authorized to perform: "
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0000"
OBJECT = 's3:PutObject on resource: "arn:aws:s3:::bucket/covid/x"'


def denied(text: str, code: str = "AccessDenied") -> str:
    response = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {}}
    exc = ClientError(response | {"ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")  # type: ignore[arg-type]
    return str(explain(exc, bucket="bucket", key="covid/x", action="s3:PutObject"))


PLAIN = "access denied: allow s3:PutObject on arn:aws:s3:::bucket/covid/x"


@pytest.mark.parametrize(
    "text",
    [
        "Access Denied",
        "",
        f"{WHO}{OBJECT} because no identity-based policy allows the s3:PutObject action",
    ],
)
def test_a_denial_that_says_no_more_than_the_action_is_left_short(text: str) -> None:
    assert denied(text) == PLAIN


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            f"{WHO}kms:GenerateDataKey on resource: {KEY} because no identity-based policy allows "
            "the kms:GenerateDataKey action",
            f"what is missing is kms:GenerateDataKey on {KEY}",
        ),
        (
            f"{WHO}{OBJECT} with an explicit deny in a service control policy",
            "a service control policy denies it: ask whoever manages the AWS organization",
        ),
        (
            f"{WHO}{OBJECT} because no service control policy allows the s3:PutObject action",
            "no service control policy allows it: ask whoever manages the AWS organization",
        ),
        (
            f"{WHO}{OBJECT} with an explicit deny in a resource-based policy",
            "a resource-based policy denies it: change the policy of the bucket",
        ),
        (
            f"{WHO}{OBJECT} with an explicit deny in an identity-based policy",
            "an identity-based policy denies it: change the policy of the user or role",
        ),
        (
            f"{WHO}{OBJECT} because no permissions boundary allows the s3:PutObject action",
            "no permissions boundary allows it: ask whoever set the boundary",
        ),
        (f"{WHO}{OBJECT} with an explicit deny", "a policy denies it explicitly"),
        ("Your account is suspended", "there is a problem with the account or its billing"),
    ],
)
def test_a_denial_keeps_aws_own_reason_and_says_what_to_change(text: str, advice: str) -> None:
    message = denied(text)
    assert message.startswith(f"{PLAIN.replace('allow ', '')} ({advice}")
    assert message.endswith(f"; AWS says AccessDenied: {text})")


def test_a_user_called_billing_has_no_billing_problem() -> None:
    text = f"{WHO}{OBJECT}".replace("user/etl", "user/billing")
    assert denied(text) == PLAIN


def test_a_code_of_its_own_is_kept() -> None:
    assert denied("not signed up", "InvalidPayer") == (
        f"{PLAIN} (AWS says InvalidPayer: not signed up)"
    )


@pytest.mark.parametrize("code", ["AccessDeniedException", "AuthorizationError"])
def test_the_other_services_denials_keep_their_reason_too(code: str) -> None:
    text = f"{WHO}kms:Decrypt on resource: {KEY}"
    exc = ClientError({"Error": {"Code": code, "Message": text}}, "Publish")
    assert sentence(exc, Asked("sns", "topic news", "sns:Publish")) == (
        "topic news: access denied; sns:Publish "
        f"(what is missing is kms:Decrypt on {KEY}; AWS says {code}: {text})"
    )
    exc = ClientError({"Error": {"Code": "SubscriptionRequiredException", "Message": "no"}}, "X")
    assert "a problem with the account or its billing" in sentence(
        exc, Asked("translate", "a text", "x:Y")
    )
