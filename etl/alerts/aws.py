"""Clients for the AWS services other than S3, and their errors in plain words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from etl.errors import AlertError
from etl.store.s3 import errors
from etl.store.s3.answers import ANSWERS

# Shorter than S3's: alerts are sent after the run's real work, and a failed one is retried later.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent="cloud-etl/0.1",
)
# What Comprehend, Translate and Rekognition answer to a text or picture that they can't use; their
# models add "Exception" to each.
CONTENT_FAULTS = {
    *("InvalidRequest", "InvalidParameter", "TextSizeLimitExceeded", "UnsupportedLanguage"),
    *("UnsupportedLanguagePair", "DetectedLanguageLowConfidence", "InvalidImageFormat"),
    "ImageTooLarge",
}

# If a region lacks a service, the name of its endpoint can't be resolved.
LACKING = "; not every region has this service: AWS_ENDPOINT_URL_{} can select another region's"


def client(service: str, region: str | None = None) -> Any:
    """Return a boto3 client without sending anything. Raises AlertError.

    If AWS_ENDPOINT_URL_... points to another AWS region, requests are signed for that region.
    """
    with explained(service, what=service, action=""):
        session = boto3.session.Session()
        made = session.client(service, region_name=region, config=CONFIG)  # type: ignore[call-overload]
        endpoint = re.match(
            rf"https://{service}\.([a-z0-9-]+)\.amazonaws\.com", made.meta.endpoint_url
        )
        if endpoint and endpoint[1] != made.meta.region_name:
            made = session.client(service, region_name=endpoint[1], config=CONFIG)  # type: ignore[call-overload]
        return made


@contextmanager
def explained(service: str, *, what: str, action: str, missing: str = "") -> Iterator[None]:
    """Turn what botocore raises into an AlertError about `what`, keeping the cause.

    `action` is the IAM action, such as "sns:Publish"; `missing` says what to do if `what` does not
    exist.
    """
    try:
        yield
    except errors.RAISED as exc:
        asked = errors.Asked(service, what, action, missing=missing)
        text = errors.sentence(exc, asked)
        if isinstance(exc, EndpointConnectionError):
            text += LACKING.format(service.upper())
        raise AlertError(text) from exc


def is_missing(exc: AlertError) -> bool:
    """Return whether what was asked about does not exist."""
    cause = exc.__cause__
    return isinstance(cause, ClientError) and errors.Refusal.of(cause).code.startswith("NotFound")


def rejects_content(exc: AlertError) -> bool:
    """Return whether the service rejected the text or picture itself, so that a retry is useless.

    False for anything else: a problem of the account or the network, or a code not known here.
    """
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return cause is None or isinstance(cause, ParamValidationError)
    return errors.Refusal.of(cause).code.removesuffix("Exception") in CONTENT_FAULTS


def refuses_all(exc: AlertError) -> bool:
    """Return whether the next request would fail too: a problem of the account or the service."""
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return True
    refusal = errors.Refusal.of(cause)
    return refusal.status >= 500 or refusal.code in ANSWERS
