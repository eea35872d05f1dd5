"""Clients of AWS's services besides S3, and what they refuse, put for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from urllib3.exceptions import HTTPError

from etl.errors import AlertError
from etl.store.s3 import errors
from etl.store.s3.answers import OTHER_ANSWERS

# Shorter than S3's: an alert comes behind a run that is done, and is tried again.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent="cloud-etl/0.1",
)


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
    except (BotoCoreError, ClientError, HTTPError, ValueError, RecursionError) as exc:
        asked = errors.Asked(service, what, action, missing=missing)
        raise AlertError(errors.sentence(exc, asked)) from exc


def takes_issue(exc: AlertError) -> bool:
    """Whether a service took issue with what it was sent, and would with every further try: not
    with who asks or how often, and it was neither busy nor out of reach."""
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return cause is None or isinstance(cause, ParamValidationError)
    refusal = errors.Refusal.of(cause)
    return refusal.status < 500 and refusal.code not in OTHER_ANSWERS
