"""Whose credentials are used: where boto3 found them, and who they belong to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from etl.store.s3.client import CONFIG, on_aws
from etl.store.s3.errors import explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Places of credentials that nothing renews, by boto3's names for them.
FIXED = {
    "env": "AWS_ACCESS_KEY_ID",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
}
NO_STS = "this server has no STS"
KEY_CHARS = 16  # AWS's access keys are no shorter; the end of a shorter one would reveal it


@dataclass(frozen=True)
class Identity:
    """`place` is where boto3 found the credentials, `key_end` how the access key ends.

    `arn` is their owner (empty: unknown, for the reason `why`); `ends`: they expire, and nothing
    renews them.
    """

    place: str
    key_end: str
    arn: str
    why: str
    ends: bool


def identity(client: "S3Client", bucket: str) -> Identity:
    """Ask AWS's STS, which all credentials may do, but never with those of another server.

    Raises StoreError if there are no credentials, or AWS rejects them.
    """
    session = boto3.session.Session()
    arn = why = ""
    with explained(bucket, None, "sts:GetCallerIdentity"):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        sts = session.client("sts", region_name=client.meta.region_name, config=CONFIG)
        aws = on_aws(sts.meta.endpoint_url)
        if aws and not on_aws(client.meta.endpoint_url):
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
