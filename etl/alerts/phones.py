"""What keeps an SMS from arriving: the sandbox, numbers that have opted out, the spend limit.

SNS accepts such a message without an error and drops it, so these have to be looked up. They hold
for the whole account in the topic's region.
"""

from collections.abc import Iterable, Iterator

from etl.alerts import aws
from etl.alerts.sns import Topic
from etl.errors import AlertError

SANDBOX = "the account is in the SMS sandbox: only verified numbers get an SMS"
VERIFY = "verify the numbers in the SNS console, or ask there to leave the sandbox"


def in_sandbox(topic: Topic) -> bool:
    """Return whether SMS only reach verified numbers, as in a new account. Raises AlertError."""
    with aws.explained("sns", what="SMS", action="sns:GetSMSSandboxAccountStatus on *"):
        return topic.client.get_sms_sandbox_account_status()["IsInSandbox"]


def has_opted_out(topic: Topic, number: str) -> bool:
    """Return whether the owner of a number has refused all SMS. Raises AlertError."""
    action = "sns:CheckIfPhoneNumberIsOptedOut on *"
    with aws.explained("sns", what=number, action=action):
        answer = topic.client.check_if_phone_number_is_opted_out(phoneNumber=number)
    return bool(answer.get("isOptedOut"))


def monthly_limit(topic: Topic) -> float | None:
    """Return what the account may spend on SMS in a month, in dollars; None if nothing is set.

    Raises AlertError.
    """
    name = "MonthlySpendLimit"
    with aws.explained("sns", what="SMS", action="sns:GetSMSAttributes on *"):
        answer = topic.client.get_sms_attributes(attributes=[name])
        limit = answer.get("attributes", {}).get(name)
        return None if limit is None else float(limit)


def doubts(topic: Topic, numbers: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each reason why SMS to these numbers may not arrive."""
    numbers = list(numbers)
    if not numbers:
        return
    try:
        if in_sandbox(topic):
            yield f"{SANDBOX}; {VERIFY}"
        for number in numbers:
            if has_opted_out(topic, number):
                yield f"{number} has opted out and gets no SMS; only its owner can undo that"
    except AlertError as exc:
        yield f"can't tell whether SMS arrive: {exc}"
