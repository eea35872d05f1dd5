"""Whose credentials are at work?"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from etl.store.s3.errors import explained
from etl.store.s3.store import CONFIG, S3Store

# Where credentials are that nobody renews, by boto3's name of the place.
FIXED = {
    "env": "AWS_ACCESS_KEY_ID",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
}
NO_STS = "this server has no STS"
KEY_CHARS = 16  # of AWS's access keys, at least; the end of a shorter one would give it away


@dataclass(frozen=True)
class Identity:
    """`place` is where boto3 found the credentials, `key_end` how the access key ends.

    `arn` is who they are of (empty: nobody could tell, `why`), `ends` says whether they expire
    with nothing to renew them.
    """

    place: str
    key_end: str
    arn: str
    why: str
    ends: bool


def identity(store: S3Store) -> Identity:
    """Ask AWS's STS, which any credentials may; never with those of another server.

    Raises StoreError where there are no credentials, or AWS does not take them.
    """
    session = boto3.session.Session()
    arn = why = ""
    with explained(store.bucket, None, "sts:GetCallerIdentity"):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        sts = session.client("sts", region_name=store.client.meta.region_name, config=CONFIG)
        aws = on_aws(sts.meta.endpoint_url)
        if aws and not on_aws(store.client.meta.endpoint_url):
            why = NO_STS
        else:
            try:
                arn = sts.get_caller_identity()["Arn"]
            except (NoConnection, HTTPClientError):
                why = "STS can't be reached"
            except (ClientError, ResponseParserError):
                if aws:
                    raise
                why = NO_STS
    key, method = frozen.access_key or "", credentials.method
    ends = method in FIXED and bool(frozen.token)
    end = key[-4:] if len(key) >= KEY_CHARS else ""
    return Identity(FIXED.get(method, method), end, arn, why, ends)


def addressing(bucket: str, url: str) -> Literal["virtual", "auto"]:
    """How a bucket at an endpoint is best addressed by others.

    By default boto3 gives the world's address, which for some hours only redirects to a region's; a
    certificate covers no further dots.
    """
    return "virtual" if on_aws(url) and "." not in bucket else "auto"


def on_aws(url: str) -> bool:
    """Whether an endpoint is AWS's own."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
