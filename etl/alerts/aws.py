"""Clients of AWS's services besides S3, and what they refuse, put for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from urllib3.exceptions import HTTPError

from etl.errors import AlertError, one_line
from etl.store.s3 import errors

# Shorter than S3's: an alert comes behind a run that is done, and is tried again.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent="cloud-etl/0.1",
)
DENIED = "{what}: access denied; allow {action}"
BUSY = "{what}: the service is busy or failing ({code}); it passes: try again in some minutes"
KEY = errors.ANSWERS["InvalidAccessKeyId"]
SECRET = errors.ANSWERS["SignatureDoesNotMatch"]
SANDBOX = (
    "{what}: refused ({text}); while the account is in the SMS sandbox, verify the number first in "
    "the SNS console"
)
ANSWERS = {
    **dict.fromkeys(("NotFound", "NotFoundException"), "{what} does not exist{missing}"),
    **dict.fromkeys(("AuthorizationError", "AuthorizationErrorException"), DENIED),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException"), DENIED),
    **dict.fromkeys(("InvalidClientTokenId", "UnrecognizedClientException"), KEY),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException"), SECRET),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException"), errors.EXPIRED),
    **dict.fromkeys(("Throttling", "ThrottlingException", "Throttled"), BUSY),
    **dict.fromkeys(("TooManyRequestsException", "ServiceUnavailableException"), BUSY),
    **dict.fromkeys(("ProvisionedThroughputExceededException", "LimitExceededException"), BUSY),
    **dict.fromkeys(("InternalError", "InternalErrorException", "InternalServerException"), BUSY),
    **dict.fromkeys(("OptedOut", "OptedOutException"), "{what} wants no SMS: it has opted out"),
    **dict.fromkeys(("UserError", "UserErrorException"), SANDBOX),
}


def client(service: str, region: str | None = None) -> Any:
    """A boto3 client; nothing is sent yet. Raises AlertError.

    Where AWS_ENDPOINT_URL_... leads to another region of AWS's, it signs for that one.
    """
    with explained(service, what=service, action=""):
        session = boto3.session.Session()
        made = session.client(service, region_name=region, config=CONFIG)  # type: ignore[call-overload]
        there = re.match(
            rf"https://{service}\.([a-z0-9-]+)\.amazonaws\.com", made.meta.endpoint_url
        )
        if there and there[1] != made.meta.region_name:
            made = session.client(service, region_name=there[1], config=CONFIG)  # type: ignore[call-overload]
        return made


@contextmanager
def explained(service: str, *, what: str, action: str, missing: str = "") -> Iterator[None]:
    """Turn what botocore raises into an AlertError about `what`, the cause kept.

    `action` is IAM's name, "sns:Publish"; `missing` says what to do where it does not exist.
    """
    try:
        yield
    except ClientError as exc:
        error: dict[str, Any] = {**exc.response.get("Error", {})}
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(error.get("Code", ""))
        text = ANSWERS.get(code) or (BUSY if status >= 500 else "{what}: {code}: {text}")
        facts = {"code": code, "text": one_line(str(error.get("Message", "")), 300)}
        told = text.format(what=what, action=action, missing=missing, **facts)
        raise AlertError(told) from exc
    except (BotoCoreError, HTTPError, ValueError, RecursionError) as exc:
        text = str(errors.explain(exc, bucket=what, key=None, action=action))
        endpoint = f"AWS_ENDPOINT_URL_{service.upper()}"
        text = text.replace("s3://", "").replace("AWS_ENDPOINT_URL_S3", endpoint)
        raise AlertError(text) from exc


def takes_issue(exc: AlertError) -> bool:
    """Whether a service took issue with what it was sent, and would with every further try: not
    with who asks or how often, and it was neither busy nor out of reach."""
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return cause is None or isinstance(cause, ParamValidationError)
    response: dict[str, Any] = {**cause.response}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status < 500 and response.get("Error", {}).get("Code") not in ANSWERS
